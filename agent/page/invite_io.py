"""Who may look: whom members want to invite, and what who lives here says to it."""

from typing import Any

from agent.page.family_io import Family
from agent.page.guards_io import at_home, told
from agent.pages_io import abort, g, redirect, render_template, url_for
from agent.passwords import Unfit, as_typed
from agent.web_io import form, now, site


def _shown(family: Family, **more: object) -> str:
    who, at = g.session.who, now()
    lives_here = family.lives_here(who)
    wishes = [one for one in family.wishes.all(at) if lives_here or one.asked_by == who]
    members, invited = (family.accounts.names(), family.waiting(at)) if lives_here else ([], [])
    guests = {name for name in (*members, *invited) if not family.lives_here(name)}
    shown = {"wrong": None, "link": None, "guests": guests} | more
    return render_template(
        "family.html", lives_here=lives_here, wishes=wishes, members=members, invited=invited, **shown
    )


def _again() -> Any:
    return redirect(url_for("page.family"), 303)


@told
def family() -> Any:
    """Who lives here sees all; others what they asked for."""
    with site().family() as book:
        return _shown(book)


@told
def ask() -> Any:
    """A member wants to invite somebody."""
    _, name = form("csrf", "name")
    with site().family() as book:
        try:
            book.wishes.ask(as_typed(name), now(), g.session.who)
        except Unfit as fault:
            said = at_home().catalogue.table("unfit")[fault.key].format(**fault.said)
            return _shown(book, wrong=said), 400
    return _again()


@told
def agree() -> Any:
    """Who lives here agrees."""
    _, name = form("csrf", "name")
    with site().family() as book:
        if not book.wishes.agree(name, now(), g.session.who):
            abort(403, "not_yours")
    return _again()


@told
def drop() -> Any:
    """Who lives here does not; or who asked takes it back."""
    _, name = form("csrf", "name")
    with site().family() as book:
        if not book.wishes.drop(name, now(), g.session.who):
            abort(403, "not_yours")
    return _again()


@told
def end() -> Any:
    """Who lives here ends that somebody else may look, or takes their invitation back; who lives here too stays."""
    _, name = form("csrf", "name")
    who = g.session.who
    with site().family() as book:
        if not book.lives_here(who) or book.lives_here(name) or not book.remove(name, now(), who):
            abort(403, "not_yours")
    return _again()


@told
def link() -> Any:
    """It is shown once, to who asked for it, after who lives here has agreed."""
    _, name = form("csrf", "name")
    with site().family() as book:
        try:
            code = book.wishes.code(name, now(), g.session.who)
        except Unfit:  # it cannot be any more: too many are there meanwhile
            code = None
        if code is None:
            abort(403, "not_yours")
        return _shown(book, link=f"{site().url}/welcome/{code}", name=name, fingerprint=site().fingerprint)
