"""The set-up page's steps towards others: the family that is invited, and the centre whose files come in."""

from pathlib import Path
from typing import Any, Final

from agent.files_io import give_to_owner_of_folder, write_whole
from agent.nouns import Refused
from agent.page.certificate_io import CERTIFICATE, certificate_of, fingerprint
from agent.pages_io import abort, render_template, request
from agent.provision.setup import plain
from agent.provision.writing import centre_folder
from agent.setup_page.fields import CENTRE, FILES, MOST_CHARS
from agent.setup_page.forms import FORMS, Form, Wrong, all_of, centre, harmless, in_words, without
from agent.setup_page.page_io import answered, desk, done, keep, must_be_open, page, said, shown
from agent.web_io import form, logged_in

BROUGHT: Final = "brought"  # the folder beside hub.toml for a centre's files until they are looked at
MOST_FILE_BYTES: Final = 65_536  # of a file that the centre handed over; a longer one is refused
TOO_LONG: Final = "This file is too long to be one of a centre's."
MOST_CENTRES: Final = 4


# -- the family --------------------------------------------------------------------------------------------------------


@page.post("/step/family")
@answered
def family_page() -> Any:
    wrong = said("family", FORMS["page"])
    return done("Kept.", "page.step", name="family") if wrong is None else shown("family", wrong, "page")


@page.post("/family")
@answered
def add_member() -> Any:
    wrong = said("family", FORMS["member"])
    return done("Added.", "page.step", name="family") if wrong is None else shown("family", wrong, "member")


@page.post("/family/<name>/remove")
@answered
def remove_member(name: str) -> Any:
    form("csrf")
    with desk().working() as session:
        keep(session, without("family", name, session.setup), (), {})
    return done("Taken out.", "page.step", name="family")


@page.post("/family/invite")
@answered
def invite() -> Any:
    """A sheet with a link for everybody who has none yet, or a new one for one of them; shown this once."""
    _, name = form("csrf", "name")
    must_be_open("family")
    with desk().working() as session:
        setup = session.setup
        names = [one.name for one in setup.family if one.name not in setup.invited] if not name else [name]
        links = [(each, session.invite(each)) for each in names]
        if not links:
            raise Refused("everybody has been invited already")
        shown_print = _print(session)
    return render_template("invitations.html", links=links, fingerprint=shown_print)


def _print(session: Any) -> str | None:
    """What their browsers will show of this hub's own certificate; None: it is not over TLS."""
    where = session.setup.page
    if not where.secure:
        return None
    state = session.config.parent / session.setup.state
    give_to_owner_of_folder(*map(Path, certificate_of(state, (where.address, *where.names))))
    return fingerprint(state / CERTIFICATE)


# -- the centre --------------------------------------------------------------------------------------------------------


@page.get("/hub.csr")
@logged_in
def request_file() -> Any:
    """To carry to the centre; the key that it was made with stays here."""
    return _download(0, "hub.csr")


@page.get("/hub.pub")
@logged_in
def public_file() -> Any:
    return _download(1, "hub.pub")


def _download(nth: int, name: str) -> Any:
    with desk().working() as session:
        if not session.found().keys:
            abort(404)
        data = session.make_keys()[nth].read_bytes()
    return data, {"Content-Type": "application/octet-stream", "Content-Disposition": f'attachment; filename="{name}"'}


@page.post("/centre/<int:nth>")
@answered
def bring(nth: int) -> Any:
    """Where the centre is, and what it handed over: all of it is taken in, or nothing is, and why."""
    must_be_open("centre")
    if nth > min(len(desk().session.setup.centres), MOST_CENTRES - 1):
        abort(404)
    values, files = _handed()
    with desk().working() as session:
        before = session.setup
        wrong = keep(session, centre(values, before, str(nth)), CENTRE, values)
        if wrong is None:
            faults = _take_in(session, nth, files)
            if not faults:
                return done("The centre's details are kept.", "page.step", name="centre")
            session.change(before)
            rest = tuple(why for name, why in faults.items() if not name)
            wrong = Wrong(values, {name: why for name, why in faults.items() if name}, rest)
    given_back = {name: harmless(value) for name, value in values.items()}
    pasted = {name: text for name, _, _ in FILES if (text := request.form.get(f"{name}_text", "")).isascii()}
    return shown("centre", wrong._replace(values=given_back), f"centre{nth}", pasted=pasted)


def _handed() -> tuple[dict[str, str], dict[str, bytes]]:
    """The fields, and of each file that was chosen or pasted its bytes."""
    names = {field.name for field in CENTRE} | {name for name, _, _ in FILES} | {f"{name}_text" for name, _, _ in FILES}
    if (set(request.form) | set(request.files)) - names - {"csrf"}:
        abort(400, "other_form")
    files: dict[str, bytes] = {}
    for name, _, _ in FILES:
        chosen = request.files.get(name)
        data = chosen.read(MOST_FILE_BYTES + 1) if chosen else b""
        files[name] = data or request.form.get(f"{name}_text", "").strip().encode()
    values = {field.name: request.form.get(field.name, "")[: MOST_CHARS + 1] for field in CENTRE}
    return values, {name: data for name, data in files.items() if data}


def _take_in(session: Any, nth: int, files: dict[str, bytes]) -> dict[str, str]:
    """Why not, by the file that is to blame (the empty name: none of them)."""
    long = {name: TOO_LONG for name, data in files.items() if len(data) > MOST_FILE_BYTES}
    if long or not files:
        return long
    folder: Path = session.config.parent / BROUGHT
    tables = all_of(session.setup, "centre")
    places = {name: folder / file for name, file, _ in FILES if name in files}
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        for name, place in places.items():
            write_whole(place, files[name], 0o600)
            tables[nth][name] = f"{BROUGHT}/{place.name}"
        session.say({"centre": tables})
        return blamed(session.take_in(), nth)
    except OSError as fault:
        raise Refused(f"{fault.filename}: cannot be written: {fault.strerror}") from None
    finally:
        for place in places.values():
            place.unlink(missing_ok=True)


def blamed(faults: list[str], nth: int) -> dict[str, str]:
    """By the file that a line begins with; its path here says nothing to whoever brought it."""
    ours = (BROUGHT, centre_folder(nth))
    found: dict[str, str] = {}
    for fault in faults:
        path, _, why = fault.partition(": ")
        place = Path(path)
        name = next((name for name, file, _ in FILES if place.name == file and place.parent.name in ours), "")
        found.setdefault(name, in_words(f"it {why}" if name else fault))
    return found


@page.post("/centre/<int:nth>/remove")
@answered
def remove_centre(nth: int) -> Any:
    form("csrf")
    with desk().working() as session:
        left = [one for number, one in enumerate(plain(session.setup).get("centre", [])) if number != nth]
        session.say({"centre": left})
    return done("Taken out.", "page.step", name="centre")


def _centre_form(nth: int) -> tuple[Form, dict[str, str]]:
    found = all_of(desk().session.setup, "centre")
    one = found[nth] if nth < len(found) else {}
    return FORMS["centre"], {field.name: str(one.get(field.name, "")) for field in CENTRE}


@page.context_processor
def _of_people() -> dict[str, Any]:
    return {"files": FILES, "centre_form": _centre_form, "most_centres": MOST_CENTRES}
