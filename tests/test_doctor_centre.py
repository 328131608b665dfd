"""What a doctor finds on the way to the centre: real brokers, and certificates that are really wrong."""

import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from agent.commands.asking import PROBLEMS
from agent.doctor import centre_io
from agent.transport.keys_io import signer
from tests.brokers import Authority, Mosquitto
from tests.doctor_maker import Found, doctor, lay
from tests.hub_maker import Hub


def upstream(port: int, ca: Path, certificate: str, key: str, receipt_key: str = "centre.pub") -> str:
    files = f'ca = "{ca}"\ncertificate = "{certificate}"\nkey = "{key}"\nreceipt_key = "{receipt_key}"\n'
    return f'host = "127.0.0.1"\nport = {port}\n{files}'


def examined(
    folder: Path, broker: Mosquitto, ca: Path, shown: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> tuple[dict[str, str], Found]:
    """The codes of what concerns the centre, by name."""
    signer(str(folder / "centre.key"))
    code, found = doctor(lay(folder, upstream(broker.port, ca, *shown)), capsys)
    assert code == PROBLEMS  # nothing runs here
    where = f" 127.0.0.1:{broker.port}"
    return {name: found[name + where]["code"] for name in ("centre", "certificate", "receipt key")}, found


def test_a_hub_whose_line_is_as_it_should_be_is_told_when_its_certificate_ends(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = Authority(tmp_path / "tls", days=(-1, 400))
    with Mosquitto(tmp_path, ours) as broker:
        codes, found = examined(tmp_path, broker, ours.ca, ours.issue("hub-7"), capsys)
    assert codes == {"centre": "accepted", "certificate": "good", "receipt key": "pinned"}
    assert "expires in 399 days" in found[f"certificate 127.0.0.1:{broker.port}"]["found"]


def test_a_certificate_that_ends_within_weeks_is_wrong_today(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = Authority(tmp_path / "tls", days=(-1, 10))
    with Mosquitto(tmp_path, ours) as broker:
        codes, found = examined(tmp_path, broker, ours.ca, ours.issue("hub-7"), capsys)
    assert codes["certificate"] == "soon"
    assert found[f"certificate 127.0.0.1:{broker.port}"]["figures"] == {"days_left": 9}


@pytest.mark.parametrize(("days", "code"), [((-9, -2), "expired"), ((2, 9), "not_yet")])
def test_a_certificate_that_is_over_or_not_valid_yet_is_named_so_and_the_centre_refuses_it(
    days: tuple[int, int], code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = Authority(tmp_path / "tls")
    with Mosquitto(tmp_path, ours) as broker:
        ours._days = days
        codes, _ = examined(tmp_path, broker, ours.ca, ours.issue("hub-7"), capsys)
    assert (codes["certificate"], codes["centre"]) == (code, "refused")


def test_while_the_clock_stands_in_the_past_no_certificate_is_blamed_for_its_dates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(centre_io, "wall_is_believable", lambda: False)
    ours = Authority(tmp_path / "tls", days=(-1, 400))
    with Mosquitto(tmp_path, ours) as broker:
        codes, _ = examined(tmp_path, broker, ours.ca, ours.issue("hub-7"), capsys)
    assert codes["certificate"] == "clock_first"


def test_the_certificate_of_another_hub_is_found_before_the_centre_mistakes_one_for_the_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = Authority(tmp_path / "tls")
    with Mosquitto(tmp_path, ours) as broker:
        codes, found = examined(tmp_path, broker, ours.ca, ours.issue("hub-8"), capsys)
    assert codes["certificate"] == "other_hub"
    assert found[f"certificate 127.0.0.1:{broker.port}"]["found"] == "is for hub-8, and this hub is hub-7"


def test_a_key_that_does_not_belong_to_the_certificate_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = Authority(tmp_path / "tls")
    certificate, _ = ours.issue("hub-7")
    (tmp_path / "mine.crt").write_bytes(Path(certificate).read_bytes())
    _, other = ours.issue("hub-7")
    with Mosquitto(tmp_path, ours) as broker:
        codes, _ = examined(tmp_path, broker, ours.ca, (str(tmp_path / "mine.crt"), other), capsys)
    assert codes["certificate"] == "other_key"


def test_a_centre_that_is_not_the_centre_is_told_by_its_authority(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours, theirs = Authority(tmp_path / "tls"), Authority(tmp_path / "theirs")
    with Mosquitto(tmp_path, ours) as broker:
        codes, found = examined(tmp_path, broker, theirs.ca, theirs.issue("hub-7"), capsys)
    assert codes["centre"] == "not_the_centre"
    assert "certificate" in found[f"centre 127.0.0.1:{broker.port}"]["found"]


def test_a_hub_whose_certificate_another_authority_signed_hears_that_the_centre_does_not_know_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours, theirs = Authority(tmp_path / "tls"), Authority(tmp_path / "theirs")
    with Mosquitto(tmp_path, ours) as broker:
        codes, found = examined(tmp_path, broker, ours.ca, theirs.issue("hub-7"), capsys)
    assert codes["centre"] == "refused"
    assert found[f"centre 127.0.0.1:{broker.port}"]["do"]


def test_a_certificate_that_the_centre_revoked_is_told_as_revoked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = Authority(tmp_path / "tls")
    shown = ours.issue("hub-7")
    revoked = tmp_path / "revoked.pem"
    revoked.write_bytes(revocation(ours, Path(shown[0])))
    with Mosquitto(tmp_path, ours, more=f"crlfile {revoked}") as broker:
        codes, found = examined(tmp_path, broker, ours.ca, shown, capsys)
    assert codes["centre"] == "revoked"
    assert found[f"centre 127.0.0.1:{broker.port}"]["found"] == "this hub's certificate has been revoked"


def revocation(authority: Authority, certificate: Path) -> bytes:
    now = datetime.datetime.now(datetime.UTC)
    serial = x509.load_pem_x509_certificate(certificate.read_bytes()).serial_number
    one = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now).build()
    builder = x509.CertificateRevocationListBuilder().issuer_name(authority._name).last_update(now)
    made = builder.next_update(now + datetime.timedelta(days=1)).add_revoked_certificate(one)
    return made.sign(authority._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def test_files_of_the_line_that_are_missing_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, found = doctor(lay(tmp_path, upstream(9, Path("ca.pem"), "hub.pem", "hub-tls.key")), capsys)
    assert found["centre 127.0.0.1:9"]["code"] == "files"
    assert "ca.pem" in found["centre 127.0.0.1:9"]["found"]
    assert found["certificate 127.0.0.1:9"]["code"] == "unreadable"
    assert found["receipt key 127.0.0.1:9"]["code"] == "unusable"


def test_an_alert_that_nobody_signs_for_is_told_with_how_long_it_waits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = Hub(tmp_path, "state")
    config = lay(tmp_path)
    made.say(2)  # raised in 2001, as these hubs do
    made.close()
    _, found = doctor(config, capsys)
    assert found["outbox"]["code"] == "stuck"
    assert found["outbox"]["figures"] == {"waiting": 2, "critical": 2}
    assert "days" in found["outbox"]["found"]
