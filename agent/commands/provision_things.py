"""The steps of a terminal in which the home is walked: sensors that are paired, boards that are met, who may look."""

from dataclasses import replace
from typing import Any, Final

from agent.commands.provision_asking import agreed_to, ask, said, show
from agent.home import ROLES
from agent.newcomer import Newcomer
from agent.provision.joined import addressed, passed, used, waiting
from agent.provision.plan import stands
from agent.provision.setup import plain
from agent.setup_io import Session
from agent.setup_pairs_io import Pairs

WHAT: Final = (
    "  p  pair: devices join one after the other, and you say what each is\n"
    "  w  a sensor that is wired to a board\n"
    "  r  replace a sensor: the next device that joins takes its place\n"
    "  d  take a sensor out\n"
    "  Enter: that is all"
)


def sensors(session: Session) -> None:
    while True:
        _list(session)
        print(WHAT)
        what = ask("What now").lower()
        if not what:
            return
        if what == "p":
            pair(session)
        elif what == "w":
            said(session, lambda: {"sensor": [*plain(session.setup).get("sensor", []), _wired(session)]})
        elif what == "r" and (old := _one_of(session, "Which is to be replaced")):
            pair(session, replaced=old)
        elif what == "d" and (gone := _one_of(session, "Which is to go")):
            left = tuple(one for one in session.setup.sensors if one.id != gone)
            lamps = tuple(one for one in session.setup.signals if one.id != gone)
            session.change(replace(session.setup, sensors=left, signals=lamps))


def _list(session: Session) -> None:
    """Each sensor on a line: what it is, where, and how its radio and its battery stand."""
    setup = session.setup
    missing = next(one.missing for one in stands(setup, session.found()) if one.step.name == "sensors")
    for one in setup.things:
        device = setup.devices.get(one.address.partition("#")[0])
        print(f"  {one.id[:20]:20} {one.kind:11} {one.room[:14]:14} {_radio(device) if device else one.address}")
    for line in missing:
        show(f"! {line}")


def _radio(device: Newcomer) -> str:
    link = "radio not measured yet" if device.link_quality is None else f"link {device.link_quality}/255"
    battery = "" if device.battery_percent is None else f", battery {device.battery_percent} %"
    return link + battery


def _one_of(session: Session, words: str) -> str:
    """Empty: none of them."""
    ids = [one.id for one in session.setup.things]
    while (id := ask(f"{words} (Enter: none)")) and id not in ids:
        show(f"! there is no sensor {id[:48]!r}; there are {', '.join(ids) or 'none'}")
    return id


def pair(session: Session, replaced: str = "") -> None:
    """Devices join; each is told as it comes. Ctrl-C ends it, and nobody can join then."""
    with session.pairing() as pairs:
        if replaced and (fault := pairs.replace(replaced)):
            show(f"! the old one is still in the network: {fault}")
        pairs.wanted = ""  # nobody is given a device unasked here
        pairs.permit(True)
        print("  Devices may join: press the button of one until it blinks. Ctrl-C ends it.")
        try:
            for device in [] if replaced else list(session.setup.devices.values()):
                _left_over(session, device)
            while True:
                _told_while_waiting(session, pairs)
        except KeyboardInterrupt:
            print("\n  No device can join any more.")


def _told_while_waiting(session: Session, pairs: Pairs) -> None:
    for event in pairs.turn(1.0):
        if event.what != "link":
            _over(event.words)
        device = session.setup.devices.get(event.address)
        if event.what in ("ready", "announced") and device is not None and not used(session.setup, device.address):
            _placed(session, device)
        if event.what == "failed" and agreed_to("Ask it again", True):
            show(pairs.again(event.address) or "It is asked again.")
    print(f"\r  {pairs.left_s:3} s open, {len(waiting(session.setup))} waited for ", end="", flush=True)


def _left_over(session: Session, device: Newcomer) -> None:
    """One that has joined earlier and is no sensor yet: it does not join again by itself."""
    if device.interview == "ready" and device.kinds and not used(session.setup, device.address):
        show(f"{device.address} ({device.vendor} {device.model}) has joined before, and is no sensor yet.")
        if agreed_to("Is it to be one", True):
            _placed(session, device)


def _over(words: str) -> None:
    """In place of the line that tells how long devices may still join."""
    print("\r" + " " * 40 + "\r", end="")
    show(words)


