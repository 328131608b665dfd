"""``hearthwatch erase``: a hub is taken out of a home, and nothing of that home stays on it.

In this order: the request to the centre is written and on the disk; a note of what there is; then the keys; then all
the rest; the proof; the note. Whoever is interrupted runs it again: the note says what was begun, and what is gone
already is not missed. A request is never written without its key, nor a key erased without its request.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from agent.civil import rfc3339
from agent.clock_io import synchronised, wall_is_believable, wall_ms
from agent.erase.remove_io import clear_folders, files_in, holding, remove, thing
from agent.erase.things import (
    BEFORE,
    BESIDE,
    ZIGBEE2MQTT,
    ZIGBEE2MQTT_BACKUPS,
    ZIGBEE2MQTT_FOLDERS,
    Thing,
    halves_of,
    kind_of,
    ordered,
    proof,
)
from agent.files_io import write_whole
from agent.hub import Hub
from agent.identity_io import hub_id
from agent.nouns import Instant, Refused
from agent.transport.keys_io import BadKey, certificate, public_path, signer
from agent.transport.outboxes_io import volatile_folder
from agent.transport.retirement import Retirement, seal

NOTE: Final = "erasing.json"  # in the state folder: what was begun
OURS: Final = frozenset({"lock", NOTE})  # there while erasing, and the last to go
_VOLATILE: Final = ("XDG_RUNTIME_DIR", "/run", "/dev/shm")
SECRET_LEAST: Final = 12  # bytes of a secret that is looked for afterwards: shorter ones are found everywhere


class Work(NamedTuple):
    """A hub that is to be erased. ``folder``: that of hub.toml, which its paths are relative to. ``request``: where the
    request is to lie; ``zigbee``: zigbee2mqtt's folder, where it goes as well."""

    hub: Hub
    folder: Path
    state: Path
    request: Path
    zigbee: Path | None = None

    @property
    def note(self) -> Path:
        return self.state / NOTE


class Erased(NamedTuple):
    """``whole``: nothing is left, and the centre has a request to go by. ``text`` is the proof, which lies in ``file``;
    None: there was nothing to erase."""

    whole: bool
    text: str
    file: Path | None


def found(work: Work) -> list[Thing]:
    """What is there now, in the order in which it goes."""
    return ordered(one for one in _found(work) if one is not None)


def _found(work: Work) -> Iterator[Thing | None]:
    hub, folder, state = work.hub, work.folder, work.state
    for one in hub.upstreams:
        for kind, name in (("keys", one.key), ("certificates", one.certificate)):
            if name is not None:
                yield from _named(kind, folder / name)
                yield thing("certificates", (folder / name).with_suffix(".csr"))
    if hub.local.credentials is not None:
        yield from _named("passwords", folder / hub.local.credentials)
    for name in (hub.home, f"{hub.home}{BEFORE}"):
        yield from _named("home file", folder / name)
    for place in {folder, (folder / hub.home).parent}:
        for name in BESIDE:
            yield from _named("set-up records", place / name)
    for path in files_in(state):
        name = str(path.relative_to(state))
        if name not in OURS:
            yield thing(kind_of(name), path)
    for place in apart(work):
        yield from (thing(kind_of(str(path.relative_to(place))), path) for path in files_in(place))
    for memory in _memories(work):
        yield from (thing("copies in memory", path) for path in files_in(memory))
    if work.zigbee is not None:
        yield from (thing("zigbee2mqtt", work.zigbee / name) for name in ZIGBEE2MQTT)
        yield from (thing("zigbee2mqtt", path) for path in sorted(work.zigbee.glob(ZIGBEE2MQTT_BACKUPS)))
        for inner in ZIGBEE2MQTT_FOLDERS:
            yield from (thing("zigbee2mqtt", path) for path in files_in(work.zigbee / inner))


