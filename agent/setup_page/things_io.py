"""The set-up page's steps in which the home is walked: rooms, sensors and the devices that join for them, boards."""

from typing import Any, Final

from agent.nouns import Refused
from agent.pages_io import abort, render_template
from agent.provision.answers import read
from agent.provision.joined import addressed, waiting
from agent.provision.plan import NAMES
from agent.provision.setup import Setup, plain
from agent.provision.toml_text import text
from agent.setup_page.fields import THINGS
from agent.setup_page.forms import (
    FORMS,
    Form,
    Spoken,
    Wrong,
    in_words,
    thing,
    thing_fields,
    thing_without,
    wired,
    without,
)
from agent.setup_page.page_io import answered, desk, done, keep, must_be_open, page, said, shown
from agent.setup_page.shown import battery_words, link_words, make, room_of, rows, stranger, strangers, what_of
from agent.web_io import form, logged_in

# What an input of a board may be, by the name of its channel without its number.
INPUTS: Final = {
    "door": tuple(what for what in THINGS if what.startswith("door")),
    "button": tuple(what for what in THINGS if what.startswith("button")),
}


def setup_now() -> Setup:
    found: Setup = desk().session.setup
    return found


# -- rooms -------------------------------------------------------------------------------------------------------------


@page.post("/step/rooms")
@answered
def add_room() -> Any:
    wrong = said("rooms", FORMS["rooms"])
    return done("Added.", "page.step", name="rooms") if wrong is None else shown("rooms", wrong, "rooms")


@page.get("/rooms/<id>")
@logged_in
def room(id: str, wrong: Wrong | None = None) -> Any:
    found = room_of(setup_now(), id)
    if found is None:
        abort(404)
    values = wrong.values if wrong else {"kind": found.kind, "name": found.name}
    body = render_template("room.html", room=found, fields=FORMS["rooms"].fields, values=values, wrong=wrong)
    return body, 400 if wrong else 200


@page.post("/rooms/<id>")
@answered
def change_room(id: str) -> Any:
    if room_of(setup_now(), id) is None:
        abort(404)
    wrong = said("rooms", FORMS["rooms"], id)
    return done("Changed.", "page.step", name="rooms") if wrong is None else room(id, wrong)


@page.post("/rooms/<id>/remove")
@answered
def remove_room(id: str) -> Any:
    wrong = _taken_out(without("room", id, setup_now()))
    return done("Taken out.", "page.step", name="rooms") if wrong is None else room(id, wrong)


def _taken_out(spoken: Spoken) -> Wrong | None:
    form("csrf")
    with desk().working() as session:
        return keep(session, spoken, (), {})


# -- sensors -----------------------------------------------------------------------------------------------------------


def radio() -> dict[str, Any]:
    """What the step shows of the radio; and somebody looks, so devices may go on joining."""
    joining, setup = desk().joining, setup_now()
    joining.looked()
    return {
        "joining": joining,
        "rows": rows(setup),
        "strangers": strangers(setup),
        "waiting": [id for id, _ in waiting(setup)],
        "link_words": link_words,
        "battery_words": battery_words,
        "make": make,
    }


@page.post("/step/sensors")
@answered
def add_thing() -> Any:
    fields = thing_fields(setup_now())
    wrong = said("sensors", Form(fields, thing))
    return done("Added.", "page.step", name="sensors") if wrong is None else shown("sensors", wrong, "thing")


def _thing(id: str) -> Any:
    return next((one for one in setup_now().things if one.id == id), None) or abort(404)


@page.get("/sensors/<id>")
@logged_in
def sensor(id: str, wrong: Wrong | None = None) -> Any:
    setup, found = setup_now(), _thing(id)
    row = next(each for each in rows(setup) if each.id == id)
    values = wrong.values if wrong else {"what": what_of(found), "room": found.room}
    body = render_template("sensor.html", row=row, fields=thing_fields(setup), values=values, wrong=wrong, **_told())
    return body, 400 if wrong else 200


def _told() -> dict[str, Any]:
    return {"link_words": link_words, "battery_words": battery_words, "make": make}


@page.post("/sensors/<id>")
@answered
def change_thing(id: str) -> Any:
    _thing(id)
    wrong = said("sensors", Form(thing_fields(setup_now()), thing), id)
    return done("Changed.", "page.step", name="sensors") if wrong is None else sensor(id, wrong)


@page.post("/sensors/<id>/remove")
@answered
def remove_thing(id: str) -> Any:
    _thing(id)
    wrong = _taken_out(thing_without(id, setup_now()))
    return done("Taken out.", "page.step", name="sensors") if wrong is None else sensor(id, wrong)


