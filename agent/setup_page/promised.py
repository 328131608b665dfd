"""What a care plan promises, in sentences, thought out anew only when the home or its plan has changed."""

from dataclasses import replace
from typing import Final

from agent.nouns import Refused
from agent.promise.waits import Promised
from agent.promise.words import sentence, unheard
from agent.provision.setup import Setup
from agent.setup_io import Session

BY_DAY: Final = 10 * 60
BY_NIGHT: Final = 3 * 60
NOT_OWN: Final = " That is what the rule without a model would wait"  # and all that follows: there is no past yet


class Promises:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._of: Setup | None = None
        self._lines: list[str] = []

    def lines(self) -> list[str]:
        """A sentence a room, for a fall by day and one by night; or why there is none yet."""
        setup = replace(self._session.setup, devices={}, boards={}, invited=(), decided=frozenset())
        if setup != self._of:
            try:
                self._lines = sentences(self._session.promise())
            except Refused as fault:
                self._lines = [f"{str(fault)[:1].upper()}{str(fault)[1:]}."]
            self._of = setup
        return self._lines


def sentences(found: Promised) -> list[str]:
    lines = [sentence(found, room, minute) for room in found.rooms for minute in (BY_DAY, BY_NIGHT)]
    return [line.partition(NOT_OWN)[0] for line in lines] + unheard(found)
