"""What people answer reaches the hub, whenever it can be reached; and several receivers are as one."""

import json
import re
import signal
from contextlib import ExitStack
from pathlib import Path

import pytest

from agent.mqtt_io import Client
from agent.nouns import Instant
from agent.transport.envelope import FIRST, SEVERITIES, Envelope, seal, topic
from agent.transport.keys_io import signer
from centre.centre_io import LAG_MS
from centre.incidents import Answer
from centre.receiver import MISSING_MS, SILENT_MS
from centre.store_io import now
from tests.brokers import ROOT, Authority, Mosquitto, Process, centre_process, until
from tests.desk_maker import CENTRE, OPERATOR, Desk


def test_a_hub_learns_that_a_person_has_it_and_what_came_of_it(desk: Desk) -> None:
    hub = desk.hub()
    seq = hub.say()
    hub.holds(seq, "received")
    desk.command("ack", "hub-7/1-1", "--by", OPERATOR)
    hub.holds(seq, "human")
    desk.command("ack", "1-1", "--by", OPERATOR, "--outcome", "false", "--reason", "asleep")
    receipt = hub.holds(seq, "outcome")
    assert (receipt.verdict, receipt.reason) == ("false", "asleep")
    until(lambda: desk.answers.is_heard("hub-7", "1-1"), "the file to say that the hub was told")
    assert "closed already" in desk.command("ack", "hub-7/1-1", "--by", OPERATOR, status=2)
    deeds = [(line.who.split(" ")[0], line.what) for line in desk.store.audit_of("hub-7", "1-1")]
    assert deeds == [(OPERATOR, "took it"), (OPERATOR, "closed it: false alarm (asleep or resting)")]
    assert json.loads(desk.command("verify"))["audit"] == "as it was written"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["hub-7/1-9", "--by", OPERATOR], "no such incident"),
        (["1-9", "--by", OPERATOR], "no open incident"),
        (["1-1", "--by", OPERATOR], "more than one hub has it"),
        (["hub-7/1-1", "--by", "ines\x1b[2J"], "a name is"),
        (["hub-7/1-1", "--by", OPERATOR, "--outcome", "false"], "--reason"),
        (["../../etc", "--by", OPERATOR], "no such incident"),
    ],
)
def test_an_answer_that_makes_no_sense_gets_one_clear_line(desk: Desk, words: list[str], why: str) -> None:
    for name in ("hub-7", "hub-8"):
        hub = desk.hub(name)
        hub.holds(hub.say(), "received")
    said = desk.command("ack", *words, status=2)
    assert why in said
    assert len(said.splitlines()) == 1
    assert "\x1b" not in said


def test_a_hub_that_was_away_is_told_when_it_is_back(desk: Desk) -> None:
    hub = desk.hub()
    seq = hub.say()
    hub.holds(seq, "received")
    hub.gone()
    until(lambda: desk.store.all_gone(), "the Will to be written down")
    desk.answers.give("hub-7", "1-1", Answer("human", OPERATOR, now()), "a test")
    assert not desk.answers.is_heard("hub-7", "1-1")
    hub.back()
    hub.holds(seq, "human")
    until(lambda: desk.answers.is_heard("hub-7", "1-1"), "the file to say that the hub was told")
    assert [event["event"] for event in desk.receivers[0].events("gone")] == ["gone"]
    until(lambda: desk.receivers[0].events("back"), "the receiver to say that it is back")


def test_what_a_hub_was_told_just_before_its_line_broke_is_told_again(desk: Desk) -> None:
    hub = desk.hub()
    seq = hub.say()
    hub.holds(seq, "received")
    desk.answers.give("hub-7", "1-1", Answer("human", OPERATOR, now()), "a test")
    until(lambda: desk.answers.is_heard("hub-7", "1-1"), "the answer to be sent")
    hub.gone()
    until(lambda: desk.store.all_gone(), "the Will to be written down")
    hub.receipts.clear()
    hub.back()
    hub.holds(seq, "human")


def test_a_hub_that_asks_again_hears_all_the_answers_again(desk: Desk) -> None:
    hub = desk.hub()
    seq = hub.say()
    hub.holds(seq, "received")
    desk.command("ack", "hub-7/1-1", "--by", OPERATOR, "--outcome", "true")
    hub.holds(seq, "outcome")
    until(lambda: desk.answers.is_heard("hub-7", "1-1"), "the answer to be sent")
    hub.receipts.clear()
    hub.send(seq)
    hub.holds(seq, "received")
    hub.holds(seq, "outcome")


