"""Figures that a test prints for people, told after the tests: pytest's summary shows what is asked of it."""

import pytest


class Notes:
    """Lines under a title of their own; ``told`` registers it with the run."""

    def __init__(self, title: str) -> None:
        self._title = title
        self.lines: list[str] = []

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.section(self._title)
        for line in self.lines:
            terminalreporter.line(line)


def told(config: pytest.Config, title: str) -> Notes:
    notes = Notes(title)
    config.pluginmanager.register(notes)
    return notes
