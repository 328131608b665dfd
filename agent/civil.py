"""Civil time: what the clock on the kitchen wall says, from instants and a home's time zone.

Rules of the day ("not up by 10:30") live here, and so do days of 23 and 25 hours. A time of day that does not
exist on a day is read with the offset before the change (RFC 5545), so 01:30 on the spring Sunday is 02:30 by the
new clock; one that comes twice is the first of the two.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from agent.nouns import DAY_MS, MINUTE_MS, Instant

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=8)
def zone(timezone: str) -> ZoneInfo:
    return ZoneInfo(timezone)


class Wall:
    """The wall clock of one time zone; remembers the offset of the hour it was last asked about."""

    def __init__(self, timezone: str) -> None:
        self._zone = zone(timezone)
        self._slot = -1
        self._offset_ms = 0

    def local_ms(self, at: Instant) -> int:
        """Milliseconds since 1970-01-01 00:00 on the wall; offsets change on quarter hours at the finest."""
        slot = at // (15 * MINUTE_MS)
        if slot != self._slot:
            moment = _EPOCH + timedelta(milliseconds=at)
            offset = moment.astimezone(self._zone).utcoffset()
            assert offset is not None
            self._slot, self._offset_ms = slot, int(offset.total_seconds()) * 1_000
        return at + self._offset_ms

    def minute_of_day(self, at: Instant) -> int:
        return self.local_ms(at) % DAY_MS // MINUTE_MS

    def day(self, at: Instant) -> int:
        """The local date as days since 1970-01-01."""
        return self.local_ms(at) // DAY_MS

    def instant(self, day: int, minute: int) -> Instant:
        """When the wall shows ``minute`` of the local date ``day``."""
        naive = datetime.combine(date(1970, 1, 1) + timedelta(days=day), datetime.min.time()) + timedelta(
            minutes=minute
        )
        moment = naive.replace(tzinfo=self._zone, fold=0).astimezone(UTC)
        return Instant((moment - _EPOCH) // timedelta(milliseconds=1))

    def next(self, after: Instant, minute: int) -> Instant:
        """The first instant later than ``after`` at which the wall shows ``minute``; once a day."""
        day = self.day(after)
        while (found := self.instant(day, minute)) <= after:
            day += 1
        return found

    def hhmm(self, at: Instant) -> str:
        minute = self.minute_of_day(at)
        return f"{minute // 60:02d}:{minute % 60:02d}"


def rfc3339(at: Instant) -> str:
    """UTC with milliseconds: 2026-03-01T10:20:00.000Z."""
    moment = _EPOCH + timedelta(milliseconds=at)
    return moment.isoformat(timespec="milliseconds")[:23] + "Z"


def utc_minute(at: Instant) -> str:
    """For people, of whatever time zone: 2026-03-02 08:00 UTC."""
    return f"{rfc3339(at)[:16].replace('T', ' ')} UTC"


def parse_rfc3339(text: str) -> Instant:
    """ValueError unless ``text`` is a date and a time with an offset, between 1970 and 9999."""
    if len(text) < 20 or text[10] not in "Tt ":
        raise ValueError(f"{text!r} is not an RFC 3339 time such as 2019-05-14T14:35:31Z")
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset; write Z for UTC")
    at = (moment - _EPOCH) // timedelta(milliseconds=1)
    if at < 0:
        raise ValueError(f"{text!r} is before 1970")
    return Instant(at)


def in_window(minute: int, window: tuple[int, int]) -> bool:
    """Whether a minute of the day lies in [start, end), over midnight if start > end."""
    start, end = window
    return start <= minute < end if start <= end else minute >= start or minute < end
