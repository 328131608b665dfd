"""The set-up page in a real browser: a home is set up with keys alone on a phone's screen, and devices really join.

Real mosquitto, real zigbee2mqtt, a radio in memory; a real centre's authority signs what the page gives out.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.home import parse
from agent.setup_io import Session
from tests.brokers import Authority, until
from tests.browser import Browser, chromium
from tests.hands import ENTER, PHONE, PICTURES, Hands
from tests.setup_page_maker import SetupPage
from tests.z2m.harness import DOOR, PIR, PLUG, SOS, World, door_battery, motion, world

UNKNOWN = "0x00158d0000000b0d"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("profile")) as found:
        found.narrow(PHONE)
        yield found


@pytest.fixture(scope="module")
def radio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("z2m")) as made:
        made.start()
        made.until(lambda: made.new() == [("zigbee", "link", 1)], "the bridge")
        yield made


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SetupPage]:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with SetupPage(tmp_path_factory.mktemp("hub")) as found:
        yield found


def test_a_home_is_set_up_with_keys_alone_on_a_phone(
    browser: Browser, page: SetupPage, radio: World, tmp_path: Path
) -> None:
    hands = Hands(browser)
    browser.open(page.address)
    hands.looks("code")
    come_in(hands, page)
    hands.looks("steps")
    who_and_where(hands, page, radio)
    rooms(hands)
    sensors(hands, page, radio)
    plan_and_family(hands)
    the_centre(hands, page, tmp_path)
    hands.presses("On: Write it down", "Write it down")
    hands.looks("write")
    hands.presses("Write it down", "The home is written down")
    hands.looks("written")
    home = parse((page.folder / "home.toml").read_bytes())
    assert {sensor.id: (sensor.kind, sensor.address) for sensor in home.sensors.values()} == {
        "hall-motion": ("motion", PIR), "hall-door": ("door", DOOR), "mums-b-bedroom-b-button": ("button", SOS),
    }  # fmt: skip
    hands.presses("Done: end this page", "This page has ended")
    hands.looks("ended")
    until(lambda: page.process.poll() == 0, "the page to end by itself")
    assert not hands.faults, "\n".join(hands.faults)


def come_in(hands: Hands, page: SetupPage) -> None:
    hands.into("code", "WRONG234")
    hands.into("who", "Ann")
    hands.presses("Begin", "That is not the code")
    hands.looks("wrong-code")
    hands.into("code", page.code().lower())
    hands.into("who", "Ann")
    hands.presses("Begin", "0 of 10 steps are done")


def who_and_where(hands: Hands, page: SetupPage, radio: World) -> None:
    browser = hands.browser
    hands.presses("Begin: This hub", "As the monitoring centre gave it")
    hands.looks("identity")
    hands.into("id", "Hub 1")
    hands.to("local-of")
    browser.keys(ENTER)
    hands.into("port", str(radio.port))
    hands.presses("Keep it, and make the keys", "Give 1 to 32 of a-z, 0-9 and -, not 'Hub 1'.")
    assert hands.at() == "id", "the first mistake has the focus"
    hands.looks("identity-mistake")
    hands.into("id", "hub-0001")
    hands.presses("Keep it, and make the keys", "hub.csr")
    hands.looks("identity-done")
    hands.presses("On: The home, and who lives there", "A short name for this home")
    hands.looks("home")
    hands.into("id", "elm-12")
    hands.into("timezone", "Europe/London")
    hands.into("residents", "1")
    hands.presses("Keep it", "Read it out")
    hands.looks("consent")
    hands.into("agreed_by", "Mary Smith")
    hands.into("in_presence_of", "Tom, her son")
    hands.presses("Keep what was agreed", "Say yes or no.")
    hands.looks("consent-mistake")
    for name in ("monitoring", "summary_to_family"):
        hands.picks(name, "yes")
    hands.picks("bathroom_detail_to_family", "no")
    hands.presses("Keep what was agreed", "Add a room")


def rooms(hands: Hands) -> None:
    for kind, name in (("Hall", ""), ("Bedroom", "Mum's <b>bedroom</b>")):
        hands.chooses("kind", kind)
        hands.into("name", name)
        hands.presses("Add the room", "Added.")
    hands.browser.shows("Mum's <b>bedroom</b>")
    hands.looks("rooms")
    hands.presses("Mum's <b>bedroom</b>", "Take this room out")
    hands.looks("room")
    hands.into("name", "Mum's bedroom")
    hands.presses("Keep it", "Changed.")
    hands.presses("On: Sensors", "Add a sensor")


def sensors(hands: Hands, page: SetupPage, radio: World) -> None:
    browser = hands.browser
    for what, room in (("Motion", "hall"), ("Door contact: a way", "hall"), ("Help", "Mum")):
        hands.chooses("what", what)
        hands.chooses("room", room)
        hands.presses("Add the sensor", "Added.")
    hands.looks("sensors")
    hands.presses("begin", "Devices may join")
    hands.looks("joining")
    hands.to("what")  # somebody goes on typing while the page renews itself
    browser.keys(*"Smoke")
    for device, words in ((PIR, "Aqara RTCGQ11LM"), (DOOR, "SONOFF SNZB-04"), (PLUG, "S26R2ZB"), (UNKNOWN, "NB-1")):
        radio.tell(do="join", device=device)
        browser.shows(words)
    motion(radio)
    door_battery(radio, 9)
    browser.shows("radio good (120 of 255)")
    browser.shows("battery 9 %: put a new one in")
    browser.shows("zigbee2mqtt does not know this model")
    assert hands.at() == "what"
    assert browser.run("return document.activeElement.value") == "smoke"
    hands.looks("joined")
    killed_and_gone_on_with(hands, page)
    radio.tell(do="join", device=SOS)
    browser.shows("All sensors have their device. Nobody else may join.")
    hands.looks("all-joined")
    hands.presses("SONOFF S26R2ZB", "If it is not right")
    hands.looks("device")
    hands.presses("Take it out of the network", "Sensors of this home")
    until(lambda: "SONOFF S26R2ZB" not in browser.text(), "the plug to be gone")
    hands.presses("Motion sensor, Hall", "Give it the next device that joins")
    hands.looks("sensor")
    hands.presses("Give it the next device that joins", "Waits for its device")
    radio.tell(do="join", device=PIR)
    browser.shows("All sensors have their device. Nobody else may join.")
    hands.presses("On: Wired boards", "What is wired to a board")
    hands.looks("boards")
    hands.presses("No board here: go on", "What this promises")


def killed_and_gone_on_with(hands: Hands, page: SetupPage) -> None:
    """The hub loses its power while devices join."""
    page.kill()
    hands.browser.shows("what joins is not shown")
    page.start()
    hands.browser.open(page.address)
    hands.into("code", page.code())
    hands.into("who", "Ann")
    hands.presses("Begin", "4 of 10 steps are done")
    hands.presses("Go on: Sensors", "Ready: Aqara RTCGQ11LM")
    hands.browser.shows("No device may join now.")
    hands.presses("begin", "Devices may join")


def plan_and_family(hands: Hands) -> None:
    hands.browser.shows("A fall in the hall at 10:00 would be reported by about")
    hands.looks("care")
    hands.into("bed_exit_minutes", "999")
    hands.presses("Keep the plan", "Give a whole number from 1 to 720, not 999.")
    hands.looks("care-mistake")
    hands.into("bed_exit_minutes", "20")
    hands.presses("Keep the plan", "Where the family's page is")
    hands.into("p-address", "192.168.1.20")
    hands.presses("Keep it", "Somebody who may look")
    for name, lives_here in (("tom", "no"), ("mary", "yes")):
        hands.into("m-name", name)
        hands.picks("resident", lives_here)
        hands.presses("Add them", "Added.")
    hands.looks("family")
    hands.presses("Make the invitations", "each link is shown this once")
    hands.looks("invitations")
    printed = hands.browser.printed()
    (PICTURES / "invitations.pdf").write_bytes(printed)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 2, "a sheet for each"
    hands.presses("I have them: go on", "invited")


def the_centre(hands: Hands, page: SetupPage, folder: Path) -> None:
    browser = hands.browser
    hands.presses("On: Monitoring centre", "The centre's broker")
    hands.looks("centre")
    authority, other = Authority(folder / "ca"), Authority(folder / "other")
    signed = authority.sign((page.folder / "centre" / "hub.csr").read_bytes()).decode()
    receipts = (page.folder / "state" / "hub.pub").read_text()
    hands.into("c0-host", "broker.example.org")
    for name, pem in (("ca", other.ca.read_text()), ("certificate", signed), ("receipt_key", receipts)):
        paste(hands, name, pem)
    hands.presses("Take it in", "It was not signed by the authority in ca.pem")
    hands.looks("centre-refused")
    for name, pem in (("ca", authority.ca.read_text()), ("certificate", signed), ("receipt_key", receipts)):
        paste(hands, name, pem)
    hands.presses("Take it in", "This step is done.")
    hands.looks("centre-done")
    assert "PRIVATE" not in browser.text()


def paste(hands: Hands, name: str, text: str) -> None:
    hands.to(f"c0-{name}-s")
    if not hands.browser.run("return document.activeElement.parentElement.open"):
        hands.browser.keys(ENTER)
    hands.to(f"c0-{name}-t")
    hands.browser.run("document.activeElement.value = arguments[0]", text)  # as the clipboard would


def test_without_scripts_nothing_is_missing_but_that_it_renews_itself(browser: Browser, tmp_path: Path) -> None:
    with Session(tmp_path / "hub.toml") as session:
        session.say({"local": {"host": "127.0.0.1", "port": 1}, "hub": {"id": "hub-0001"}})
        session.say({"home": {"id": "elm-12", "timezone": "Europe/London", "residents": 1}})
        session.say({"room": [{"id": "hall", "kind": "hall"}]})
        session.say({"sensor": [{"id": "hall-motion", "kind": "motion", "room": "hall", "link": "zigbee"}]})
    with SetupPage(tmp_path) as page:
        browser.script(False)
        try:
            browser.open(page.address)
            browser.type("#code", page.code())
            browser.type("#who", "Ann")
            browser.click(".asked button")
            browser.shows("steps are done")
            browser.open(f"{page.address}/step/sensors")
            browser.click("#begin")

            def told() -> bool:
                browser.click("noscript .button")
                return "is mosquitto running" in browser.text()

            until(told, "the fault, after looking again")
        finally:
            browser.script(True)
