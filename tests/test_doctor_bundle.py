"""A bundle for support: what helps to mend a hub is in it, and nothing of who lives there is."""

import base64
import gzip
import json
import re
import tarfile
import zlib
from pathlib import Path
from typing import Any, Final

import pytest

from agent.__main__ import main
from agent.clock_io import wall_ms
from agent.kinds import SEVERITY
from agent.nouns import HOUR_MS, MINUTE_MS, Instant
from agent.page.family_io import Family
from agent.transport.keys_io import signer
from tests.brokers import Mosquitto
from tests.doctor_maker import PIR, days_until, lay, live, zigbee
from tests.test_doctor_zigbee import ODD, info, retain

# Whatever can hold a text of the home: each holds one of these.
CANARIES: Final = tuple(f"qzx{number:02d}wvk" for number in range(16))
HOME_TOML: Final = """
[home]
id = "{0}"
timezone = "Pacific/Chatham"
residents = 1
[[room]]
id = "{1}"
kind = "hall"
name = "{2}"
[[sensor]]
id = "{3}"
kind = "motion"
room = "{1}"
link = "zigbee"
address = "0x00158d0001a2b301"
[[sensor]]
id = "{4}"
kind = "button"
room = "{1}"
link = "serial"
address = "{5}/button0"
[care]
not_up_by = "03:37"
"""


def unpacked(file: Path) -> dict[str, bytes]:
    with tarfile.open(file) as archive:
        return {Path(one.name).name: archive.extractfile(one).read() for one in archive.getmembers()}  # type: ignore[union-attr]


def layers(data: bytes, depth: int = 3) -> list[bytes]:
    """The bytes, and whatever is packed or encoded within them."""
    found = [data]
    if depth == 0:
        return found
    for unpack in (gzip.decompress, zlib.decompress):
        try:
            found += layers(unpack(data), depth - 1)
        except (OSError, EOFError, zlib.error):
            continue
    for run in re.findall(rb"[A-Za-z0-9+/_-]{16,}", data):
        for start in range(4):
            piece = run[start:].replace(b"-", b"+").replace(b"_", b"/")
            piece = piece[:-1] if len(piece) % 4 == 1 else piece
            found.append(base64.b64decode(piece + b"=="))
    return found


def bundled(config: Path, file: Path) -> dict[str, bytes]:
    assert main(["doctor", "--config", str(config), "--bundle", str(file)]) == 1
    return unpacked(file)


def inhabited(folder: Path, broker: Mosquitto) -> Path:
    """A hub with a home, a past, a family, a line, keys: a canary in each."""
    names = iter(CANARIES[6:])
    centre, secret, base, port, more = (next(names) for _ in range(5))
    (folder / f"{secret}.password").write_text(f"{next(names)}\n")
    upstream = f'host = "{centre}.invalid"\nca = "{more}.pem"\ncertificate = "{more}.crt"\nkey = "{more}.key"\n'
    upstream += f'receipt_key = "{more}.pub"\n'
    local = f'host = "127.0.0.1"\nport = {broker.port}\nusername = "{secret}"\ncredentials = "{secret}.password"\n'
    local += f'base_topic = "{base}"\n'
    config = lay(folder, upstream, local, f'[[serial]]\nport = "{port}"\nbridge = "{CANARIES[5]}"\n')
    config.write_text(config.read_text().replace("hub-7", CANARIES[12]))
    now = wall_ms()
    rogue = (f"{CANARIES[13]}", f'{{"occupancy":true,"linkquality":3,"battery":4,"x":"{CANARIES[14]}"}}'.encode())
    live(folder / "state", [*days_until(now - HOUR_MS, 2), zigbee(now - MINUTE_MS, rogue)], Instant(now))
    (folder / "home.toml").write_text(HOME_TOML.format(*CANARIES))
    signer(str(folder / "state" / "hub.key"))
    Family(folder / "state").invite("anna", False, Instant(now), CANARIES[15])
    odd = ODD | {"advanced": {"last_seen": CANARIES[14]}, "mqtt": {"password": CANARIES[13]}}
    retain(broker, f"{base}/bridge/info", info(odd))
    return config


