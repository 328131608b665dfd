"""Days, weeks and months by their dates."""

from datetime import date, timedelta
from typing import Final

EPOCH: Final = date(1970, 1, 1)


def number_of(text: str) -> int | None:
    """Of a date as our own links write it; None for anything else."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return (found - EPOCH).days if found.isoformat() == text else None


def week_of(number: int) -> tuple[int, int]:
    """Its Monday and its Sunday."""
    monday = number - (EPOCH + timedelta(number)).weekday()
    return monday, monday + 6


def month_of(number: int) -> tuple[int, int]:
    """Its first day and its last."""
    first = (EPOCH + timedelta(number)).replace(day=1)
    after = (first + timedelta(31)).replace(day=1)
    return (first - EPOCH).days, (after - EPOCH).days - 1


def month_path(number: int) -> str:
    """Year and month of a day: 2026-03."""
    return (EPOCH + timedelta(number)).isoformat()[:7]
