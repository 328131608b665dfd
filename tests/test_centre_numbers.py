"""One number with two stories at a centre: a hub restored from a copy, or a stolen key; and perhaps a fall."""

import json

from centre.store_io import now
from tests.brokers import until
from tests.desk_maker import OPERATOR, Desk


def test_a_press_under_a_number_that_was_used_before_is_an_incident_and_gets_no_receipt(desk: Desk) -> None:
    hub = desk.hub()
    hub.holds(hub.say("leak", severity="medium"), "received")
    hub.close()
    restored = desk.hub()  # from a copy: it counts from where the copy was made
    restored.say("sos")
    restored.send(1)
    until(lambda: desk.receivers[0].events("refused"), "the one that was sent again")
    told = [json.loads(line) for line in desk.command("watch", "--once", "--json").splitlines()]
    assert [(one["incident"], one["kind"], one["told_twice"]) for one in told] == [
        ("hub-7/0-1", "sos", True), ("hub-7/1-1", "leak", False)
    ]  # fmt: skip
    assert "Number told twice" in desk.command("watch", "--once")
    desk.command("ack", "hub-7/0-1", "--by", OPERATOR, "--outcome", "true")
    assert not desk.answers.unsent(now()), "it would name what was said first"
    assert not restored.turn() or not restored.receipts
    leak, press = desk.receivers[0].events("alert")
    assert (leak["notes"], press["notes"]) == ([], ["number 1/1 was said before with other words"])
    deeds = [line.what.split(":")[0] for line in desk.store.audit_of("hub-7", "0-1")]
    assert deeds == ["number 1/1 told twice", "closed it"]
    assert [said.kind for said, _ in desk.store.said_of("hub-7", "0-1")] == ["sos"]


def test_what_a_restored_hub_says_of_one_incident_is_one_incident(desk: Desk) -> None:
    hub = desk.hub()
    for _ in range(2):
        hub.holds(hub.say("leak", severity="medium"), "received")
    hub.close()
    restored = desk.hub()
    restored.say("sos")
    restored.say("sos", state="updated", id="1-1")
    until(lambda: len(desk.receivers[0].events("alert")) == 4, "both to be heard")
    assert [one.said.id for one in desk.store.incidents()] == ["0-1", "1-1", "1-2"]