@page.post("/sensors/<id>/replace")
@answered
def replace_thing(id: str) -> Any:
    """The next device that joins takes its place."""
    form("csrf")
    _thing(id)
    desk().joining.begin(id)
    desk().joining.order("replace", id)
    return done("The next device of that kind takes its place.", "page.step", name="sensors")


@page.post("/joining/begin")
@answered
def let_in() -> Any:
    form("csrf")
    must_be_open("sensors")
    desk().joining.begin()
    return done("", "page.step", name="sensors")


@page.post("/joining/end")
@answered
def let_nobody_in() -> Any:
    form("csrf")
    desk().joining.end()
    return done("No device can join any more.", "page.step", name="sensors")


@page.get("/devices/<address>")
@logged_in
def device(address: str) -> Any:
    setup = setup_now()
    found = setup.devices.get(address) or abort(404)
    for_whom = [one for one in rows(setup) if one.device == found]
    return render_template("device.html", found=stranger(setup, found), for_whom=for_whom, rows=rows(setup), **_told())


@page.post("/devices/<address>/use")
@answered
def use(address: str) -> Any:
    """It is for that sensor, which waits for such a one."""
    _, id = form("csrf", "id")
    with desk().working() as session:
        found = session.setup.devices.get(address) or abort(404)
        if id not in stranger(session.setup, found).fits:
            raise Refused("that sensor does not wait for such a device")
        session.change(addressed(session.setup, id, address))
    return done("Used.", "page.step", name="sensors")


@page.post("/devices/<address>/<any(again, remove):what>")
@answered
def order(address: str, what: str) -> Any:
    form("csrf")
    if address not in setup_now().devices:
        abort(404)
    if not desk().joining.order(what, address):
        return done("First let devices join: the radio is not listened to now.", "page.device", address=address)
    words = "It is asked again; keep it awake." if what == "again" else "It is being taken out of the network."
    return done(words, "page.step", name="sensors")


# -- boards ------------------------------------------------------------------------------------------------------------


def inputs() -> list[dict[str, Any]]:
    """The inputs of boards that answered: what is wired to each, or the form to say it."""
    setup = setup_now()
    used = {one.address: one for one in setup.sensors if one.link == "serial"}
    found = []
    for board in setup.boards.values():
        for channel in board.channels:
            kind = channel.rstrip("0123456789")
            address, whats = f"{board.bridge}/{channel}", INPUTS.get(kind, (kind,) if kind in THINGS else ())
            if whats:
                fields = thing_fields(setup, whats)
                found.append({"address": address, "sensor": used.get(address), "fields": fields})
    return found


@page.post("/step/boards")
@answered
def meet() -> Any:
    """The board on that port is asked who it is; empty: those that are known already are asked again."""
    _, port = form("csrf", "port")
    must_be_open("boards")
    with desk().working() as session:
        if port:
            if port not in session.ports():
                raise Refused("nothing is plugged in there now")
            tables = plain(session.setup).get("serial", [])
            numbers = {one["bridge"] for one in tables}
            bridge = next(name for name in (f"bridge-{n}" for n in range(1, 99)) if name not in numbers)
            tables = [one for one in tables if one["port"] != port] + [{"port": port, "bridge": bridge}]
            session.change(read(text({"serial": tables}), session.setup))
        faults = session.meet_boards()
    if faults:
        return shown("boards", Wrong({}, {}, tuple(in_words(fault) for fault in faults)), "boards")
    return done("The board has said who it is.", "page.step", name="boards")


@page.post("/boards/<bridge>/remove")
@answered
def remove_board(bridge: str) -> Any:
    form("csrf")
    tables = [one for one in plain(setup_now()).get("serial", []) if one["bridge"] != bridge]
    with desk().working() as session:
        session.change(read(text({"serial": tables}), session.setup))
    return done("Taken out.", "page.step", name="boards")


@page.post("/boards/<bridge>/<channel>")
@answered
def wire(bridge: str, channel: str) -> Any:
    address = f"{bridge}/{channel}"
    one = next((each for each in inputs() if each["address"] == address and each["sensor"] is None), None)
    if one is None:
        abort(404)
    wrong = said("boards", Form(one["fields"], wired), address)
    return done("Added.", "page.step", name="boards") if wrong is None else shown("boards", wrong, address)


@page.context_processor
def _of_things() -> dict[str, Any]:
    return {"radio": radio, "inputs": inputs, "thing_fields": lambda: thing_fields(setup_now()), "names": NAMES}
