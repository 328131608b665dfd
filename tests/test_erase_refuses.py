"""What ``hearthwatch erase`` does not take: what is no hub's, its own proof, another hub's request."""

import re
from pathlib import Path
from typing import Final

import pytest

from agent.nouns import Instant
from agent.transport.keys_io import signer
from agent.transport.outbox_io import Outbox
from agent.transport.retirement import Retirement, seal
from tests.test_erase import CANARY, erased, everything, inhabited

WRONG: Final = (
    "state inside", "outbox inside", "out inside", "out in the outbox", "out is hub.toml", "out is another's",
    "no zigbee2mqtt", "not a state", "not an outbox",
)  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_not_a_hubs_is_never_erased(wrong: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config, out, more = inhabited(tmp_path), tmp_path / "retire.json", ["--yes"]
    if wrong == "state inside":
        config.write_text(config.read_text().replace('state = "state"', 'state = "."'))
    elif wrong == "out inside":
        out = tmp_path / "state" / "retire.json"
    elif wrong == "outbox inside":
        config.write_text(config.read_text().replace("[hub]\n", '[hub]\noutbox = "."\n'))
    elif wrong == "out in the outbox":
        config.write_text(config.read_text().replace("[hub]\n", '[hub]\noutbox = "shared"\n'))
        (tmp_path / "shared").mkdir()
        Outbox(str(tmp_path / "shared" / "outbox.db")).close()
        out = tmp_path / "shared" / "retire.json"
    elif wrong == "out is another's":
        key = signer(str(tmp_path / "another.key"))
        out.write_bytes(seal(Retirement("hub-8", "A" * 43, (), Instant(0), "rtc", ()), key))
    elif wrong == "out is hub.toml":
        out = config
    elif wrong == "no zigbee2mqtt":
        more += ["--zigbee2mqtt", str(tmp_path / "tls")]
    else:
        (tmp_path / "photos").mkdir()
        (tmp_path / "photos" / "anna.jpg").write_text("a face")
        which = "state" if wrong == "not a state" else "outbox"
        text = config.read_text().replace("[hub]\n", '[hub]\noutbox = "elsewhere"\n')
        config.write_text(re.sub(rf'^{which} = ".*"', f'{which} = "photos"', text, flags=re.M))
    before = everything(tmp_path)
    assert erased(config, out, *more) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "Traceback" not in said
    assert CANARY.encode() in before
    assert everything(tmp_path).count(CANARY.encode()) == before.count(CANARY.encode())