def _named(kind: str, path: Path) -> Iterator[Thing | None]:
    """A file by its name, and what was left of it where a write was cut off; of a link, what it points to as well."""
    if path.is_symlink():
        yield thing(kind, path.resolve())
    yield thing(kind, path)
    for pattern in halves_of(path.name):
        yield from (thing(kind, half) for half in sorted(path.parent.glob(pattern)))


def apart(work: Work) -> list[Path]:
    """Folders beside the state directory, where the hub's processes are users of their own: of the outbox, the page."""
    named = [work.hub.outbox, work.hub.page.state if work.hub.page is not None else None]
    places = {work.folder / name for name in named if name is not None}
    state = work.state.resolve()
    return sorted(place for place in places if place.is_dir() and not place.resolve().is_relative_to(state))


def _memories(work: Work) -> list[Path]:
    """Where copies in memory may lie: hub.toml's place, and the usual ones, whoever ran the hub."""
    usual = [os.environ.get(_VOLATILE[0], ""), *_VOLATILE[1:]]
    parents = [parent for parent in (work.hub.volatile, *usual) if parent]
    places = {volatile_folder(str(work.state), parent) for parent in parents}
    return sorted(place for place in places if place.is_dir() and not place.is_symlink())


def begun(work: Work) -> dict[str, Any] | None:
    """What was begun and not finished; None: nothing."""
    try:
        said = json.loads(work.note.read_bytes())
    except (OSError, ValueError):
        return None
    return said if isinstance(said, dict) else None


def name_of(work: Work) -> str:
    """The hub's id, also where its certificate is gone already."""
    note = begun(work)
    if note is not None:
        return str(note["hub"])
    if work.hub.id is None and work.hub.upstreams[0].certificate is None and not (work.state / "hub.id").exists():
        raise Refused("this hub has no id yet: it has never run, and hub.toml names none")
    return hub_id(work.hub, work.folder, work.state)


def erase(work: Work) -> Erased:
    """The caller holds the hub's locks, and has asked. Refused if nothing could be begun."""
    note = begun(work)
    if note is None:
        if not found(work):
            return Erased(True, "Nothing of this hub is left: nothing was done.", None)
        note = _begin(work)
    secrets = _secrets(work)
    left = _remove_all(work)
    return _finish(work, note, left, secrets)


def _begin(work: Work) -> dict[str, Any]:
    """The request, and then the note; both on the disk."""
    hub, key = name_of(work), work.state / "hub.key"
    with suppress(OSError):
        (work.state / "ballast").unlink(missing_ok=True)  # chance numbers; on a full disk the note needs its room
    things = [one for one in found(work) if not one.path.endswith(".sock")]  # doors hold nothing, and one is ours
    digest, earlier = None, ""
    try:
        if key.exists():
            request = _request(work, hub, key, things)
            write_whole(work.request, request)
            digest = hashlib.sha256(request).hexdigest()
        elif (
            work.request.exists()
        ):  # of the first time, when something else was erased; check saw that it is this hub's
            digest = hashlib.sha256(work.request.read_bytes()).hexdigest()
            with suppress(FileNotFoundError):
                earlier = _proof_at(work.request).read_text() + "\n"
        note = {
            "hub": hub,
            "request": str(work.request.resolve()),
            "sha256": digest,
            "earlier": earlier,
            "things": [list(one) for one in things],
        }
        write_whole(work.note, json.dumps(note).encode(), mode=0o600)
    except (OSError, BadKey) as fault:
        why = fault.strerror or str(fault) if isinstance(fault, OSError) else str(fault)
        raise Refused(f"nothing was erased: {getattr(fault, 'filename', None) or work.request}: {why}") from None
    return note


def _request(work: Work, hub: str, key: Path, things: Sequence[Thing]) -> bytes:
    key.chmod(0o600)  # a key that others could read is no reason to keep it
    sign = signer(str(key), may_make=False)
    public = Path(public_path(str(key))).read_text(encoding="ascii").strip()
    serials = []
    for one in work.hub.upstreams:
        if one.certificate is not None:
            with suppress(BadKey, OSError):
                serials.append(f"{certificate(str(work.folder / one.certificate)).serial:x}")
    kinds = tuple(dict.fromkeys(one.kind for one in things))
    quality = "synced" if synchronised() else "rtc" if wall_is_believable() else "unknown"
    return seal(Retirement(hub, public, tuple(serials), Instant(wall_ms()), quality, kinds), sign)