def test_who_presses_again_after_the_outcome_is_on_the_list_again(desk: Desk) -> None:
    hub = desk.hub()
    hub.holds(hub.say("sos"), "received")
    desk.command("ack", "hub-7/1-1", "--by", OPERATOR, "--outcome", "false", "--reason", "asleep")
    assert desk.command("watch", "--once", "--json") == ""
    hub.holds(hub.say("sos", state="updated", id="1-1"), "received")
    (told,) = map(json.loads, desk.command("watch", "--once", "--json").splitlines())
    assert (told["incident"], told["state"], told["by"]) == ("hub-7/1-1", "open", None)
    assert told["before"] == f"{OPERATOR}: false alarm (asleep or resting)"
    seen = desk.command("watch", "--once")
    assert "Open again" in seen
    assert "closed by ines.k: false alarm (asleep or resting)" in seen
    assert desk.store.audit_of("hub-7", "1-1")[-1].what.startswith("open again: the hub said more")
    desk.command("ack", "hub-7/1-1", "--by", OPERATOR)
    assert [one.state for one in desk.store.incidents()] == ["taken"]


def test_a_test_call_is_received_and_cancelled_by_the_receiver_itself(desk: Desk) -> None:
    hub = desk.hub()
    seq = hub.say("test_call", severity="info", test=True)
    hub.holds(seq, "received")
    hub.holds(seq, "cancelled-test")
    assert not desk.store.incidents()


def test_two_receivers_lose_nothing_and_keep_and_tell_nothing_twice(desk: Desk) -> None:
    desk.receivers[0].send(signal.SIGKILL)
    del desk.receivers[:]
    pair = [desk.receive(f"receiver-{number}", "--shared") for number in (1, 2)]
    hubs = [desk.hub(f"hub-{number}") for number in range(4)]
    for _ in range(25):
        for hub in hubs:
            hub.say(severity="high")
    hubs[0].gone()
    for hub in hubs[1:]:
        for seq in hub.sealed:
            hub.holds(seq, "received")
    until(lambda: sum(len(one.events("alert")) for one in pair) >= 100, "all alerts to be told")
    events = [(event["hub"], event["seq"]) for receiver in pair for event in receiver.events("alert")]
    assert len(events) == len(set(events)) == 100
    assert all(receiver.events("alert") for receiver in pair), "each of the two has a share of the work"
    until(lambda: sum(len(one.events("gone")) for one in pair), "the Will to be told")
    hubs[0].back()
    until(lambda: sum(len(one.events("back")) for one in pair), "the return to be told")
    assert [sum(len(one.events(what)) for one in pair) for what in ("gone", "back", "missing")] == [1, 1, 0]
    assert desk.store.count_open() == 100


def test_a_receiver_that_is_killed_in_a_flood_loses_nothing(desk: Desk) -> None:
    hub = desk.hub()
    for _ in range(40):
        hub.say(severity="high")
        hub.turn()
    desk.receivers.pop().send(signal.SIGKILL)
    again = desk.receive("hearthwatch-centre")
    for seq in hub.sealed:
        if not any(one.seq == seq for one in hub.receipts):
            hub.send(seq)  # as a hub does that has no receipt
        hub.holds(seq, "received")
    assert desk.store.count_open() == 40
    assert not again.events("missing")


def test_a_hub_that_came_back_while_nobody_listened_is_back_with_its_next_word(desk: Desk) -> None:
    hub = desk.hub()
    hub.holds(hub.say(), "received")
    hub.gone()
    until(lambda: desk.store.all_gone(), "the Will to be written down")
    desk.receivers.pop().send(signal.SIGKILL)
    hub.back()
    again = desk.receive("hearthwatch-centre")
    desk.answers.give("hub-7", "1-1", Answer("human", OPERATOR, now()), "a test")
    hub.holds(1, "human")
    assert not again.events("back"), "that no Will stands is no sign of life: a broker forgets Wills"
    with desk.store.writing():  # as if it had gone a while ago
        desk.store.change("UPDATE hub SET gone_ms=gone_ms-?", LAG_MS)
    hub.holds(hub.say(), "received")
    until(lambda: again.events("back"), "the receiver to see that it lives")
    assert not desk.store.all_gone()


def test_a_hub_without_its_daily_proof_of_life_is_told_once(desk: Desk) -> None:
    hub = desk.hub()
    hub.holds(hub.say("test_call", severity="info", test=True), "cancelled-test")
    hub.holds(hub.say("leak", severity="medium"), "received")
    at = now()
    assert desk.store.silent(Instant(at + SILENT_MS - 60_000)) == []
    assert desk.store.silent(Instant(at + SILENT_MS)) == ["hub-7"]
    assert desk.store.silent(Instant(at + SILENT_MS)) == []
    assert "hub-7" in desk.store.all_silent()
    hub.holds(hub.say("test_call", severity="info", test=True), "cancelled-test")
    assert not desk.store.all_silent()


def test_a_hole_is_told_by_one_of_two_receivers(desk: Desk) -> None:
    hub = desk.hub()
    hub.holds(hub.say(), "received")
    hub.holds(hub.say(seq=5), "received")
    late = Instant(now() + MISSING_MS)
    assert [(name, hole.first, hole.last) for name, _, hole in desk.store.missing(late)] == [("hub-7", 2, 4)]
    assert desk.store.missing(late) == []


