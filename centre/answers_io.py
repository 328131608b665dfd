"""What people say of incidents, in the centre's file: for the audit, and for the hubs until they have heard it."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from agent.nouns import MINUTE_MS, Instant
from centre.incidents import Answer, Incident, NotNow, answer, outcome_words
from centre.store_io import Store

TRY_AGAIN_MS: Final = MINUTE_MS  # an answer that no broker took, or that a receiver took upon itself and died with
MOST_SENT: Final = 200  # answers taken to be sent in one turn; the rest follows in the next


class Unsent(NamedTuple):
    """A person's answer that its hub has not heard yet; ``alert`` is the hash of the envelope that it names."""

    id: int
    hub: str
    epoch: int
    seq: int
    alert: str
    kind: str
    at: Instant
    verdict: str | None
    reason: str | None


class Answers:
    """A hub that is gone is tried all the same, and told once more when it is back; one that asks again (see
    ``Store.again``) is told again."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def give(self, hub: str, id: str, said: Answer, by_way_of: str) -> Incident:
        """A person's word, for the audit and for the hub. NotNow if it comes too late or makes no sense."""
        with self._store.writing():
            known = self._store.incident(hub, id)
            if known is None:
                raise NotNow(f"{hub}/{id}: no such incident here")
            after = answer(known, said)
            self._store.put(after)
            if not after.beside:  # the answer would name the number's first words
                self._store.change(
                    "INSERT INTO answer (hub, epoch, seq, incident, kind, at_ms, verdict, reason)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    hub, after.said.epoch, after.said.seq, id, said.kind, said.at, said.verdict, said.reason,
                )  # fmt: skip
            words = "took it" if said.verdict is None else f"closed it: {outcome_words(said.verdict, said.reason)}"
            self._store.note(f"{said.by} ({by_way_of})", words, said.at, hub, id)
        return after

    def unsent(self, now: Instant) -> list[Unsent]:
        """Answers that are due to be sent, taken upon oneself: nobody else gets them for TRY_AGAIN_MS."""
        due = "sent_ms IS NULL AND tried_ms<=?"
        since = now - TRY_AGAIN_MS
        if not self._store.ask(f"SELECT 1 FROM answer WHERE {due} LIMIT 1", since):
            return []
        with self._store.writing():
            rows = self._store.ask(
                "SELECT answer.id, hub, epoch, seq, digest, kind, at_ms, verdict, reason FROM answer"
                f" JOIN alert USING (hub, epoch, seq) WHERE {due} ORDER BY answer.id LIMIT {MOST_SENT}",
                since,
            )
            for row in rows:
                self._store.change("UPDATE answer SET tried_ms=? WHERE id=?", now, row[0])
        return [Unsent(*row) for row in rows]

    def lost(self, ids: Sequence[int]) -> None:
        """The line broke before a broker had taken them: due at once."""
        with self._store.writing():
            for id in ids:
                self._store.change("UPDATE answer SET tried_ms=0 WHERE id=?", id)

    def sent(self, ids: Sequence[int], now: Instant) -> None:
        with self._store.writing():
            for id in ids:
                self._store.change("UPDATE answer SET sent_ms=? WHERE id=?", now, id)

    def is_heard(self, hub: str, id: str) -> bool:
        """Whether all that people answered has gone to the hub."""
        return not self._store.ask(
            "SELECT 1 FROM answer WHERE hub=? AND incident=? AND sent_ms IS NULL LIMIT 1", hub, id
        )


def found(store: Store, words: str) -> tuple[str, str]:
    """Hub and id of HUB/ID, or of an ID that only one hub's open incident has. NotNow if it is none, or of several."""
    hub, slash, id = words.partition("/")
    if slash:
        return hub, id
    hubs = [one.said.hub for one in store.incidents() if one.said.id == words]
    if len(hubs) != 1:
        raise NotNow(f"{words}: {'no open incident' if not hubs else 'more than one hub has it'}; write HUB/ID")
    return hubs[0], words
