"""More than one way to a centre: what goes on the second, and whose receipt counts where."""

from pathlib import Path

from agent.transport.door_io import knock
from agent.transport.envelope import Receipt, digest, seal_receipt
from agent.transport.keys_io import signer
from agent.transport.uplink_io import uplink_door
from tests.brokers import Mosquitto, Process, centre_process, until
from tests.hub_maker import Tap
from tests.whole_hub import NAME, WholeHub, upstream


def folders(tmp_path: Path, *names: str) -> list[Path]:
    made = [tmp_path / name for name in names]
    for folder in made:
        folder.mkdir()
    return made


def escalate(hub: WholeHub, epoch: int, seq: int) -> None:
    """What watch does with an alert that nobody answered in time."""
    hub.outbox.escalate(epoch, seq, 2)
    knock(uplink_door(str(hub.state), 2))


def test_with_the_first_centre_dead_an_escalated_alert_reaches_the_second_and_later_the_first(tmp_path: Path) -> None:
    first, second = folders(tmp_path, "first", "second")
    for centre in (first, second):
        signer(str(centre / "centre.key"))
    with Mosquitto(first) as one, Mosquitto(second) as two, centre_process(two.client("centre"), second) as there:
        one.kill()
        ways = upstream(one.client("hub"), first / "centre.pub") + upstream(two.client("hub"), second / "centre.pub")
        with WholeHub(tmp_path, two.client("local"), ways) as hub:
            hub.pin_at(first, second)
            hub.smoke()
            hub.smoke()
            until(lambda: ("online", "MQTT 5") in hub.links(2), "the second line up")
            assert not there.events("alert"), "nothing goes on the second line unasked"
            escalate(hub, 1, 1)
            (event,) = until(lambda: there.events("alert"), "the alert at the second centre")
            assert (event["hub"], event["seq"], event["kind"]) == (NAME, 1, "smoke")
            until(lambda: not hub.outbox.waiting(line=2), "the second centre's receipt to be believed")
            assert [message.seq for message in hub.outbox.waiting()] == [1, 2], "the first has signed for nothing"
            assert {state for state, _ in hub.links()} == {"offline"}
            one.start()
            with centre_process(one.client("centre"), first) as here:
                until(lambda: not hub.outbox.waiting(), "the first centre's receipts", 60)
                assert sorted(event["seq"] for event in here.events("alert")) == [1, 2]
            assert [event["seq"] for event in there.events("alert")] == [1]


def test_a_receipt_counts_only_on_the_line_of_the_centre_that_signed_it(tmp_path: Path) -> None:
    first, second = folders(tmp_path, "first", "second")
    signs = {centre: signer(str(centre / "centre.key")) for centre in (first, second)}
    with Mosquitto(first) as one, Mosquitto(second) as two:
        taps = {first: Tap(one.client("tap")), second: Tap(two.client("tap"))}
        ways = upstream(one.client("hub"), first / "centre.pub") + upstream(two.client("hub"), second / "centre.pub")
        with WholeHub(tmp_path, two.client("local"), ways) as hub:
            hub.smoke()
            escalate(hub, 1, 1)
            (alert,) = until(taps[first].alerts, "the alert at the first")
            assert until(taps[second].alerts, "the alert at the second") == [alert], "the same bytes on both"

            def answer(where: Path, key: Path) -> None:
                receipt = seal_receipt(Receipt(NAME, 1, 1, digest(alert)), signs[key])
                taps[where].client.publish(f"hearthwatch/v1/{NAME}/receipt", receipt)
                taps[where].client.turn(0.05)

            def refused(line: int) -> bool:
                return any(f"receipt on line {line} refused" in said for said in tuple(hub.watch.errors))

            answer(first, second)
            answer(second, first)
            until(lambda: refused(1) and refused(2), "both to be refused")
            assert hub.outbox.waiting()
            assert hub.outbox.waiting(line=2)
            answer(second, second)
            until(lambda: not hub.outbox.waiting(line=2), "the second's own receipt")
            assert hub.outbox.waiting(), "which says nothing of the first"
            answer(first, first)
            until(lambda: not hub.outbox.waiting(), "the first's own receipt")


def test_a_line_that_fails_by_a_fault_of_ours_ends_the_process_so_that_it_is_started_again() -> None:
    code = (
        "import threading; from agent.watchdog_io import end_with_any_thread; end_with_any_thread('uplink')\n"
        "threading.Thread(target=lambda: {}['x'], name='line 2', daemon=True).start(); threading.Event().wait()"
    )
    with Process(code) as process:
        assert process.ended() == 1
    assert process.errors == ["uplink: line 2 failed: KeyError: 'x'"]


def test_the_daily_proof_of_life_goes_to_every_centre(tmp_path: Path) -> None:
    first, second = folders(tmp_path, "first", "second")
    for centre in (first, second):
        signer(str(centre / "centre.key"))
    with (
        Mosquitto(first) as one,
        Mosquitto(second) as two,
        centre_process(one.client("centre"), first) as here,
        centre_process(two.client("centre"), second) as there,
    ):
        ways = upstream(one.client("hub"), first / "centre.pub") + upstream(two.client("hub"), second / "centre.pub")
        fast = "[simulation]\nspeed = 120\n"  # it calls five minutes after its start
        with WholeHub(tmp_path, two.client("local"), ways + fast) as hub:
            hub.pin_at(first, second)
            for desk in (here, there):
                (event,) = until(lambda desk=desk: desk.events("alert"), "the call", 60)  # type: ignore[misc]
                assert (event["kind"], event["test"]) == ("test_call", True)
