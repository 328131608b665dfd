"""What docs/centre.md tells a monitoring centre to type works as it stands there."""

import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from agent.commands import centre
from tests.brokers import LONG_S, ROOT, until
from tests.desk_maker import Desk

DOCS = (ROOT / "docs" / "centre.md").read_text()


def fenced(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", DOCS, flags=re.MULTILINE | re.DOTALL)


def test_an_alert_is_captured_verified_sent_again_and_forged_by_hand(tmp_path: Path) -> None:
    capture, again = fenced("sh")
    (verify,) = fenced("python")
    with Desk(tmp_path, page=False) as desk:
        hub = desk.hub()

        def run(*words: str) -> str:
            ended = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=LONG_S * 2, check=False)
            assert ended.returncode == 0, ended.stderr
            return ended.stdout

        def shell(script: str) -> str:
            return run("bash", "-euc", script.replace("-p 1884", f"-p {desk.broker.port}"))

        said: list[str] = []
        capturing = threading.Thread(target=lambda: said.append(shell(capture)))
        capturing.start()

        def captured() -> bool:
            hub.say()
            capturing.join(0.5)
            return bool(said)

        until(captured, "an alert to be captured", LONG_S * 2)
        capturing.join()
        assert said[0].split() == ["1024"]
        assert run(sys.executable, "-c", verify).startswith("hub-7 possible_fall raised ")
        heard = len(hub.sealed)
        hub.holds(heard, "received")
        assert '"kind":"received"' in shell(again)
        (refused,) = until(lambda: desk.receivers[0].events("refused"), "the forgery to be refused")
        assert refused["hub"] == "hub-7"
        assert len(desk.receivers[0].events("alert")) == heard


@pytest.mark.parametrize(
    "line", sorted(set(re.findall(r"^hearthwatch centre [^\n#]*", DOCS.replace("\\\n", ""), re.M)))
)
def test_every_command_of_the_guide_is_one(line: str) -> None:
    import argparse

    top = argparse.ArgumentParser(exit_on_error=False)
    centre.register(top.add_subparsers())
    words = line.replace("…", "--host x --hubs x --signing-key x").split()[1:]
    assert top.parse_args(words).run


def test_every_event_that_the_receiver_tells_is_explained() -> None:
    events = set(re.findall(r'"event": "(\w+)"', (ROOT / "centre" / "centre_io.py").read_text())) | {"alert"}
    assert events == {"alert", "gone", "back", "silent", "missing", "refused"}
    for event in events:
        assert f"| `{event}`" in DOCS
