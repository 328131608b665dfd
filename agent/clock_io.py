"""The hub's clock: the only reader of the wall clock, and of the boot clock that ``at`` runs with.

``at`` starts once a boot from the best wall clock there is, never before the journal's last entry, and then runs with
the time since boot: it cannot be stepped. What the wall clock says meanwhile is an offset with a quality.
"""

import ctypes
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from agent.nouns import Clock, Entry, Instant

BELIEVABLE_MS: Final = 1_767_225_600_000  # 2026-01-01: no hub runs this agent before that
STEP_MS: Final = 2_000  # a wall clock that differs by more was corrected
_RTC: Final = Path("/sys/class/rtc")
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_STA_UNSYNC: Final = 0x0040


def boot_ms() -> int:
    """Milliseconds since this machine was started, sleep included."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


def wall_ms() -> int:
    return time.time_ns() // 1_000_000


def wall_is_believable() -> bool:
    """Whether the wall clock stands where a hub can live at all: one without a battery begins in 1970."""
    return wall_ms() >= BELIEVABLE_MS


def boot_id() -> str:
    """What tells one boot of this machine from the next."""
    return _BOOT_ID.read_text().strip()


def synchronised() -> bool:
    """Whether the kernel's clock is disciplined by a time server (adjtimex)."""
    state, timex = _adjtimex()
    return state >= 0 and not timex[5] & _STA_UNSYNC


def may_be_off_ms() -> int | None:
    """By how much the kernel says that the clock may be wrong at most; None: it does not say."""
    state, timex = _adjtimex()
    return timex[3] // 1_000 if state >= 0 else None


def _adjtimex() -> tuple[int, Sequence[int]]:
    """``modes`` is 0: ask only. The fourth long of struct timex is maxerror, the sixth status."""
    timex = (ctypes.c_int64 * 32)()
    return int(ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))), list(timex)


def clock_battery(sys: Path = _RTC) -> bool:
    """Whether this machine has a clock that runs on without power: one that knows a time in which a hub can live."""
    for clock in sorted(sys.glob("rtc*")):
        with suppress(OSError, ValueError):
            if int((clock / "since_epoch").read_text()) * 1_000 >= BELIEVABLE_MS:
                return True
    return False


class HubClock:
    """``now()`` for the loop. ``speed`` > 1 makes the demo's day pass faster; the wall clock then runs along."""

    def __init__(
        self,
        last: Instant | None,
        boot: Callable[[], int] = boot_ms,
        wall: Callable[[], int] = wall_ms,
        synced: Callable[[], bool] = synchronised,
        start: Instant | None = None,
        speed: int = 1,
        anchor: tuple[int, Instant] | None = None,
    ) -> None:
        """``last`` is the journal's last instant. ``anchor`` (boot ms, instant) continues an earlier run of the same
        boot, so that the time between the two is known exactly."""
        self._boot, self._wall, self._synced = boot, wall, synced
        self._speed, self._simulated = speed, start is not None
        here = start if start is not None else Instant(wall())
        self.anchor: tuple[int, Instant] = anchor or (boot(), Instant(max(here, (last or 0) + 1)))
        self._last = last or Instant(0)

    def now(self) -> Instant:
        """The instant; never before the one told last."""
        zero, at = self.anchor
        self._last = Instant(max(self._last, at + (self._boot() - zero) * self._speed))
        return self._last

    def seconds_until(self, at: Instant) -> float:
        return max(0.0, (at - self.now()) / 1_000 / self._speed)

    def late_ms(self) -> int:
        """How late the loop may wake before the time in between counts as not observed: 2 s of the hub's own time."""
        return STEP_MS * self._speed

    def compare(self, known: Clock) -> Clock:
        """How ``now()`` stands to the wall clock; ``known`` itself unless something changed worth an entry."""
        if self._simulated:
            return Clock(known.offset_ms, "synced")
        wall = self._wall()
        offset = wall - self.now()
        if self._synced():
            quality = "synced"
        else:
            quality = "rtc" if wall >= max(BELIEVABLE_MS, self._last + known.offset_ms - STEP_MS) else "unknown"
        if quality == "unknown":
            return Clock(known.offset_ms, quality)
        if quality == known.quality and abs(offset - known.offset_ms) <= STEP_MS:
            return known
        return Clock(offset if abs(offset - known.offset_ms) > STEP_MS else known.offset_ms, quality)


def paced(entries: Iterable[Entry], speed: float) -> Iterator[Entry]:
    """The entries of a recorded time, at ``speed`` times the pace at which they came."""
    zero: tuple[int, Instant] | None = None
    for entry in entries:
        started, first = zero = zero or (boot_ms(), entry.at)
        time.sleep(max(0.0, (entry.at - first) / speed - (boot_ms() - started)) / 1_000)
        yield entry
