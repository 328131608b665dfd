"""The one judge of every fault test: what the hub's journal holds against what the centre's audit holds.

I1 no alert is lost: what was raised has a receipt in the hub's journal, and lies at the centre byte for byte.
I2 nothing is told twice: one number is one message at the centre, and one incident is raised once.
I3 what came late is told as late.
I4 the numbers of each epoch have no gap at the centre, and each message follows from the one before.
I6 what was said live is what the journal replays, byte for byte (``replays``).
I5, that the agent runs, is for the test to see: it started the processes.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

from agent.journal_io import Journal
from agent.nouns import BadFrame
from agent.transport.envelope import FIRST, Envelope, digest, open_envelope
from agent.transport.keys_io import verifier
from centre.receiver import LATE_MS
from tests.test_live_equals_replay import replayed

AUDIT: Final = "SELECT envelope, received_ms FROM alert WHERE hub = ? ORDER BY rowid"

Number = tuple[int, int]  # epoch and seq


class Heard(NamedTuple):
    """A message at the centre: its bytes, and when they were written down, by the centre's clock."""

    sealed: bytes
    received_ms: int


class History(NamedTuple):
    """Both sides of one hub's life."""

    said: dict[Number, bytes]  # sealed, in the hub's journal
    receipted: set[Number]  # receipts in the hub's journal
    heard: list[Heard]  # in the order in which the centre wrote them down
    told: Sequence[dict[str, Any]] = ()  # what the receiver printed for the operator; empty: not looked at


def history(state: Path, audit: Path, hub: str, told: Sequence[dict[str, Any]] = ()) -> History:
    journal = Journal(state / "journal.db")
    said = {(epoch, seq): sealed for epoch, seq, _, _, sealed in journal.envelopes((0, 0))}
    receipted = set(_receipts(journal))
    journal.close()
    return History(said, receipted, heard(audit, hub), told)


def heard(audit: Path, hub: str) -> list[Heard]:
    """What the centre has written down of a hub."""
    with closing(sqlite3.connect(f"file:{audit}?mode=ro", uri=True)) as db:
        return [Heard(*row) for row in db.execute(AUDIT, (hub,))]


def count(audit: Path, hub: str) -> int:
    """How many messages of a hub the centre has written down."""
    with closing(sqlite3.connect(f"file:{audit}?mode=ro", uri=True)) as db:
        return int(db.execute(f"SELECT count(*) FROM ({AUDIT})", (hub,)).fetchone()[0])


def _receipts(journal: Journal) -> Iterator[Number]:
    for segment in journal.segments():
        for _, _, frame in journal.entries(segment.id):
            if frame is not None and (frame.link, frame.address) == ("centre", "receipt"):
                receipt = json.loads(frame.payload)
                if receipt["kind"] == "received":
                    yield receipt["epoch"], receipt["seq"]


def faults(found: History, hub_key: Path) -> list[str]:
    """What breaks an invariant, each by its name; empty: all of them hold."""
    verify, opened = verifier(str(hub_key)), []
    for sealed, received_ms in found.heard:
        try:
            opened.append((open_envelope(sealed, verify), sealed, received_ms))
        except BadFrame as fault:
            return [f"I1: the centre holds what the hub did not say: {fault}"]
    at_centre = {(said.epoch, said.seq): sealed for said, sealed, _ in opened}
    names = [said for said, _, _ in opened]
    return [
        *(f"I1: {number} was said and is not at the centre" for number in found.said if number not in at_centre),
        *(f"I1: {number} reads otherwise at the centre" for number in _differing(found.said, at_centre)),
        *(f"I1: {number} is at the centre and in no journal" for number in at_centre if number not in found.said),
        *(f"I1: {number} has no receipt" for number in found.said if number not in found.receipted),
        *_told_twice(names),
        *_told_late(found.told, {(said.epoch, said.seq): at - said.raised for said, _, at in opened}),
        *_gaps(at_centre, {(said.epoch, said.seq): said.previous for said in names}),
    ]


def replays(state: Path) -> list[str]:
    """What today's replay of the journal would say otherwise than it was said."""
    journal = Journal(state / "journal.db")
    said, again = [line for _, _, line in journal.alerts()], replayed(journal)
    journal.close()
    return [] if said == again else [f"I6: {len(said)} were said, and replay says {len(again)}, or says them otherwise"]


def _differing(one: dict[Number, bytes], other: dict[Number, bytes]) -> list[Number]:
    return [number for number, sealed in one.items() if other.get(number, sealed) != sealed]


def _told_twice(names: list[Envelope]) -> Iterator[str]:
    numbers = Counter((said.epoch, said.seq) for said in names)
    raised = Counter(said.id for said in names if said.state == "raised")
    yield from (f"I2: {number} is at the centre {count} times" for number, count in numbers.items() if count > 1)
    yield from (f"I2: incident {id} was raised {count} times" for id, count in raised.items() if count > 1)
    yield from (f"I2: incident {said.id} was {said.state} and never raised" for said in names if said.id not in raised)


def _told_late(told: Sequence[dict[str, Any]], ages_ms: dict[Number, int]) -> Iterator[str]:
    for event in told:
        number = event["epoch"], event["seq"]
        if number not in ages_ms:
            yield f"I1: {number} was told to the operator and not written down"
        elif event["late"] is not None and event["late"] != (ages_ms[number] > LATE_MS):
            yield f"I3: {number} came after {ages_ms[number]} ms, and was told as late={event['late']}"


def _gaps(at_centre: dict[Number, bytes], previous: dict[Number, str]) -> Iterator[str]:
    """The first of an epoch follows on the last of the one before, or on nothing where the journal was lost."""
    end = FIRST
    for epoch, numbers in groupby(sorted(at_centre), key=lambda number: number[0]):
        seqs = [seq for _, seq in numbers]
        for before, seq in pairwise([0, *seqs]):
            if seq != before + 1:
                yield f"I4: of epoch {epoch} numbers {before + 1} to {seq - 1} are missing at the centre"
            elif previous[epoch, seq] not in ((digest(at_centre[epoch, before]),) if before else (FIRST, end)):
                yield f"I4: {(epoch, seq)} does not follow from the one before"
        end = digest(at_centre[epoch, seqs[-1]])
