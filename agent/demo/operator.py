"""Whoever sits at the centre in the demo: takes what is critical, and closes it when help has come."""

from collections.abc import Mapping
from typing import Final, NamedTuple

NAME: Final = "ana"


class Answer(NamedTuple):
    """Words for ``hearthwatch centre ack``, and what is told of it."""

    words: tuple[str, ...]
    told: str


def answer(event: Mapping[str, object]) -> Answer | None:
    """What she does when ``centre serve --json`` prints this; None: nothing."""
    if event["event"] != "alert" or event["severity"] != "critical":
        return None
    words = (f"{event['hub']}/{event['id']}", f"--by={NAME}")
    if event["state"] == "raised":
        return Answer(words, f"{NAME} takes it, and calls the neighbour who has a key")
    return Answer((*words, "--outcome=true"), f"{NAME} hears from the neighbour that help was needed, and closes it")
