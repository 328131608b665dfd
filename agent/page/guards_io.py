"""Who of those that are in may see what: nobody sees a day that who lives here does not want to be told."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from agent.page.dates import month_path
from agent.page.home_io import AtHome
from agent.pages_io import g, render_template, request
from agent.web_io import logged_in, now, site


def at_home() -> AtHome:
    found: AtHome = site().home
    return found


def told(view: Callable[..., Any], hers: bool = False) -> Callable[..., Any]:
    """Only for whoever is logged in, while who lives here wants the day to be told. ``hers``: it is kept from nobody
    who lives here, all the same."""

    @wraps(view)
    def guarded(**where: str) -> Any:
        if not at_home().home().consent.summary_to_family and not (hers and _lives_here()):
            return render_template("withheld.html"), 403
        return view(**where)

    return logged_in(guarded)


def _lives_here() -> bool:
    with site().family() as family:
        return bool(family.lives_here(g.session.who))


def _dated(path: str) -> str:
    """The week that was running has a date in the book, so that a line of it says the same for ever."""
    ours = at_home()
    if path == "/week":
        return f"{path}/{ours.catalogue.iso_date(ours.last_day())}"
    return f"{path}/{month_path(ours.last_day())}" if path == "/month" else path


def looked(view: Callable[..., Any], hers: bool = False) -> Callable[..., Any]:
    """The same; and it is written down before it goes out. What there is not, nobody has looked at, and
    before the hub's first start there is nothing."""

    @wraps(view)
    def guarded(**where: str) -> Any:
        ours = at_home()
        if not ours.started:
            said = ours.words
            return render_template("problem.html", title=said["not_started"], wrong=said["not_started_words"]), 503
        shown = view(**where)
        with site().family() as family:
            family.looked(g.session.who, _dated(request.path), now())
        return shown

    return told(guarded, hers)
