"""Which models may be used just now, and ``model_fault`` when one may not.

A model is out of use when it was missing or not what the manifest says at the start, when it answered with what is no
number, or when the hub found it slow. It is tried again at the next start. Until then the rule without a model, which
runs beside it all the time, speaks for it. What the hub found at its start, and that a model is slow, are entries of
the journal, so that a replay elsewhere uses the same models at the same instants.
"""

from collections.abc import Mapping, Sequence
from typing import Final, cast

from agent.detect.detector import NO_MODELS, Model, Models
from agent.detect.own_words import plain
from agent.nouns import BadFrame, Finding, Frame, Instant, Snapshot

WHY_MOST: Final = 200  # characters of a reason


class Trust:
    """The models of a home. ``news`` is set while something is to be told."""

    def __init__(self, models: Models = NO_MODELS) -> None:
        self._models = models
        self._faults: dict[str, str] = {name: why[:WHY_MOST] for name, why in models.faults.items()}
        self._told: set[str] = set()
        self.news = bool(self._faults)

    def model(self, name: str) -> Model | None:
        """The model, while it may be used."""
        return None if name in self._faults else self._models.by_name.get(name)

    def prior(self, name: str) -> Sequence[int] | None:
        """What the population taught beside the model, while there is one; used or not."""
        return self._models.priors.get(name)

    def doubt(self, name: str, why: str) -> None:
        """It is not used again before the next start."""
        if name not in self._faults:
            self._faults[name] = why[:WHY_MOST]
            self.news = True

    def hear(self, frame: Frame) -> None:
        """What the hub says of its models: at a start which it has, later that one is slow. BadFrame if not that."""
        said = plain(frame)
        if frame.address == "model":
            name, why = said.get("model"), said.get("why")
            if not isinstance(name, str) or not isinstance(why, str):
                raise BadFrame("hub/model: needs a model and why")
            self.doubt(name, why)
        elif isinstance(there := said.get("models"), dict):
            self._start({str(name): str(why) for name, why in there.items() if why})

    def _start(self, faults: Mapping[str, str]) -> None:
        """What stood in doubt is tried again; ``faults`` are of the hub whose journal this is."""
        now = {name: why[:WHY_MOST] for name, why in (*self._models.faults.items(), *faults.items())}
        if now != self._faults:
            self._faults, self.news = now, True

    def tell(self, now: Instant) -> list[Finding]:
        """What began and what is over since it was told last."""
        self.news = False
        began, over = sorted(self._faults.keys() - self._told), sorted(self._told - self._faults.keys())
        self._told = set(self._faults)
        found = [_finding(now, name, "raised", self._faults[name]) for name in began]
        return found + [_finding(now, name, "cleared", "") for name in over]

    def snapshot(self) -> Snapshot:
        return {"faults": dict(self._faults), "told": sorted(self._told)}

    def restore(self, snapshot: Snapshot) -> None:
        """What is missing here stays missing, whatever the memory says; and what it knew to be at fault stays so."""
        self._faults = {**cast(dict[str, str], snapshot["faults"]), **self._faults}
        self._told = set(cast(list[str], snapshot["told"]))
        self.news = self._told != set(self._faults)


def _finding(now: Instant, name: str, state: str, why: str) -> Finding:
    return Finding("model_fault", state, now, name, None, words=(("model", name), ("why", why)))
