"""How each line to a centre is, in words for whoever reads that one is lost."""

from typing import Final, cast

from agent.nouns import BadFrame, Snapshot

KIND: Final = "upstream_lost"
MOST_LINES: Final = 99  # a number beyond it names no line of any hub
MOST_CHARACTERS: Final = 200  # of what uplink says of a line; the rest is cut


class Lines:
    """Memory of why each line was last given up."""

    def __init__(self) -> None:
        self._why: dict[str, str] = {}

    def hear(self, said: dict[str, object]) -> tuple[str, bool]:
        """The name of the condition, and whether it is there; BadFrame for what is no line.

        The first line's has the kind's own name; another one's number stands behind it, for it is another subject.
        """
        line = said.get("line", 1)
        if type(line) is not int or not 1 <= line <= MOST_LINES:
            raise BadFrame(f"centre/link: line is {line!r:.40}, not the number of a line")
        name = KIND if line == 1 else f"{KIND}/{line}"
        lost = said.get("state") != "online"
        if lost:
            self._why[name] = str(said.get("reason", "unknown"))[:MOST_CHARACTERS]
        return name, lost

    def words(self, name: str) -> tuple[tuple[str, str], ...]:
        """For the sentence of this condition."""
        line = name.partition("/")[2]
        centre = f"monitoring centre of line {line}" if line else "monitoring centre"
        return ("centre", centre), ("why", self._why.get(name, "unknown"))

    def snapshot(self) -> Snapshot:
        return dict(self._why)

    def restore(self, snapshot: Snapshot) -> None:
        self._why = dict(cast(dict[str, str], snapshot))
