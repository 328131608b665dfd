"""What goes wrong in an installer's hour, done to the hub that was just installed, one thing after the other: the step
that meets it says so in a line, which is printed, and the same step goes on once it is put right.

Nothing here is the product's: devices are asleep or hang elsewhere, files are another's, the centre does not answer.
"""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from deploy.package.fresh_root import PATIENCE_S, Root, journal, step
from deploy.package.home import BEDSIDE, CONFIG, EYES, HUB, ON_A_STICK, PROVISION, Somebody, provision, provisioning
from tests.brokers import Authority, Process, until
from tests.walked_hub import Walks
from tests.wall_clock import WallClock
from tests.z2m.harness import DOOR, PIR, SOS

UNKNOWN: Final = "0x00158d0000000b0d"  # nobody has described it
CLEAR_S: Final = 2.0  # zigbee2mqtt ends a movement after 1 s; before that it says of the next one nothing
GIVEN: Final = f"/{ON_A_STICK}/hub.pem"
UNSIGNED: Final = (
    "SELECT epoch, seq FROM alert WHERE kind = 'test_call' AND envelope IS NOT NULL"
    " EXCEPT SELECT epoch, seq FROM custody WHERE state = 'received'"
)


@contextmanager
def broken(what: str, where: str) -> Iterator[list[str]]:
    """``where`` is the step that says so; what it said is put into the list, and printed."""
    with step(f"broken: {what}; {where} says") as said:
        yield said


# -- devices join ------------------------------------------------------------------------------------------------


def joined(root: Root, somebody: Somebody) -> str:
    """The home's devices, of which one sleeps and has next to no battery, beside a stranger's and a second installer.
    All that provision said."""
    with step("provision, from an answers file: four devices are waited for (radio in memory)"):
        process = provisioning(root)
    with broken("a second installer begins meanwhile", "provision") as said:
        said += root.run(*PROVISION, status=75).splitlines()
        who = f"another installer is setting up this hub (process {process.pid})"
        assert said == [f"hearthwatch: {who}; end that one first"], said
    with broken("the door's sensor falls asleep in its interview", "provision") as said:
        somebody.tell(do="sleep", device=DOOR)
        somebody.tell(do="join", device=DOOR)
        said.append(_told(root, process, f"{DOOR} has not"))
        assert said[0] == f"{DOOR} has not said what it is: hold it near the hub, wake it, try again", said
    with step("put right: it is woken, and it and both motion sensors are taken"):
        somebody.tell(do="wake", device=DOOR)
        for device in (DOOR, PIR, BEDSIDE):
            somebody.tell(do="join", device=device)
            _told(root, process, f"{device} is (?!being)")
    with broken("a device that nobody has described joins where a button is waited for", "provision") as said:
        somebody.tell(do="join", device=UNKNOWN)
        said.append(_told(root, process, f"{UNKNOWN} is (?!being)"))
        assert said[0].startswith(f"{UNKNOWN} is Nobody NB-1, which zigbee2mqtt does not know: motion"), said
        assert _lines(root.said("provision"), "waiting for")[-1] == "waiting for the next button for pendant"
    with broken("the door's battery is nearly empty", "provision") as said:
        somebody.door_battery(9)
        _told(root, process, f"{DOOR}: battery at 9 %")
        somebody.tell(do="leave", device=UNKNOWN)
        somebody.tell(do="join", device=SOS)
        assert process.wait(PATIENCE_S) == 1, root.said("provision")  # the centre has not signed yet
        said += _lines(root.said("provision"), "note: front-door")
        assert len(said) == 1, said
        assert said[0].startswith("note: front-door: its battery is at 9 % (heard 20"), said
    return root.said("provision")


def _told(root: Root, process: subprocess.Popen[str], start: str) -> str:
    """The line that begins so, once provision has said it."""
    line = re.compile(f"^{start}.*$", re.MULTILINE)
    until(lambda: process.poll() is not None or line.search(root.said("provision")), start, PATIENCE_S)
    found = line.search(root.said("provision"))
    assert found, root.said("provision")
    return found[0]


def _lines(said: str, start: str) -> list[str]:
    return [line for line in said.splitlines() if line.startswith(start)]


# -- what the centre handed over ---------------------------------------------------------------------------------


def refused(root: Root, authority: Authority, stick: Path, request: bytes) -> None:
    """``request`` is the hub's; the files of its centre, of other centres and of other days lie on the ``stick``."""
    work = stick / "others"
    work.mkdir()
    other = Authority(work / "other", "another centre")
    past = Authority(work / "past", days=(-9, -2))
    for what, certificate, ca, words in (
        (
            "the ca.pem on the stick is another centre's", authority.sign(request), other.ca,
            "was not signed by the authority in ca.pem; one of the two is another centre's",
        ),
        ("the certificate has ended", past.sign(request), past.ca, "ended on 20"),
        (
            "the certificate is another hub's", authority.sign(request, "hub-0002"), authority.ca,
            f"is for 'hub-0002' and not for {HUB}; are the files of two hubs mixed up? Else ask the centre",
        ),
    ):  # fmt: skip
        (stick / "hub.pem").write_bytes(certificate)
        shutil.copy(ca, stick / "ca.pem")
        with broken(what, "provision") as said:
            said += _lines(provision(root), f"{GIVEN}: ")
            assert len(said) == 1, said
            assert said[0].startswith(f"{GIVEN}: {words}"), said
    with broken("the hub's clock stands at 1970", "provision") as said:
        note = " ".join(provision(root, *_in_1970(root)).split()).partition("note: this hub's")
        said.append("".join(note[1:]).partition(" note: ")[0])
        looked = "from when to when certificates are good was not looked at"
        assert said == [f"note: this hub's clock is not set: {looked}"], said
    assert not (root.folder / "etc/hearthwatch/hub.toml").exists(), "nothing is written by halves"
    assert not (root.folder / "etc/hearthwatch/centre/hub.pem").exists(), "nothing that was refused is taken in"


