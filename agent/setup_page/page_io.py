"""The set-up page: in with the code, the steps of agent/provision/plan.py as a list, and each step as a form.

Every page is made here, whole, and works without JavaScript; with it what joins shows itself in place. What may be done
is the plan's and the session's to say; here it is only asked for, and shown.
"""

from functools import wraps
from typing import Any, Final

from agent.civil import Wall
from agent.home import TIMEZONE, naming
from agent.nouns import Instant, Refused
from agent.pages_io import Pages, abort, g, redirect, render_template, request, url_for
from agent.passwords import token_hash
from agent.provision.answers import BadAnswers, read
from agent.provision.joined import passed
from agent.provision.plan import NAMES
from agent.provision.toml_text import text
from agent.setup_page.fields import MOST_CHARS, ROOMS, Field, unanswered
from agent.setup_page.forms import FORMS, Form, Spoken, Wrong, filled, harmless, in_words, placed
from agent.setup_page.shown import overview, waited_for
from agent.web_io import form, logged_in, now, site, with_session

WHO: Final = naming("your name")
TOO_MANY: Final = "Too many wrong codes. Wait 15 minutes, or end the command at the terminal and start it again."
NOT_IT: Final = "That is not the code that the terminal shows now."

page: Final = Pages("page", __name__)


def desk() -> Any:
    return site()


# -- in and out --------------------------------------------------------------------------------------------------------


@page.get("/login")
def login() -> Any:
    return _door("")


@page.post("/login")
def enter() -> Any:
    """With the code and a name, which is told to whoever else comes."""
    code, who = form("code", "who")
    ours, at, address = desk(), now(), request.remote_addr or ""
    if WHO.read(who := who.strip()) is None:
        return _door(in_words(f"expected {WHO.expected}"), 400, who)
    with ours.guessing:
        if ours.failures.must_wait(token_hash(""), address, at):
            return _door(TOO_MANY, 429, who)
        with ours.lock:
            held, token = ours.entry.holder, ours.entry.enter(code[:MOST_CHARS], who, at)
        if held is not None:
            return _door("", 409)
        if token is None:
            ours.failures.failed(token_hash(""), address, at)
            return _door(NOT_IT, 403, who)
    ours.tell(f"{who} sets up this hub, from {address}")
    return with_session(token, "page.steps")


def _door(wrong: str, status: int = 200, who: str = "") -> Any:
    name = harmless(who[:MOST_CHARS])
    return render_template("login.html", wrong=wrong, held=desk().entry.holder, name=name), status


@page.post("/logout")
@logged_in
def logout() -> Any:
    form("csrf")
    _left()
    return redirect(url_for("page.login"), 303)


def _left() -> None:
    ours = desk()
    ours.joining.end()
    with ours.lock:
        ours.entry.leave()
    ours.tell_code()


# -- what every form goes through --------------------------------------------------------------------------------------


def answered(view: Any) -> Any:
    """What the session refuses is told on the step that it belongs to; nothing is lost by it."""

    @wraps(view)
    def guarded(**where: str) -> Any:
        try:
            return view(**where)
        except Refused as fault:
            return render_template("refused.html", lines=str(fault).splitlines()), 409

    return logged_in(guarded)


def values_of(fields: tuple[Field, ...]) -> dict[str, str]:
    """What was typed, a text for each field; 400 for what is no form of ours."""
    names = {field.name for field in fields}
    if set(request.form) - names - {"csrf"} or any(len(request.form.getlist(name)) > 1 for name in names):
        abort(400, "other_form")
    return {name: request.form.get(name, "")[: MOST_CHARS + 1] for name in (field.name for field in fields)}


def must_be_open(name: str) -> None:
    """Refused for a step that waits for others: nobody comes there by the page's own links."""
    for line in waited_for(desk().session.view(), name):
        raise Refused(line)


def said(name: str, asked: Form, which: str = "") -> Wrong | None:
    """What a form of that step says is kept; or nothing of it is, and this is what is wrong with it."""
    must_be_open(name)
    values = values_of(asked.fields)
    with desk().working() as session:
        spoken = asked.spoken(values, session.setup, which)
        missed = unanswered(asked.fields, values)
        wrong = keep(session, spoken, asked.fields, values, keeps=not missed)
    if wrong is None and not missed:
        return None
    by_field = {**(wrong.by_field if wrong else {}), **missed}
    return Wrong({name: harmless(value) for name, value in values.items()}, by_field, wrong.rest if wrong else ())


