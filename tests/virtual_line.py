"""A line to the centre in virtual time: what uplink would publish when, with what it looks at and nothing else."""

import heapq
from bisect import insort
from collections.abc import Mapping
from typing import Final, NamedTuple

from agent.transport.sending import Sending, Waiting
from agent.transport.uplink_io import LOOK_AHEAD

RECEIPT_MS: Final = 80  # from publishing to the receipt


class Sent(NamedTuple):
    at_ms: int
    message: Waiting


def drained(backlog: list[Waiting], later: Mapping[Waiting, int]) -> list[Sent]:
    """The backlog waits from the start; ``later`` says when what comes later is put into the outbox."""
    sending, waiting, now_ms = Sending(), sorted(backlog), 0
    raised = sorted((at_ms, message) for message, at_ms in later.items())
    receipts: list[tuple[int, Waiting]] = []
    sent: list[Sent] = []
    while waiting or raised:
        while raised and raised[0][0] <= now_ms:
            insort(waiting, raised.pop(0)[1])
        while receipts and receipts[0][0] <= now_ms:
            waiting.remove(heapq.heappop(receipts)[1])
        plan = sending.plan(now_ms, waiting[:LOOK_AHEAD])
        for message in plan.publish:
            sending.published(now_ms, message)
            sent.append(Sent(now_ms, message))
            heapq.heappush(receipts, (now_ms + RECEIPT_MS, message))
        again_ms = sending.plan(now_ms, waiting[:LOOK_AHEAD]).again_at_ms if plan.publish else plan.again_at_ms
        due = [receipts[0][0]] if receipts else []
        due += [raised[0][0]] if raised else []
        due += [again_ms] if again_ms is not None else []
        now_ms = min(due, default=now_ms)
    return sent
