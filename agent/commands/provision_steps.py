"""Setting up a home in a terminal: one step after the other, each can be left and gone back to. 80 columns, no colours.

Every answer goes through the same door as an answers file, so a mistake is told in the same words, and asked again.
"""

from collections.abc import Callable
from typing import Any, Final

from agent.commands.asking import Refused
from agent.commands.provision import NEXT, overview
from agent.commands.provision_asking import Left, agreed_to, ask, number, said, show
from agent.commands.provision_things import boards, family, sensors
from agent.provision.plan import NAMES, next_step
from agent.provision.setup import plain
from agent.setup_io import Session

HELP: Final = "Enter: go on. A step's name: go there. ?: how far it is. q: leave; all is kept."
NOTE: Final = "A minus in place of an answer leaves a step as it was."


def led(session: Session, step: str | None) -> None:
    """Until all is done, or the installer leaves."""
    print("\n".join(overview(session.view())))
    print(f"{HELP}\n{NOTE}")
    while True:
        following = next_step(session.setup, session.found())
        name = step or (following.step.name if following else "q")
        if step is None:
            said = input(f"\n[{name}] > ").strip().lower() or name
            if said == "?":
                print("\n".join(overview(session.view())))
                continue
            name = said
        step = None
        if name in ("q", "quit", "exit"):
            return
        if name not in NAMES:
            print(f"There is no step {name[:40]!r}: there are {', '.join(NAMES)}.")
            continue
        taken(session, name)


def taken(session: Session, name: str) -> None:
    """One step; what cannot be done is told, and nothing else is lost."""
    stand = next(one for one in session.view()["steps"] if one["name"] == name)
    print(f"\n{stand['title']}: {stand['why']}.")
    for line in stand["missing"] if name != "sensors" else ():  # which it lists itself
        show(f"! {line}")
    if stand["waits_for"] and name != "files":
        print(f"First: {', '.join(stand['waits_for'])}.")
        return
    try:
        STEPS[name](session)
    except Left:
        print("Left as it was.")
    except Refused as fault:
        for line in str(fault).splitlines():
            show(f"! {line}")


def _identity(session: Session) -> None:
    setup = session.setup
    said(session, lambda: {"hub": {"id": ask("This hub's id, as the centre knows it", setup.hub_id)}})
    if agreed_to(f"Local broker {setup.local.host}:{setup.local.port}; change it?", False):
        said(session, lambda: {"local": _local(plain(setup)["local"])})
    request, public = session.make_keys()
    print(f"  The hub's keys are made, and never leave it. To carry to the centre:\n  {request}\n  {public}")


def _local(before: dict[str, Any]) -> dict[str, Any]:
    host, port = ask("Host", before["host"]), number(ask("Port", before["port"]))
    username = ask("User name, if it asks for one", before.get("username"))
    credentials = ask("File with its password", before.get("credentials")) if username else ""
    base = ask("zigbee2mqtt's base topic", before["base_topic"])
    who = {"username": username, "credentials": credentials} if username else {}
    return {"host": host, "port": port, "base_topic": base, **who}


def _home(session: Session) -> None:
    setup = session.setup
    said(
        session,
        lambda: {
            "home": {
                "id": ask("The home's id, used on this hub only", setup.home_id),
                "timezone": ask("Time zone, such as Europe/London", setup.timezone),
                "residents": number(ask("How many live here", setup.residents or 1)),
            }
        },
    )


def _consent(session: Session) -> None:
    show("Movement, doors, beds and buttons are recorded on this hub alone; only alerts leave it, without names.")
    before, flags = session.setup.agreed, session.setup.consent
    said(
        session,
        lambda: {
            "consent": {
                "agreed_by": ask("Who lives here and agrees", before.by if before else ""),
                "agreed_on": ask("On which day, YYYY-MM-DD", before.on if before else session.date()),
                "in_presence_of": ask("Who else is here", before.presence if before else ""),
                "monitoring": agreed_to("The home may be watched", flags.monitoring),
                "summary_to_family": agreed_to("The family may be told of the day", flags.summary_to_family),
                "bathroom_detail_to_family": agreed_to("… also of the bathroom", flags.bathroom_detail_to_family),
            }
        },
    )


def _rooms(session: Session) -> None:
    said(session, lambda: {"room": _listed_rooms(plain(session.setup).get("room", []))})


def _listed_rooms(rooms: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rooms = list(rooms)
    show("Kinds: bedroom, bathroom, kitchen, living, hall, other; -hall takes the hall out.")
    while True:
        show("Rooms: " + (", ".join(f"{room['id']} ({room['name']})" for room in rooms) or "none yet"))
        kind = ask("Kind of the next room; Enter: that is all").lower()
        if not kind:
            return rooms
        if kind.startswith("-"):
            rooms = [room for room in rooms if room["id"] != kind[1:]]
            continue
        taken_ids = [room["id"] for room in rooms]
        id = ask("Its id, a-z, 0-9 and -", kind if kind not in taken_ids else f"{kind}-{len(rooms) + 1}")
        rooms.append({"id": id, "kind": kind, "name": ask("What the family calls it", id)})


CARE: Final = (
    ("false_alerts_per_30_days", "False alerts in 30 days that are bearable; fewer means later"),
    ("not_up_by", "Up by, HH:MM (none: the resident's own usual)"),
    ("bed_exit_minutes", "Out of bed at night for so many minutes"),
    ("door_open_minutes", "Entrance open for so many minutes"),
    ("home_by", "Home by, HH:MM (none: no rule)"),
)


def _care(session: Session) -> None:
    said(session, lambda: {"care": _asked_care(plain(session.setup)["care"])})
    print("What this promises before the home has a past of its own:")
    for line in session.promised():
        show(line)


def _asked_care(before: dict[str, Any]) -> dict[str, Any]:
    care = dict(before)
    for key, words in CARE:
        answer = ask(words, care.get(key, "none"))
        care.pop(key, None)
        if answer != "none":
            care[key] = _as_toml(answer)
    night = care["night"]
    care["night"] = [ask("Night begins", night[0]), ask("Night ends", night[1])]
    care["night_exit"] = agreed_to(
        "Tell when the entrance is opened at night and nobody comes back", care["night_exit"]
    )
    return care


def _as_toml(text: str) -> object:
    try:
        return int(text) if text.isdecimal() else float(text)
    except ValueError:
        return text


def _centre(session: Session) -> None:
    centres = plain(session.setup).get("centre", [{}])
    said(session, lambda: {"centre": [_asked_centre(centres[0]), *centres[1:]]})
    for line in session.take_in():
        show(f"! {line}")


def _asked_centre(before: dict[str, Any]) -> dict[str, Any]:
    print("  Files may be given when they have come; Enter where they have not.")
    host, port = ask("The centre's broker", before.get("host")), number(ask("Port", before.get("port", 8883)))
    table: dict[str, Any] = {"host": host, "port": port}
    for key, words in (("ca", "Its ca.pem"), ("certificate", "This hub's hub.pem"), ("receipt_key", "receipts.pub")):
        table[key] = ask(words, before.get(key))
    return {key: value for key, value in {**before, **table}.items() if value != ""}


def _files(session: Session) -> None:
    for path in session.write():
        print(f"  written: {path}")
    show(NEXT)


STEPS: Final[dict[str, Callable[[Session], None]]] = {
    "identity": _identity,
    "home": _home,
    "consent": _consent,
    "rooms": _rooms,
    "sensors": sensors,
    "boards": boards,
    "care": _care,
    "family": family,
    "centre": _centre,
    "files": _files,
}
