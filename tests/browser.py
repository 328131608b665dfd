"""A real browser for tests: Debian's Chromium by its WebDriver, spoken to in plain W3C WebDriver."""

import base64
import http.client
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.brokers import LONG_S, ROOT, free_port, until

ELEMENT: Final = "element-6066-11e4-a52e-4f735466cecf"  # the name that the standard gives to a reference
# --disable-dev-shm-usage: containers have little of it. The rest: no traffic but to the page.
FLAGS: Final = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
    "--window-size=1000,900",
)  # fmt: skip
AXE: Final = ROOT / "build" / "axe" / "node_modules" / "axe-core" / "axe.min.js"


class Browser:
    """One window. Elements are found by CSS; what is not there yet is waited for."""

    def __init__(self, port: int, folder: Path) -> None:
        self._port = port
        wants = {"binary": shutil.which("chromium"), "args": [*FLAGS, f"--user-data-dir={folder}"]}
        session = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": {"goog:chromeOptions": wants}}})
        self._session = f"/session/{session['sessionId']}"

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            line.request(method, path, None if body is None else json.dumps(body))
            answer = json.loads(line.getresponse().read())["value"]
        finally:
            line.close()
        if isinstance(answer, dict) and "error" in answer:
            raise LookupError(f"{method} {path}: {answer['error']}: {answer['message']}")
        return answer

    def open(self, address: str) -> None:
        self._ask("POST", f"{self._session}/url", {"url": address})

    def run(self, script: str, *words: object) -> Any:
        return self._ask("POST", f"{self._session}/execute/sync", {"script": script, "args": list(words)})

    def run_async(self, script: str, *words: object) -> Any:
        return self._ask("POST", f"{self._session}/execute/async", {"script": script, "args": list(words)})

    def find(self, css: str) -> str:
        def look() -> str:
            found = self._ask("POST", f"{self._session}/elements", {"using": "css selector", "value": css})
            return str(found[0][ELEMENT]) if found else ""

        return until(look, f"{css} in {self.address()}")

    def click(self, css: str) -> None:
        self._ask("POST", f"{self._session}/element/{self.find(css)}/click", {})

    def type(self, css: str, text: str) -> None:
        self._ask("POST", f"{self._session}/element/{self.find(css)}/value", {"text": text})

    def keys(self, *keys: str) -> None:
        """Keys to whatever has the focus."""
        strokes = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._ask("POST", f"{self._session}/actions", {"actions": [{"type": "key", "id": "k", "actions": strokes}]})

    def text(self) -> str:
        return str(self.run("return document.body ? document.body.innerText : ''"))

    def shows(self, words: str) -> None:
        until(lambda: words in self.text(), f"{words!r} in:\n{self.text()}")

    def address(self) -> str:
        return str(self._ask("GET", f"{self._session}/url"))

    def cookies(self) -> list[dict[str, Any]]:
        return list(self._ask("GET", f"{self._session}/cookie"))

    def narrow(self, width: int, height: int = 700) -> None:
        """A screen so many CSS pixels wide, as a phone is, or a page at twice its size; 0: the window itself."""
        if width:
            size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
            self._cdp("Emulation.setDeviceMetricsOverride", **size)
        else:
            self._cdp("Emulation.clearDeviceMetricsOverride")

    def whole(self, width: int) -> None:
        """The same, and as high as the page is, so that a picture has all of it."""
        self.narrow(width)
        height = int(self.run("return document.documentElement.scrollHeight"))
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._cdp("Emulation.setDeviceMetricsOverride", **size)

    def printed(self) -> bytes:
        """The page as a PDF, A4 unless the page says otherwise."""
        wants = {"page": {"width": 21.0, "height": 29.7}, "background": True}
        return base64.b64decode(self._ask("POST", f"{self._session}/print", wants))

    def emulate(self, **features: str) -> None:
        """Media features, such as prefers_color_scheme="dark"."""
        named = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self._cdp("Emulation.setEmulatedMedia", features=named)

    def emulate_print(self, prints: bool) -> None:
        """Shown as it would be on paper."""
        self._cdp("Emulation.setEmulatedMedia", media="print" if prints else "")

    def script(self, runs: bool) -> None:
        self._cdp("Emulation.setScriptExecutionDisabled", value=not runs)

    def _cdp(self, command: str, **params: object) -> None:
        self._ask("POST", f"{self._session}/goog/cdp/execute", {"cmd": command, "params": params})

    def picture(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self._ask("GET", f"{self._session}/screenshot")))

    def faults_of_access(self) -> list[str]:
        """What axe-core finds wrong with this page, a line each."""
        self.run(AXE.read_text())
        found = self.run_async("const done = arguments[0]; axe.run(document).then(done)")
        assert found["passes"], "axe looked at nothing"
        return [f"{one['id']}: {node['html']}" for one in found["violations"] for node in one["nodes"]]

    def close(self) -> None:
        self._ask("DELETE", self._session)


@contextmanager
def chromium(folder: Path) -> Iterator[Browser]:
    """A browser with a new, empty profile in ``folder``."""
    driver = shutil.which("chromedriver")
    if driver is None or shutil.which("chromium") is None or not AXE.is_file():
        assert not os.environ.get("CI"), "under CI the browser may not be missing: see deploy/test-parts.sh"
        pytest.skip("no browser here: install chromium, chromium-driver and axe-core with deploy/test-parts.sh")
    port = free_port()
    process = subprocess.Popen([driver, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: _answers(port), "chromedriver to start", LONG_S)
        browser = Browser(port, folder)
        try:
            yield browser
        finally:
            browser.close()
    finally:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        line.request("GET", "/status")
        return bool(json.loads(line.getresponse().read())["value"]["ready"])
    except OSError:
        return False
    finally:
        line.close()
