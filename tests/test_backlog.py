"""Days without a line, and then the line: most urgent first, nothing lost, and nobody who falls meanwhile waits."""

import os
import time
from pathlib import Path
from typing import Final

import pytest

from agent.transport.keys_io import signer
from agent.transport.outbox_io import RANK
from agent.transport.sending import BURST, CRITICAL, PACE_MS, RESEND_MS, Waiting
from tests.brokers import Mosquitto, centre_process, until, uplink_process
from tests.hub_maker import HUB, Hub
from tests.notes import told
from tests.virtual_line import drained

# Non-critical ones go at 5 a second by design, so that 10,000 of them take half an hour: whole in soak, and here in
# virtual time; for real only so many.
URGENT: Final = int(os.environ.get("HEARTHWATCH_BACKLOG_CRITICAL", "240"))
SLOW: Final = int(os.environ.get("HEARTHWATCH_BACKLOG_SLOW", "60"))
WHOLE: Final = 10_000
WHOLE_MS: Final = 40 * 60_000  # by then all of it is drained
NEW_CRITICAL_S: Final = 5.0  # an alert that is raised meanwhile is signed for by then
AGAIN_S: Final = RESEND_MS / 1_000 + 30  # a line that broke in that moment costs one more sending; p99 is the measure
EVERY_S: Final = 0.5  # so often somebody falls while the backlog drains


def test_ten_thousand_alerts_drain_within_forty_minutes_and_no_fall_waits_behind_them() -> None:
    backlog = [Waiting(1 + number % 3, 1, number) for number in range(1, WHOLE + 1)]  # none of them may hurry
    falls = {Waiting(CRITICAL, 1, WHOLE + number): number * 7_000 for number in range(1, 200)}
    sent = drained(backlog, falls)
    assert sorted(message for _, message in sent) == sorted([*backlog, *falls]), "each once"
    assert sent[-1].at_ms <= WHOLE_MS
    old = [message for _, message in sent if message not in falls]
    assert old == sorted(backlog), "the most urgent first, then the oldest"
    waited = [at_ms - falls[message] for at_ms, message in sent if message in falls]
    assert max(waited) == 0
    slow = [at_ms for at_ms, message in sent if message.rank != CRITICAL]
    assert all(later - at >= PACE_MS * BURST for at, later in zip(slow, slow[2 * BURST :], strict=False))


def test_a_hub_that_was_offline_drains_in_order_of_urgency_and_a_fall_meanwhile_is_signed_for_at_once(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    signer(str(tmp_path / "centre.key"))
    hub = Hub(tmp_path)
    hub.pin_at(tmp_path)
    for severity in ("low", "medium", "high"):
        hub.say(SLOW // 3, severity)
    hub.say(URGENT)
    offline, waits, began = len(hub.said), [], time.monotonic()
    (tmp_path / "broker").mkdir()
    with Mosquitto(tmp_path / "broker") as broker, centre_process(broker.client("centre"), tmp_path) as centre:
        until(lambda: any("online" in line for line in centre.errors), "the centre online")
        with uplink_process(HUB, broker.client(HUB), hub.state):
            until(lambda: hub.owes_nothing(tmp_path) or hub.receipted, "the first receipt")
            while not hub.owes_nothing(tmp_path):
                raised = time.monotonic()
                hub.say()
                until(lambda: hub.owes_nothing(tmp_path) or (1, len(hub.said)) in hub.receipted, "a receipt", AGAIN_S)
                waits.append(time.monotonic() - raised)
                until(lambda raised=raised: time.monotonic() - raised >= EVERY_S or hub.owes_nothing(tmp_path), "next")  # type: ignore[misc]
        until(lambda: len(centre.events("alert")) == len(hub.said), "the operator's lines")
        ranks = [RANK[event["severity"]] for event in centre.events("alert") if event["seq"] <= offline]
    whole_s = time.monotonic() - began
    assert hub.faults(tmp_path) == []
    assert ranks == sorted(ranks), "the most urgent first"
    states = hub.states(tmp_path)
    waits.sort()
    p99_s = waits[max(0, len(waits) * 99 // 100 - 1)]
    assert p99_s <= NEW_CRITICAL_S
    hub.close()
    told(request.config, "after an outage").lines.append(
        f"{offline} alerts ({SLOW} of them not critical) drained in {whole_s:.0f} s, none lost;"
        f" {len(waits)} new critical ones signed for within p50 {waits[len(waits) // 2] * 1_000:.0f} ms,"
        f" p99 {p99_s * 1_000:.0f} ms, the last {waits[-1] * 1_000:.0f} ms; the line: {', '.join(states)}"
    )