def test_an_operator_at_the_terminal_sees_what_is_open_and_a_program_reads_it(desk: Desk) -> None:
    hub = desk.hub()
    for kind, severity in (("leak", "medium"), ("sos", "critical"), ("not_up", "high")):
        hub.holds(hub.say(kind, severity=severity), "received")
    seen = desk.command("watch", "--once")
    heads = [line.split("  ")[0] for line in seen.splitlines() if line.split("  ")[0].lower() in SEVERITIES]
    assert heads == ["CRITICAL", "HIGH", "MEDIUM"]
    assert "SOS, bathroom  hub-7/1-2  waiting" in seen
    lines = [json.loads(line) for line in desk.command("watch", "--once", "--json").splitlines()]
    assert [(line["incident"], line["state"]) for line in lines] == [
        ("hub-7/1-2", "open"), ("hub-7/1-3", "open"), ("hub-7/1-1", "open")
    ]  # fmt: skip


def test_a_program_hears_of_each_change_of_an_incident(desk: Desk) -> None:
    hub = desk.hub()
    seq = hub.say()
    hub.holds(seq, "received")
    with Process(CENTRE, "watch", "--json", "--state", desk.state) as watching:
        until(lambda: len(watching.lines) == 1, "the open incident")
        desk.command("ack", "hub-7/1-1", "--by", OPERATOR)
        until(lambda: len(watching.lines) == 2, "the taken incident")
        desk.command("ack", "hub-7/1-1", "--by", OPERATOR, "--outcome", "visitor")
        until(lambda: len(watching.lines) == 3, "the closed incident")
        assert [json.loads(line)["state"] for line in watching.lines] == ["open", "taken", "closed"]


def test_a_will_that_the_broker_kept_is_told_once_however_often_it_is_heard(desk: Desk) -> None:
    hub = desk.hub()
    hub.gone()
    until(lambda: desk.receivers[0].events("gone"), "the Will")
    second = desk.receive("receiver-2")
    assert until(lambda: desk.store.all_gone(), "the file").keys() == {"hub-7"}
    assert not second.events("gone")


def test_operators_are_kept_from_the_command_line(desk: Desk) -> None:
    assert "a password has" in desk.command("operator", "add", "j.doe", status=2, typed="short\n")
    assert "j.doe may log in" in desk.command("operator", "add", "j.doe", typed="nine-blue-kettles\n")
    assert desk.command("operator", "list").splitlines() == [OPERATOR, "j.doe"]
    desk.command("operator", "remove", "j.doe")
    assert "no such operator" in desk.command("operator", "remove", "j.doe", status=2)


def test_receivers_share_the_work_under_the_rules_that_a_centres_broker_has(tmp_path: Path) -> None:
    acl = re.sub("^# (user|topic)", r"\1", (ROOT / "deploy" / "hubs.acl").read_text(), flags=re.MULTILINE)
    sign = signer(str(tmp_path / "hub-7.key"))
    (tmp_path / "hubs").mkdir()
    (tmp_path / "hub-7.pub").rename(tmp_path / "hubs" / "hub-7.pub")
    signer(str(tmp_path / "centre.key"))
    with ExitStack() as ends:
        broker = ends.enter_context(Mosquitto(tmp_path, Authority(tmp_path / "tls"), acl=acl))
        pair = [
            ends.enter_context(centre_process(broker.client(name), tmp_path, "--shared", "--client-id", name))
            for name in ("centre", "centre2")
        ]
        for one in pair:
            until(lambda: any("online" in line for line in one.errors), f"both to listen: {one.errors}")  # noqa: B023
        receipts: list[bytes] = []
        hub = Client(
            broker.client("hub-7"), "hub-7", lambda topic, payload, retained: receipts.append(payload),
            lambda up, reason: None, subscriptions=[topic("hub-7", "receipt")],
        )  # fmt: skip
        ends.callback(hub.close)
        until(lambda: hub.turn(0.01) or hub.up, "the hub to be connected")
        for seq in range(1, 11):
            said = Envelope(
                "hub-7", 1, seq, f"1-{seq}", "leak", "raised", "medium", None, now(), now(), "synced",
                1, 1, False, FIRST,
            )  # fmt: skip
            hub.publish(topic("hub-7", "alert"), seal(said, sign))
        until(lambda: hub.turn(0.01) or len(receipts) == 10, "ten receipts")
        until(lambda: sum(len(one.events("alert")) for one in pair) == 10, "ten alerts")
        assert all(one.events("alert") for one in pair)


def test_a_hub_that_was_taken_out_is_no_longer_expected(desk: Desk) -> None:
    hubs = desk.folder / "hubs"
    for name in ("hub-7", "hub-8"):
        desk.hub(name).gone()
    until(lambda: len(desk.store.all_gone()) == 2, "both Wills to be written down")
    (hubs / "hub-8.pub").unlink()
    desk.receive("receiver-2")
    assert desk.store.all_gone().keys() == {"hub-7"}
    assert desk.store.ask("SELECT what FROM audit WHERE hub='hub-8'")[-1] == ("no longer expected: it has no key here",)
    desk.store.expect(set(), now())
    assert desk.store.all_gone().keys() == {"hub-7"}, "a folder that cannot be seen is not a reason to forget"