def keep(session: Any, spoken: Spoken, fields: tuple[Field, ...], values: Any, keeps: bool = True) -> Wrong | None:
    try:
        setup = read(text(spoken.tables), session.setup)
    except BadAnswers as fault:
        return placed(fault.mistakes, fields, spoken.place, values)
    except ValueError:
        return Wrong(values, {}, ("There is a character in it that no file can hold.",))
    if keeps:
        session.change(setup)
    return None


def done(words: str, place: str, **where: Any) -> Any:
    desk().said = words
    return redirect(url_for(place, **where), 303)


def onward(name: str) -> Any:
    """To the next step, where this one wants nothing more."""
    view = desk().session.view()
    stand = next(one for one in view["steps"] if one["name"] == name)
    if stand["missing"] or view["next"] is None:
        return done("Kept.", "page.step", name=name)
    return done(f"Kept: {stand['title']}.", "page.step", name=view["next"])


# -- the steps ---------------------------------------------------------------------------------------------------------


@page.get("/")
@logged_in
def steps() -> Any:
    return render_template("steps.html", **overview(desk().session.view()))


@page.get("/step/<name>")
@logged_in
def step(name: str) -> Any:
    return shown(name)


def shown(name: str, wrong: Wrong | None = None, of: str = "", **more: Any) -> Any:
    """A step; with ``wrong`` what was typed into its form ``of``, and each mistake beside its field."""
    if name not in NAMES:
        abort(404)
    ours = desk()
    view = overview(ours.session.view())
    stand = next(one for one in view["steps"] if one["name"] == name)
    setup = ours.session.setup
    forms = {key: (FORMS[key].fields, filled(key, setup, ours.session.date())) for key in MAIN.get(name, ())}
    if wrong is not None and of in forms:
        forms[of] = (forms[of][0], dict(wrong.values))
    body = render_template(
        f"step_{name}.html", stand=stand, view=view, setup=setup, forms=forms, wrong=wrong, wrong_of=of, **more
    )
    return body, 200 if wrong is None else 400


# The forms of each step that are known before the home is; of rooms and sensors see things_io.py.
MAIN: Final = {
    "identity": ("identity",),
    "home": ("home",),
    "consent": ("consent",),
    "rooms": ("rooms",),
    "care": ("care",),
    "family": ("page", "member"),
}


@page.post("/step/<any(home, consent, care):name>")
@answered
def say(name: str) -> Any:
    wrong = said(name, FORMS[name])
    return onward(name) if wrong is None else shown(name, wrong, name)


@page.post("/step/identity")
@answered
def say_identity() -> Any:
    """The keys are made at once: without them there is nothing to carry to the centre."""
    wrong = said("identity", FORMS["identity"])
    if wrong is not None:
        return shown("identity", wrong, "identity")
    with desk().working() as session:
        session.make_keys()
    return done("Kept. The hub's keys are made: take its request to the centre.", "page.step", name="identity")


@page.post("/step/<any(boards, care, family):name>/pass")
@answered
def pass_over(name: str) -> Any:
    form("csrf")
    must_be_open(name)
    with desk().working() as session:
        session.change(passed(session.setup, name))
    return onward(name)


@page.post("/step/files")
@answered
def write() -> Any:
    form("csrf")
    with desk().working() as session:
        session.write()
    return redirect(url_for("page.what_next"), 303)


@page.get("/next")
@logged_in
def what_next() -> Any:
    """Once home.toml is written: what it is, and what the installer does now."""
    session = desk().session
    if not session.view()["written"]:
        return redirect(url_for("page.step", name="files"), 303)
    paths = [session.config.parent / session.setup.home_file, session.config]
    return render_template("written.html", paths=paths, config=session.config)


@page.post("/finish")
@answered
def finish() -> Any:
    """The page has done its work, and ends when this answer is sent."""
    form("csrf")
    body = render_template("finished.html", written=desk().session.view()["written"])
    with desk().lock:
        desk().entry.leave()
    desk().over.set()
    return body


def promised() -> list[str]:
    """What the care plan promises, in sentences; or why there is nothing to promise yet."""
    try:
        lines: list[str] = desk().session.promised()
    except Refused as fault:
        return [in_words(str(fault))]
    return lines


@page.context_processor
def _words() -> dict[str, Any]:
    """What every template may call."""
    session, ours = g.get("session"), desk()
    told = ""
    if session is not None and request.method == "GET":
        told, ours.said = ours.said, ""
    return {
        "who": session.who if session else None,
        "csrf": session.csrf if session else None,
        "told": told,
        "zones": TIMEZONE.known,
        "promised": promised,
        "room_kinds": ROOMS,
        "session_ports": ours.session.ports,
    }


@page.template_filter("time")
def _time(at: Instant) -> str:
    return Wall(desk().session.setup.timezone or "UTC").hhmm(at)
