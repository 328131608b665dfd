"""A hub that was erased: its request is checked against its pinned key, and the key is believed no more."""

from pathlib import Path
from typing import Final

from agent.civil import rfc3339
from agent.files_io import sync_folder
from agent.nouns import BadFrame, Refused
from agent.transport.keys_io import BadKey, verifier
from agent.transport.retirement import MOST_BYTES, Retirement, claimed, open_retirement
from centre.store_io import Store, now

WORDS: Final = "took the hub out: it was erased"


def retire(store: Store, request: Path, hubs: Path, by: str) -> str:
    """What was done, in words. First the line in the audit, then the key: whoever is interrupted does it again, and the
    line is there once. Refused if the request is not the hub's own, or the hub is not pinned here."""
    try:
        with request.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        key = hubs / f"{claimed(data).hub}.pub"
        said = open_retirement(data, verifier(str(key)))
    except BadFrame as fault:
        raise Refused(f"{request}: {fault}; nothing was changed") from None
    except FileNotFoundError as fault:
        missing = Path(fault.filename)
        if missing == request:
            raise Refused(f"{request}: no such file") from None
        raise Refused(f"{missing}: no such key: this hub is not pinned here, or was taken out before") from None
    except (BadKey, OSError) as fault:
        raise Refused(f"{fault}; nothing was changed") from None
    what = _line(said)
    with store.writing():
        if store.one("SELECT 1 FROM audit WHERE hub=? AND what=?", said.hub, what) is None:
            store.note(by, what, now(), said.hub)
    try:
        key.unlink()
        sync_folder(hubs)
    except OSError as fault:
        raise Refused(f"{key}: cannot be removed: {fault.strerror}; it is still believed") from None
    with store.writing():
        store.part(said.hub)
    return _words(said)


def _line(said: Retirement) -> str:
    return f"{WORDS} at {rfc3339(said.at)} (clock {said.clock}), certificates {', '.join(said.serials) or 'none'}"


def _words(said: Retirement) -> str:
    serials = "".join(f"\n  revoke certificate {serial}" for serial in said.serials)
    also = f"\nAt your certificate authority:{serials}" if serials else ""
    return f"{said.hub}: its key is believed no more, and no proof of life is expected of it.{also}"
