"""The steps of setting up a home, by name, and an installer that is killed -9 at one of them, as in tests/steps.py."""

import importlib
import sys
from pathlib import Path
from typing import Any, Final

from tests.setup_maker import PIR
from tests.steps import Step, arm

WRITE: Final = "agent.files_io:write_whole"


def of_file(name: str) -> Any:
    return lambda path, *_words: Path(path).name == name


def has_pir(_config: object, setup: Any) -> bool:
    return any(sensor.address == PIR for sensor in setup.sensors)


def named(name: str) -> Any:
    return lambda _laid, place: Path(place).name == name


KEEP: Final = "agent.provision.provision_io:keep"
STEPS: Final = {
    "answers are read, not kept": Step("provision", "before", KEEP),
    "answers are kept, no key is made": Step("provision", "after", KEEP),
    "the key is made, not the request": Step("provision", "after", WRITE, of_file("hub.key")),
    "the request is made, no key to sign with": Step("provision", "before", "agent.transport.keys_io:signer"),
    "the signing key is made, not its public half": Step("provision", "after", "agent.transport.keys_io:_write"),
    "all keys are made": Step("provision", "after", "agent.setup_centre_io:make_keys"),
    "devices may join": Step("provision", "after", "agent.sensors.pairing_io:Joiner.permit"),
    "a device has joined, and is not kept": Step("provision", "before", KEEP, has_pir),
    "a device is kept, and not renamed": Step("provision", "before", "agent.sensors.pairing_io:Joiner.rename"),
    "a device is renamed": Step("provision", "after", "agent.sensors.pairing_io:Joiner.rename"),
    "a member is invited, and that is not kept": Step("provision", "after", "agent.page.family_io:Family.invite"),
    "all is there, nothing is written": Step("provision", "before", "agent.files_io:write_together"),
    "home.toml lies beside its place": Step("provision", "before", "os:replace", named("home.toml")),
    "home.toml is written, hub.toml is not": Step("provision", "before", "os:replace", named("hub.toml")),
    "both are written": Step("provision", "after", "agent.provision.provision_io:write"),
}


def become() -> None:
    """Be the command that the words name, killed at the step that they name first."""
    name, *words = sys.argv[1:]
    arm(_once_files(STEPS[name]))
    sys.exit(importlib.import_module("agent.__main__").main(words))


def _once_files(step: Step) -> Step:
    """write_together writes setup.json too; only of the two files of the end is a step meant."""
    if step.where != "agent.files_io:write_together":
        return step
    return step._replace(about=lambda files, *_words: any(Path(path).name == "home.toml" for path in files))
