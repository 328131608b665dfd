"""An installer without a mouse, for tests: keys alone, on a phone's screen, and eyes for every page that comes by."""

import os
from pathlib import Path

from tests.browser import Browser
from tests.conftest import ROOT

PICTURES = ROOT / "build" / "setup-page"
PHONE, NARROWEST, WIDE = 360, 320, 1_000
TAB, ENTER, SPACE, DOWN = "\ue004", "\ue007", " ", "\ue015"
MOST_TABS = 80
# The pictures of docs/installer.md are taken anew where this names its folder.
DOCS = os.environ.get("DOCS_PICTURES")
OF_DOCS_HIGH = 600
OF_DOCS = ("code", "steps", "joined", "care", "centre-refused")


class Hands:
    """An installer without a mouse, who looks at every page that they come by."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.faults: list[str] = []

    def at(self, by: str = "id") -> str:
        """What has the focus: its id, or a radio's name=value; or, by its words, the first line of them."""
        own = "e.type === 'radio' ? e.name + '=' + e.value : e.id"
        words = own if by == "id" else "e.innerText.trim().split('\\n')[0]"
        return str(
            self.browser.run(f"const e = document.activeElement; return e && e !== document.body ? {words} : ''")
        )

    def to(self, what: str) -> None:
        """Tab until that has the focus: an id, a radio's name=value, or the words on a button or a link."""
        for _ in range(MOST_TABS):
            if what in (self.at(), self.at("words")):
                return
            self.browser.keys(TAB)
        raise AssertionError(f"{what!r} is not reached by keys in:\n{self.browser.text()}")

    def into(self, what: str, text: str) -> None:
        self.to(what)
        self.browser.run("document.activeElement.select()")
        self.browser.keys(*text)

    def chooses(self, what: str, words: str) -> None:
        """In a list, by typing the words."""
        self.to(what)
        self.browser.keys(*words)

    def picks(self, name: str, value: str) -> None:
        """One of two: to the pair by Tab, to the other by an arrow."""
        for _ in range(MOST_TABS):
            if self.at().startswith(f"{name}="):
                break
            self.browser.keys(TAB)
        self.browser.keys(SPACE)
        if self.at() != f"{name}={value}":
            self.browser.keys(DOWN)
        assert self.at() == f"{name}={value}"

    def presses(self, words: str, then: str) -> None:
        self.to(words)
        self.browser.keys(ENTER)
        self.browser.shows(then)

    def looks(self, name: str) -> None:
        """The page as it is: in the light on a phone and a wide screen, in the dark on the narrowest phone."""
        for scheme, width in (("light", WIDE), ("dark", NARROWEST), ("light", PHONE)):
            self.browser.emulate(prefers_color_scheme=scheme)
            self.browser.narrow(width)
            where = f"{name} {scheme} {width}"
            self.faults += [f"{where}: {fault}" for fault in self.browser.faults_of_access()]
            self.faults += [f"{where}: {fault}" for fault in self.browser.run(TOO_SMALL)]
            if self.browser.run("return document.documentElement.scrollWidth > innerWidth"):
                self.faults.append(f"{where}: wider than the screen")
            self.browser.whole(width)
            self.browser.picture(PICTURES / f"{name}-{scheme}-{width}.png")
        self.browser.emulate(prefers_color_scheme="light")
        self.browser.narrow(PHONE)
        if DOCS and name in OF_DOCS:
            self.browser.narrow(PHONE, OF_DOCS_HIGH)
            self.browser.run("(document.querySelector('.bad') || document.body).scrollIntoView()")
            self.browser.picture(Path(DOCS) / f"setup-{name}.png")
            self.browser.narrow(PHONE)


# What a finger would miss: less than 44 px high, links within a sentence aside.
TOO_SMALL = """
return [...document.querySelectorAll('a, button, input:not([type=hidden]), select, summary, textarea')]
  .filter(e => e.offsetParent && !e.classList.contains('skip'))
  .filter(e => !(e.tagName === 'A' && e.closest('p, li') && !e.className))
  .map(e => [e.type === 'radio' ? e.closest('label') : e, e])
  .filter(([box]) => box.getBoundingClientRect().height < 43.5)
  .map(([box, e]) => `${e.outerHTML.slice(0, 80)} is ${box.getBoundingClientRect().height} px high`)
"""
