"""One installer's session on a hub: what the steps of agent/provision/plan.py do in the world, one method a step.

The interface for whoever shows it (the terminal, the page, an answers file):

    with Session(config) as session:         one at a time: Running (exit 75) if another has it
        session.view()                       plan.view: all there is to show, plain data
        session.say({"home": {...}})         what a form or a question says; BadAnswers with every mistake
        session.say_file(path)               the same of an answers file for a fleet, which must be whole
        session.change(joined.unpaired(session.setup, "hall-motion"))     any verb of the core
        session.make_keys()                  the hub's keys, and the request to carry to the centre
        session.take_in()                    the centre's files, checked; what is wrong, a line each
        with session.pairing() as pairs:     devices may join
            pairs.wanted = "hall-motion"     whom the next device is for; None: the first that it fits
            for event in pairs.turn(0.5): …  what happened; session.setup knows already
        session.ports()                      serial ports on which a board may be
        session.meet_boards()                each board of [[serial]] is asked who it is; what is wrong, a line each
        session.promised()                   what this care plan promises before the home has a past, in sentences
        session.invite("tom")                a link that lets a member of the family in once
        session.write()                      home.toml and hub.toml, together, whole or not at all

Each method keeps setup.json before it returns: whatever becomes of this process, the next session goes on from there.
Refused, in words, for what cannot be done.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from agent.civil import Wall, rfc3339
from agent.clock_io import wall_is_believable, wall_ms
from agent.engine import Engine
from agent.files_io import give_to_owner_of_folder
from agent.home import parse
from agent.models_io import shipped
from agent.mqtt_io import Broker
from agent.nouns import DAY_MS, Home, Instant, Refused
from agent.passwords import Unfit
from agent.promise.waits import Promised, Waits
from agent.promise.words import sentence, unheard
from agent.provision.answers import read
from agent.provision.joined import addressed, things
from agent.provision.plan import ready, view
from agent.provision.provision_io import alone, digests, is_written, keep, load, write
from agent.provision.setup import NEXT, BoardSeen, Found, Setup
from agent.provision.toml_text import text
from agent.provision.writing import home_text
from agent.sensors.board_io import hello
from agent.sensors.pairing_io import Joiner
from agent.sensors.serial_io import PortError
from agent.setup_centre_io import fault, has_keys, make_keys, take_in
from agent.setup_pairs_io import Pairs

PORTS: Final = Path("/dev/serial/by-id")
PROMISED_AT: Final = (10 * 60, 3 * 60)  # minutes of the day for which the promise is told in words
MOST_PORTS: Final = 32  # of a machine; more are not offered


class Session:
    """``config`` is where hub.toml is, or is to be; every path in it is relative to its folder."""

    def __init__(self, config: Path) -> None:
        self.config, self._folder = config, config.parent
        self.setup = Setup()
        self._held = ExitStack()

    def __enter__(self) -> Self:
        if not self._folder.is_dir():
            raise Refused(f"{self._folder}: there is no such folder; make it, or correct --config")
        with ExitStack() as held:
            held.enter_context(alone(self.config))
            self.setup = load(self.config)
            self._held = held.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._held.close()

    # -- what is shown, and what is said ------------------------------------------------------------------------

    def found(self) -> Found:
        folder, setup = self._folder, self.setup
        numbers = range(len(setup.centres))
        faults = tuple(fault(folder, setup, nth, handed=True) or fault(folder, setup, nth) for nth in numbers)
        return Found(has_keys(folder, setup), faults, is_written(self.config, setup), wall_is_believable())

    def view(self) -> dict[str, Any]:
        return view(self.setup, self.found())

    def change(self, setup: Setup) -> None:
        """Kept before anything follows from it."""
        keep(self.config, setup)
        self.setup = setup

    def say(self, tables: Mapping[str, Any]) -> None:
        """ValueError where something in it is nothing that TOML can say."""
        self.change(read(text(tables), self.setup))

    def say_file(self, path: Path) -> None:
        """An answers file for a fleet; files that it names lie beside it."""
        try:
            data = path.read_bytes()
        except OSError as why:
            raise Refused(f"{path}: cannot be read: {why.strerror}") from None
        beside = path.resolve().parent
        self.change(read(data, self.setup, complete=True, located=lambda name: str(beside / name)))

    def date(self) -> str:
        """The date on the home's own wall, or nothing where this hub does not know it."""
        if not wall_is_believable():
            return ""
        day = Wall(self.setup.timezone or "UTC").day(Instant(wall_ms()))
        return rfc3339(Instant(day * DAY_MS))[:10]

    # -- who this hub is, and who comes -------------------------------------------------------------------------

    def make_keys(self) -> tuple[Path, Path]:
        """What is to be carried to the centre: the request for a certificate, and the key that it pins."""
        return make_keys(self._folder, self.setup)

    def take_in(self) -> list[str]:
        """The files that the centre handed over are checked where they are, and taken in only if nothing is wrong."""
        setup, faults = take_in(self._folder, self.setup)
        self.change(setup)
        return faults

    # -- what is in the home ------------------------------------------------------------------------------------

    def pairing(self) -> Pairs:
        """To be entered. Refused where the local broker or zigbee2mqtt is not there."""
        local = self.setup.local
        password = str(self._folder / local.credentials) if local.credentials else None
        broker = Broker(local.host, local.port, username=local.username, password_file=password)
        return Pairs(self, Joiner(broker, local.base_topic))

    def ports(self, folder: Path = PORTS) -> list[str]:
        """By the names that they keep when another one is plugged in."""
        return sorted(map(str, folder.iterdir()))[:MOST_PORTS] if folder.is_dir() else []

    def meet_boards(self) -> list[str]:
        faults, boards = [], dict(self.setup.boards)
        for serial in self.setup.serial:
            try:
                said = hello(replace(serial, port=str(self._folder / serial.port)))
            except PortError as why:
                faults.append(f"{serial.bridge}: {why}")
                continue
            channels = tuple(channel.name for channel in said.channels)
            boards[serial.bridge] = BoardSeen(serial.bridge, said.firmware, channels)
        self.change(replace(self.setup, boards=boards))
        return faults

    def promise(self) -> Promised:
        """Refused before there are rooms and sensors."""
        home = self._home()
        engine, waits = Engine(home, models=shipped()), Waits(home)
        return waits.promised(engine.possible_fall.promise_at, engine.possible_fall.expected())

    def promised(self) -> list[str]:
        """The same in words: a fall in the morning and one at night in each room, and where nobody is heard."""
        found = self.promise()
        said = [sentence(found, room, minute) for room in found.rooms for minute in PROMISED_AT]
        return [line.partition(" That is what the rule")[0] for line in said] + unheard(found)

    def _home(self) -> Home:
        """The home as it would be, were all devices there."""
        setup = self.setup
        if not setup.rooms or not setup.sensors:
            raise Refused("there is nothing to promise before there are rooms and sensors")
        for nth, (id, _, address) in enumerate(things(setup)):
            if address == NEXT:
                setup = addressed(setup, id, f"0x{nth:016x}")
        return parse(home_text(replace(
            setup,
            home_id=setup.home_id or "home",
            timezone=setup.timezone or "UTC",
            residents=setup.residents or 1,
        )))  # fmt: skip

    # -- who may look, and the end ------------------------------------------------------------------------------

    def invite(self, name: str) -> str:
        """A link, good once and for a week. Refused where nobody is to be told, that member was not named, or this hub
        does not know the time: a week from 1970 on would be over once it does."""
        from agent.page.family_io import Family  # a database that nobody needs who invites nobody

        setup = self.setup
        member = next((one for one in setup.family if one.name == name), None)
        if member is None or setup.page is None:
            raise Refused(f"{name}: is nobody of the family, or there is no [page]: say so first")
        if not setup.consent.summary_to_family:
            raise Refused("who lives here does not want the day to be told ([consent] summary_to_family = false)")
        if not wall_is_believable():
            raise Refused(f"{name} is not invited yet: this hub's clock is not set, and the link would end too soon")
        state = self._folder / (setup.page.state or setup.state)
        state.mkdir(parents=True, exist_ok=True)
        family = Family(state)
        try:
            code = family.invite(name, member.resident, Instant(wall_ms()), "the installer")
        except Unfit as unfit:
            raise Refused(str(unfit)) from None
        finally:
            family.close()
            give_to_owner_of_folder(*state.glob("page.db*"))
        self.change(replace(setup, invited=tuple(dict.fromkeys((*setup.invited, name)))))
        return f"{setup.page.url}/welcome/{code}"

    def write(self) -> list[Path]:
        """Which files were written. Refused, with all that is missing, before everything that a home needs is there."""
        if missing := ready(self.setup, self.found()):
            raise Refused("\n".join(missing))
        files = write(self.config, self.setup)
        self.change(replace(self.setup, written=digests(files)))
        return files