def test_nothing_that_names_a_person_a_home_or_a_machine_is_in_a_bundle_however_it_is_packed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broker").mkdir()
    with Mosquitto(tmp_path / "broker") as broker:
        config = inhabited(tmp_path, broker)
        parts = bundled(config, tmp_path / "support.tar.gz")
    everything = b"\n".join([*layers((tmp_path / "support.tar.gz").read_bytes()), *parts.values()])
    everything += b"\n".join(piece for part in parts.values() for piece in layers(part))
    key = (tmp_path / "state" / "hub.key").read_text().strip()
    secrets = [*CANARIES, "anna", PIR, PIR[2:], key, key[:20], "Chatham", "03:37", str(tmp_path), "elm-12", "Hall PIR"]
    assert [one for one in secrets if one.lower().encode() in everything.lower()] == []
    assert not re.search(rb"\d{4}-\d\d-\d\d|\d\d:\d\d|\b1[78]\d{8,11}\b", everything), "no time of anything"


def test_the_search_for_canaries_finds_them_however_they_are_packed() -> None:
    hidden = CANARIES[0].encode()
    for packed in (
        gzip.compress(b"x" * 40 + hidden),
        base64.b64encode(b"some words before " + hidden),
        b'{"a":"' + base64.urlsafe_b64encode(b"12" + hidden + b"345") + b'"}',
        gzip.compress(base64.b64encode(b"1" + hidden + b"padding")),
    ):
        assert any(hidden in layer for layer in layers(packed))


def test_a_bundle_says_what_is_wrong_and_which_one_it_concerns_by_a_number(tmp_path: Path) -> None:
    (tmp_path / "broker").mkdir()
    with Mosquitto(tmp_path / "broker") as broker:
        parts = bundled(inhabited(tmp_path, broker), tmp_path / "support.tar.gz")
    checks: list[dict[str, Any]] = json.loads(parts["checks.json"])
    sensors = [one for one in checks if one["name"] == "sensor"]
    assert [one["code"] for one in sensors] == ["unheard", "unheard"]
    assert sensors[0]["which"] == next(one["which"] for one in checks if one["name"] == "radio")
    assert next(one for one in checks if one["name"] == "zigbee2mqtt")["code"] == "settings"
    assert json.loads(parts["home.json"])["sensors"] == {"button, serial": 1, "motion, zigbee": 1}
    assert json.loads(parts["hub.json"])["upstream"][0]["host"] == "elsewhere"
    assert {"hearthwatch", "python", "machine"} <= json.loads(parts["versions.json"]).keys()
    assert json.loads(parts["alerts.json"]).keys() <= SEVERITY.keys()


def test_what_is_in_a_bundle_is_said_before_it_is_sent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = lay(tmp_path)
    parts = bundled(config, tmp_path / "support.tar.gz")
    said = capsys.readouterr().err
    readme = parts["README.txt"].decode()
    assert readme in said
    assert all(name in readme for name in parts if name != "README.txt")
    assert (tmp_path / "support.tar.gz").stat().st_mode & 0o077 == 0


def test_a_bundle_takes_no_other_files_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = lay(tmp_path)
    before = config.read_bytes()
    assert main(["doctor", "--config", str(config), "--bundle", str(config)]) == 2
    assert config.read_bytes() == before
    assert main(["doctor", "--config", str(config), "--bundle", str(tmp_path / "nowhere" / "x.tar.gz")]) == 2
    assert "Traceback" not in capsys.readouterr().err
    assert not list(tmp_path.glob(".*"))
    bundled(config, tmp_path / "a.tar.gz")
    bundled(config, tmp_path / "a.tar.gz")  # an older bundle may go
