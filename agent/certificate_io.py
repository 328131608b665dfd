"""What a certificate rests on, out of a hub's files; sealing and writing it, checking one, and whether it holds."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from agent import VERSION
from agent.civil import rfc3339
from agent.clock_io import wall_ms
from agent.detect.detector import Models
from agent.engine import Engine
from agent.files_io import write_together
from agent.hub import Hub
from agent.identity_io import hub_id
from agent.journal_file_io import Written
from agent.journal_io import Journal
from agent.models_io import shipped
from agent.nouns import DAY_MS, MINUTE_MS, Home, Instant, Refused
from agent.offsets_io import Offsets
from agent.promise.waits import HEARS
from agent.promise.words import minutes
from agent.provision.answers import read_again
from agent.provision.certificate import MOST_BYTES, Battery, Facts, Promise, claims, faults, opened, seal
from agent.provision.kept import KEPT_MOST_BYTES, BadSetup
from agent.provision.provision_io import PROGRESS
from agent.provision.setup import Agreed
from agent.provision.sheets_io import certificate_page, sheet_page
from agent.provision.walk_file import FILE, Walked, home_digest, read
from agent.provision.walk_file import MOST_BYTES as WALK_MOST_BYTES
from agent.provision.walk_later import LOOK_DAYS, moved
from agent.recover import resume
from agent.transport.keys_io import signer, verifier

DAY_MINUTE, NIGHT_MINUTE = 10 * 60, 3 * 60  # the times of day for which a certificate promises


def facts(hub: Hub, folder: Path, state: Path, home: Home, by: str, agreed: Agreed | None) -> Facts:
    """What stands in this hub's files now. Refused where one of them cannot be read."""
    if not (state / "journal.db").exists():
        raise Refused(f"{state}: no journal yet: start the hub, walk, and certify then")
    models = shipped()
    journal = Journal(state / "journal.db")
    try:
        engine = resume(journal, home, models)
        walked = walk_of(folder / hub.home)
        signed = walked is not None and _signed(journal, walked)
        heard = batteries(journal, walked) if walked is not None else {}
    finally:
        journal.close()
    engine.proof.wishes.wake(Instant(wall_ms() - engine.proof.watch.clock.offset_ms))
    stands = dict(engine.proof.wishes.words(engine.proof.watch.clock.offset_ms))
    return Facts(
        hub=hub_id(hub, folder, state),
        home=home,
        at=Instant(wall_ms()),
        by=by,
        agent=VERSION,
        models=models.digests(),
        model_faults=models.faults,
        key=sha256(_bytes(state / "hub.pub", MOST_BYTES).strip()).hexdigest(),
        clock=engine.proof.watch.clock.quality,
        walked=walked,
        batteries=heard,
        signed=signed,
        agreed=agreed or agreed_of(folder / PROGRESS),
        withdrawn=stands.get("consent", ""),
        walking=stands.get("walk", ""),
        promise=tuple(_promises(home, engine, models)),
    )


def _promises(home: Home, engine: Engine, models: Models) -> Sequence[Promise]:
    """By the rule without a model, which holds until there are days of this home."""
    heard = {sensor.room for sensor in home.sensors.values() if sensor.kind in HEARS}
    wait = engine.possible_fall.promise_at
    return [
        Promise(room, minutes(wait(room, DAY_MINUTE)), minutes(wait(room, NIGHT_MINUTE)))
        for room in home.rooms
        if room in heard
    ]


def _signed(journal: Written, walked: Walked) -> bool:
    """Whether the journal has the centre's receipt of the walk's test alert."""
    call = walked.call
    if call is None:
        return False
    where = "SELECT 1 FROM custody WHERE epoch = ? AND seq = ? AND state = 'received'"
    return next(journal.rows(where, (call.epoch, call.seq)), None) is not None


