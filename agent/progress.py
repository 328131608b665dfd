"""Which stages of a process still come round. Pure: time is an argument, milliseconds of a clock that never steps."""

from collections.abc import Mapping


class Progress:
    """Memory of when each stage came round last. A stage is a loop that must do so within its budget, work or not."""

    def __init__(self, budgets_ms: Mapping[str, int], now_ms: int) -> None:
        self._budgets_ms = dict(budgets_ms)
        self._last_ms = dict.fromkeys(budgets_ms, now_ms)
        self._missing = set(budgets_ms)

    def advanced(self, stage: str, now_ms: int) -> bool:
        """``stage`` has come round. True: and so has every other since this was True last; they are counted anew."""
        self._last_ms[stage] = now_ms
        self._missing.discard(stage)
        if self._missing:
            return False
        self._missing.update(self._budgets_ms)
        return True

    def stalled(self, now_ms: int) -> tuple[str, ...]:
        """Stages whose budget has run out since they came round last."""
        return tuple(name for name, budget in self._budgets_ms.items() if now_ms - self._last_ms[name] > budget)
