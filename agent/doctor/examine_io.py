"""``hearthwatch doctor``: every check in turn. None of them changes anything."""

from collections.abc import Iterator
from pathlib import Path

from agent.certificate_io import still, walk_of
from agent.clock_io import clock_battery, may_be_off_ms, synchronised, wall_is_believable
from agent.doctor.centre_io import centres
from agent.doctor.check import Check
from agent.doctor.disk_io import disk_of, wear
from agent.doctor.files_io import home_of, own_key, permissions, ports, state_of
from agent.doctor.firewall_io import RULES, firewall
from agent.doctor.home_parts import board, clock, parts, proof_of_life, radio, sensors
from agent.doctor.local_io import local_of
from agent.doctor.past_io import BoardPast, Past, outbox_of, past_of, wishes
from agent.doctor.processes_io import running, units
from agent.hub import Hub
from agent.journal_file_io import JournalError, Written
from agent.models_io import shipped
from agent.nouns import Home, Refused
from agent.provision.walk_file import home_digest

PARTS = ("watch", "uplink", "page")


def examine(hub: Hub, config: Path) -> Iterator[Check]:
    """``config`` is the file of ``hub``, whose paths are relative to the folder of it."""
    folder = config.parent
    state = folder / hub.state
    checks, home = home_of(folder / hub.home, hub)
    yield from checks
    names = PARTS if hub.page is not None else PARTS[:2]
    yield from parts(running(config, names), units(names))
    yield from state_of(state)
    yield own_key(state)
    yield from permissions(hub, folder, state)
    yield from firewall(RULES, units(("egress",)).get("egress", {}))
    past = past_of(state)
    yield wear(disk_of(state if state.exists() else folder), _kib(past))
    quality = past.clock.quality if past is not None else None
    yield from clock(synchronised(), wall_is_believable(), may_be_off_ms(), clock_battery(), quality)
    yield _models()
    yield from ports(hub, folder, config)
    yield from local_of(hub.local, folder, home)
    if home is not None:
        yield from _heard(hub, home, past)
        yield from wishes(state, home)
        yield from _since_the_walk(home, folder / hub.home, state)
    yield from centres(hub, folder)
    yield outbox_of(hub, folder, state)
    if past is not None:
        yield proof_of_life(past.called, past.receipted, past.now, past.clock)


def _kib(past: Past | None) -> int | None:
    return None if past is None or past.journal_bytes_a_day is None else past.journal_bytes_a_day >> 10


def _heard(hub: Hub, home: Home, past: Past | None) -> Iterator[Check]:
    """Sensors, radio and boards, as the journal has them."""
    if past is None:
        return
    if past.records is None:
        yield Check("journal", "other_agent", "its newest part was written by another agent")
        return
    yield from sensors(home, past.records, past.standing, past.battery, past.now, past.fresh)
    yield from radio(home, past.names, past.link_quality)
    for serial in hub.serial:
        said = past.boards.get(serial.bridge, BoardPast())
        heard = serial.bridge in past.boards
        yield board(serial.bridge, said.firmware, said.supply_mv, len(said.boots), said.lost, heard)


def _since_the_walk(home: Home, home_file: Path, state: Path) -> Iterator[Check]:
    """What hangs elsewhere now than when the home was walked."""
    if not (state / "journal.db").exists():
        return
    try:
        walked = walk_of(home_file)
        if walked is None:
            yield Check("moved", "not_walked", "this home was not walked")
        elif walked.home_digest != home_digest(home):
            yield Check("moved", "home_changed", "home.toml was changed since this home was walked")
        else:
            lines = _still(home, home_file, state / "journal.db")
            yield from (Check("moved", "moved", line) for line in lines)
            if not lines:
                yield Check("moved", "stands", "no sensor seems to have moved since this home was walked")
    except JournalError:
        return  # what is wrong with the journal is told of it
    except Refused as fault:
        yield Check("moved", "not_walked", str(fault))


def _still(home: Home, home_file: Path, path: Path) -> list[str]:
    journal = Written(path, read_only=True)
    try:
        return still(home, home_file, journal)
    finally:
        journal.close()


def _models() -> Check:
    models = shipped()
    if models.faults:
        return Check("models", "fault", "; ".join(f"{name}: {why}" for name, why in sorted(models.faults.items())))
    return Check(
        "models", "whole", ", ".join(f"{name} {digest[:12]}" for name, digest in sorted(models.digests().items()))
    )