def batteries(journal: Written, walked: Walked) -> dict[str, Battery]:
    """What each sensor has told of its battery after the walk, the newest; what stays as it was is not told again."""
    ended, last = _ended(journal, walked), journal.last()
    end = Instant(0) if last is None else Instant(last[1] + 1)
    wall = Offsets().of(journal, ended)
    told = journal.readings(ended, end, ("battery_percent",))
    return {one.sensor: Battery(one.value, wall.civil(one.at)) for one in told}


def _ended(journal: Written, walked: Walked) -> Instant:
    """When the walk ended, by the hub's time. A wall clock that was set back shows an hour twice, so that it alone does
    not tell; but of the walk's test alert walk.json has the one time, and the journal the other. Without that alert
    the hub's clock is taken to have been right."""
    call = walked.call
    where = "SELECT at FROM alert WHERE epoch = ? AND seq = ?"
    row = None if call is None else next(journal.rows(where, (call.epoch, call.seq)), None)
    return walked.ended if call is None or row is None else Instant(row[0] + walked.ended - call.at)


def walk_path(home_file: Path) -> Path:
    return home_file.with_name(FILE)


def walk_of(home_file: Path) -> Walked | None:
    """The walk that is kept beside home.toml; None: there was none."""
    path = walk_path(home_file)
    return read(_bytes(path, WALK_MOST_BYTES)) if path.exists() else None


def agreed_of(setup: Path) -> Agreed | None:
    """Who agreed, as provision has written it down; None where nothing of that can be read."""
    try:
        return read_again(_bytes(setup, KEPT_MOST_BYTES)).agreed
    except (Refused, BadSetup):
        return None


def certify(found: Facts, state: Path, out: Path, sheet: Path) -> list[str]:
    """Write certificate and sheet, both or neither; or say why not, a line for each reason."""
    if wrong := faults(found):
        return wrong
    said = claims(found)
    sign = signer(str(state / "hub.key"), may_make=False)
    data = seal(certificate_page(said), said, sign)
    opened(data, verifier(str(state / "hub.pub")))  # what we would not believe ourselves is not written
    date = rfc3339(found.at)[:10]
    try:
        write_together({out: data, sheet: sheet_page(found.home, date).encode()}, 0o600)  # with names
    except OSError as fault:
        raise Refused(f"{fault.filename or out}: cannot be written: {fault.strerror}") from None
    return []


def write_sheet(home: Home, sheet: Path) -> None:
    """The sheet alone: it may be asked for before anything is certified."""
    try:
        write_together({sheet: sheet_page(home, rfc3339(Instant(wall_ms()))[:10]).encode()}, 0o600)
    except OSError as fault:
        raise Refused(f"{fault.filename or sheet}: cannot be written: {fault.strerror}") from None


def verified(file: Path, key: Path) -> dict[str, Any]:
    """The claims of a certificate that the hub of this public key has sealed; Refused, with the file's name, if not."""
    data = _bytes(file, MOST_BYTES)
    try:
        verify = verifier(str(key))
    except OSError as fault:
        raise Refused(f"{key}: cannot be read: {fault.strerror}") from None
    try:
        return opened(data, verify)
    except Refused as fault:
        raise Refused(f"{file}: {fault}") from None


def still(home: Home, home_file: Path, journal: Written) -> list[str]:
    """What has changed since the home was walked, a line each: home.toml, or eyes that hang elsewhere now."""
    walked = walk_of(home_file)
    if walked is None:
        return ["this home was not walked: run walk-test"]
    if walked.home_digest != home_digest(home):
        return ["home.toml was changed since this home was walked: run walk-test again"]
    last = journal.last()
    end = Instant(0) if last is None else Instant(last[1] + MINUTE_MS)
    since = Instant(max(_ended(journal, walked), end - LOOK_DAYS * DAY_MS))
    return moved(home, walked, journal.readings(since, end))


def _bytes(path: Path, most: int) -> bytes:
    """At most one byte more than ``most``, so that whoever reads can say that it is too long."""
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except OSError as fault:
        raise Refused(f"{path}: cannot be read: {fault.strerror}") from None