def _placed(session: Session, device: Newcomer) -> None:
    """What it is, and where: for a sensor that waits for one, or a new one."""
    show(f"{_radio(device)}.")
    fitting = [id for id, kind in waiting(session.setup) if kind in device.kinds]
    if not device.kinds:
        return
    if fitting:
        id = ask(f"For which of {', '.join(fitting)} (new: another)", fitting[0])
        if id in fitting:
            session.change(addressed(session.setup, id, device.address))
            return
    said(session, lambda: _new(session, device))


def _new(session: Session, device: Newcomer) -> dict[str, Any]:
    before = plain(session.setup)
    kind = ask(f"It is a ({', '.join(device.kinds)})", device.kinds[0])
    if kind in ("lamp", "sounder"):
        room, id = _where(session, kind)
        signal = {"id": id, "kind": kind, "room": room, "link": "zigbee", "address": device.address}
        return {"signal": [*before.get("signal", []), signal]}
    return {"sensor": [*before.get("sensor", []), _table(session, kind, "zigbee", device.address)]}


def _table(session: Session, kind: str, link: str, address: str) -> dict[str, Any]:
    room, id = _where(session, kind)
    table = {"id": id, "kind": kind, "room": room, "link": link, "address": address}
    if kind in ROLES:
        entered = any(one.role == "entrance" for one in session.setup.sensors)
        usual = "entrance" if kind == "door" and not entered else ROLES[kind][0]
        table["role"] = ask(f"Its role ({', '.join(ROLES[kind])})", usual)
    return table


def _where(session: Session, kind: str) -> tuple[str, str]:
    rooms = [room.id for room in session.setup.rooms]
    while (room := ask(f"In which room ({', '.join(rooms)})", rooms[0] if len(rooms) == 1 else "")) not in rooms:
        show(f"! there is no room {room[:48]!r} here")
    taken = {one.id for one in session.setup.things}
    names = (f"{room}-{kind}", *(f"{room}-{kind}-{nth}" for nth in range(2, 99)))
    return room, ask("Its name", next(name for name in names if name not in taken))


def _wired(session: Session) -> dict[str, Any]:
    kind = ask("It is a (door, motion, button, bed)", "door")
    bridges = [serial.bridge for serial in session.setup.serial] or ["bridge-1"]
    channels = [f"{one.bridge}/{channel}" for one in session.setup.boards.values() for channel in one.channels]
    known = f" ({', '.join(channels)})" if channels else ""
    return _table(session, kind, "serial", ask(f"Its input{known}", f"{bridges[0]}/{kind}0"))


def boards(session: Session) -> None:
    """Each port is asked who is there; nothing that a board keeps for the hub is lost by that."""
    ports = session.ports()
    show("Ports: " + (", ".join(ports) or "none that a board could be on"))
    if not ports and not session.setup.serial:
        session.change(passed(session.setup, "boards"))
        return
    if agreed_to("Is a board with wired sensors on one of them", bool(session.setup.serial)):
        said(session, lambda: {"serial": _ports([serial.port for serial in session.setup.serial] or ports[:1])})
        for line in session.meet_boards():
            show(f"! {line}")
        for board in session.setup.boards.values():
            show(f"{board.bridge}: {board.firmware}, with {', '.join(board.channels)}")
        return
    said(session, lambda: {"serial": []})


def _ports(before: list[str]) -> list[dict[str, Any]]:
    chosen = ask("Its port; several with a comma", ", ".join(before)).split(",")
    return [{"port": port.strip(), "bridge": f"bridge-{nth}"} for nth, port in enumerate(chosen, 1)]


def family(session: Session) -> None:
    if not agreed_to(
        "May somebody of the family look at the day, in this home's network", session.setup.page is not None
    ):
        session.change(passed(session.setup, "family"))
        return
    page = plain(session.setup).get("page", {})
    said(session, lambda: {"page": {**page, "address": ask("This hub's address there", page.get("address"))}})
    while said(session, lambda: _invited(session)):
        name = session.setup.family[-1].name
        print(f"  This link lets {name} in once, within 7 days:\n  {session.invite(name)}")


def _invited(session: Session) -> dict[str, Any]:
    """One more of the family; empty: that is all."""
    name = ask("Whom to invite, a-z and 0-9; Enter: that is all").lower()
    if not name:
        return {}
    members = [one for one in plain(session.setup).get("family", []) if one["name"] != name]
    return {"family": [*members, {"name": name, "resident": agreed_to("Is it who lives here", False)}]}