def _secrets(work: Work) -> list[bytes]:
    """What must not be found afterwards: keys and passwords, where they are still there to be known."""
    found_now: list[bytes] = []
    for one in found(work):
        if one.kind in ("keys", "passwords"):
            with suppress(OSError):
                lines = Path(one.path).read_bytes()[: 1 << 16].splitlines()
                found_now += [line.strip() for line in lines if len(line) >= SECRET_LEAST and b"-----" not in line]
    return found_now


def _remove_all(work: Work) -> list[str]:
    """What could not be removed, and why."""
    left = []
    for one in found(work):
        try:
            remove(Path(one.path))
        except OSError as fault:
            left.append(f"{one.path}: {fault.strerror}")
    clear_folders(work.state, itself=False)
    for place in apart(work):
        clear_folders(place, itself=False)
    for memory in _memories(work):
        clear_folders(memory, itself=True)
    if work.zigbee is not None:
        for inner in ZIGBEE2MQTT_FOLDERS:
            clear_folders(work.zigbee / inner, itself=True)
    return left


def _finish(work: Work, note: dict[str, Any], left: list[str], secrets: list[bytes]) -> Erased:
    """The proof, then the note: in between it would only be written again."""
    request = Path(note["request"])
    places = [work.folder, *([work.zigbee] if work.zigbee is not None else [])]
    holders, seen, skipped = holding([*places, work.state], secrets) if secrets else ([], 0, 0)
    copies = sorted({*holders, *(path for path in note.get("copies", ()) if os.path.lexists(path))})
    left += [f"{path}: holds a key or a password of this hub" for path in copies]
    left += [f"{one.path}: was there again" for one in found(work) if not any(one.path in line for line in left)]
    things = [Thing(*one) for one in note["things"]]
    why = _of_request(request, note["sha256"])
    when = f"on {rfc3339(Instant(wall_ms()))[:16].replace('T', ' at ')} UTC, as this hub's clock had it"
    where = why or f"The request for the centre: {request}"
    searched, radio = _searched(secrets, seen, skipped), work.zigbee is not None
    said = proof(str(note["hub"]), where, when, things, left, searched, radio)
    file = _proof_at(request)
    try:
        write_whole(file, (note.get("earlier", "") + said).encode())
    except OSError as fault:
        place = fault.filename or file
        raise Refused(f"{place}: the proof cannot be written: {fault.strerror}; run erase again") from None
    if copies:  # what they hold is not known to the next run, but where they lie is
        write_whole(work.note, json.dumps(note | {"copies": copies}).encode(), mode=0o600)
    if not left:
        (work.state / "lock").unlink(missing_ok=True)  # the note last: without it nobody would come back for the lock
        work.note.unlink(missing_ok=True)
    return Erased(not left and why is None, said, file)


def _proof_at(request: Path) -> Path:
    return request.with_name(f"{request.stem}-proof.txt")


def _of_request(request: Path, digest: str | None) -> str | None:
    """Why the centre has no request to go by; None: it has."""
    if digest is None:
        return "NO REQUEST: this hub had no key to sign one with. Tell the centre which hub it was."
    try:
        if hashlib.sha256(request.read_bytes()).hexdigest() == digest:
            return None
    except OSError:
        pass
    return f"NO REQUEST: {request} is not there any more. Tell the centre which hub it was."


def _searched(secrets: list[bytes], seen: int, skipped: int) -> str:
    if not secrets:
        return "Its keys were gone when this ended: they could not be looked for once more."
    some = f", {skipped} were not" if skipped else ""
    return f"Afterwards {seen} files beside hub.toml were looked through for its keys and passwords{some}."