def _in_1970(root: Root) -> list[str]:
    """The environment of a process whose clock stands there; nobody else's does."""
    here = root.folder / ON_A_STICK
    clock = WallClock(here)
    inside = {"LD_PRELOAD": f"/{ON_A_STICK}/libfaketime.so.1", "FAKETIME_TIMESTAMP_FILE": f"/{ON_A_STICK}/clock"}
    shutil.copy(clock.env["LD_PRELOAD"], here)
    return [f"{name}={value}" for name, value in (clock.env | inside).items()]


# -- the home is walked ------------------------------------------------------------------------------------------


class Errs(Walks):
    """Somebody who walks where not all is well. ``then``: what they do as soon as that eye has seen them, once."""

    def __init__(
        self, line: Sequence[str], do: Callable[[str, str], None], then: Mapping[str, Callable[[Walks], None]]
    ) -> None:
        super().__init__(line, do)
        self._then = dict(then)

    def obey(self, event: dict[str, Any], blind: tuple[str, ...] = ()) -> None:
        super().obey(event, blind)
        if event["event"] == "heard" and (event["quantity"], event["value"]) == ("motion", 1):
            act = self._then.pop(event["sensor"], None)
            if act is not None:
                act(self)


def _walk(
    root: Root,
    somebody: Somebody,
    then: Mapping[str, Callable[[Walks], None]],
    blind: tuple[str, ...] = (),
    more: tuple[str, ...] = (),
) -> list[str]:
    """The lines about what is wrong. ``blind``: the rooms in which nobody answers, and Enter is pressed at once."""
    time.sleep(CLEAR_S)
    with Errs(root.words("hearthwatch", "walk-test", *CONFIG, *more), somebody.do, then) as walks:
        end, status = walks.all(blind), walks.status()
    assert status == 1, end
    faults: list[str] = end["faults"]
    return faults


def walked_in_vain(root: Root, somebody: Somebody, receiver: Process) -> None:
    with broken("the door's battery is still the old one", "walk-test") as said:
        said += _walk(root, somebody, {})
        assert said == ["front-door: battery at 9 %: change it; the new one is heard when it next reports"], said
    somebody.door_battery(100)
    with broken("the two motion sensors hang in each other's rooms", "walk-test") as said:
        somebody.sees = {"hall": BEDSIDE, "bedroom": PIR}
        said += _walk(root, somebody, {"hall-motion": Walks.enter, "bedroom-motion": Walks.enter})
        mend = "give the two each other's place, or correct home.toml"
        assert said == [
            f"hall-motion: swapped with bedroom-motion: {mend}",
            f"bedroom-motion: swapped with hall-motion: {mend}",
        ], said
    with broken("the bedroom's motion sensor hangs in the hall", "walk-test") as said:
        somebody.sees = {"hall": BEDSIDE, "bedroom": None}
        said += _walk(root, somebody, {"bedroom-motion": lambda _: somebody.seen(PIR)}, blind=("bedroom",))
        room = "Mum's bedroom"
        assert said == [
            f"bedroom-motion: answers in hall and not in {room}: mount it in {room}, or correct home.toml"
        ], said
    with broken("the bedroom's motion sensor is dead", "walk-test") as said:
        somebody.sees = EYES | {"bedroom": None}
        said += _walk(root, somebody, {}, blind=("bedroom",))
        look = "press its own button and see whether it joins"
        assert said == [f"bedroom-motion: was not heard at all: battery or radio; {look}"], said
    somebody.sees = dict(EYES)
    with broken("the door's contact says the opposite", "walk-test") as said:
        somebody.inverted = True
        somebody.door(False)
        said += _walk(root, somebody, {})
        assert said == ["front-door: says the opposite: set inverted = true for it in home.toml"], said
    somebody.inverted = False
    somebody.door(False)
    _silent(root, somebody, receiver)


def _silent(root: Root, somebody: Somebody, receiver: Process) -> None:
    with broken("the centre is silent: its broker takes the test alert, and nobody signs for it", "walk-test") as said:
        os.kill(receiver.pid, signal.SIGSTOP)
        said += _walk(root, somebody, {}, more=("--wait", "1"))
        why = "is uplink running, and does the centre know this hub? `hearthwatch doctor` says more"
        assert said == [f"the centre has not signed for the test alert within 1 s: {why}"], said
    with step("put right: the centre is there again, and signs for all that waited"):
        assert journal(root, UNSIGNED), "something waits"
        os.kill(receiver.pid, signal.SIGCONT)
        until(lambda: not journal(root, UNSIGNED), "the receipts", PATIENCE_S)
