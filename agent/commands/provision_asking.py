"""Questions in a terminal while a home is set up: a minus leaves the step, a mistake is told and asked again."""

from collections.abc import Callable
from typing import Any

from agent.provision.answers import BadAnswers
from agent.setup_io import Session


class Left(Exception):
    """The installer leaves the step; what was said of it before stands."""


def ask(words: str, default: object = "") -> str:
    """``-`` leaves the step."""
    shown = f" [{default}]" if default not in ("", None) else ""
    said = input(f"  {words}{shown}: ").strip()
    if said == "-":
        raise Left
    return said or ("" if default is None else str(default))


def agreed_to(words: str, default: bool) -> bool:
    return ask(f"{words} (y/n)", "y" if default else "n").lower().startswith("y")


def said(session: Session, tables: Callable[[], dict[str, Any]]) -> None:
    """Asks until what is said can be; each mistake is told."""
    while True:
        try:
            session.say(tables())
            return
        except BadAnswers as fault:
            for mistake in fault.mistakes:
                print(f"  ! {mistake.key}: {mistake.message}")
        except ValueError as odd:
            print(f"  ! {odd}")


def number(text: str) -> object:
    return int(text) if text.isdecimal() else text
