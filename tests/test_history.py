"""The judge of the fault tests sees each thing that can be wrong, and names it."""

from pathlib import Path

import pytest

from agent.nouns import Instant
from agent.transport.envelope import FIRST, Envelope, digest, seal
from agent.transport.keys_io import signer
from tests.history import Heard, History, faults

RAISED_MS = 10**12


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    signer(str(tmp_path / "hub.key"))
    return tmp_path


def lived(folder: Path, count: int = 4, epoch: int = 1) -> History:
    """A hub that raised ``count`` incidents, and a centre that had each within a second."""
    sign, previous, said = signer(str(folder / "hub.key")), FIRST, {}
    for seq in range(1, count + 1):
        envelope = Envelope(
            "hub-7", epoch, seq, f"{epoch}-{seq}", "smoke", "raised", "critical", "kitchen", Instant(RAISED_MS),
            Instant(RAISED_MS), "synced", 1_000, 1_000, False, previous,
        )  # fmt: skip
        said[epoch, seq] = sealed = seal(envelope, sign)
        previous = digest(sealed)
    return History(said, set(said), [Heard(sealed, RAISED_MS + 900) for sealed in said.values()])


def found(folder: Path, history: History) -> list[str]:
    return faults(history, folder / "hub.pub")


def test_a_life_in_which_nothing_went_wrong_has_no_fault(folder: Path) -> None:
    whole, other = lived(folder), lived(folder, 2, epoch=3)
    assert found(folder, whole) == []
    both = History(whole.said | other.said, whole.receipted | other.receipted, [*other.heard, *whole.heard])
    assert found(folder, both) == [], "epochs have numbers of their own, and urgent ones overtake"


def test_a_lost_alert_is_seen(folder: Path) -> None:
    whole = lived(folder)
    assert found(folder, whole._replace(heard=whole.heard[:3])) == ["I1: (1, 4) was said and is not at the centre"]
    assert found(folder, whole._replace(receipted={(1, 1), (1, 2), (1, 3)})) == ["I1: (1, 4) has no receipt"]


def test_an_alert_that_nobody_said_is_seen(folder: Path) -> None:
    whole = lived(folder)
    fewer = {number: sealed for number, sealed in whole.said.items() if number != (1, 2)}
    assert found(folder, whole._replace(said=fewer)) == ["I1: (1, 2) is at the centre and in no journal"]
    forged = Heard(whole.heard[1].sealed.replace(b"kitchen", b"bedroom"), RAISED_MS)
    assert "the hub did not say" in found(folder, whole._replace(heard=[forged]))[0]


def test_an_alert_that_reads_otherwise_at_the_centre_is_seen(folder: Path) -> None:
    whole = lived(folder)
    swapped = {**whole.said, (1, 4): whole.said[1, 3]}
    assert found(folder, whole._replace(said=swapped)) == ["I1: (1, 4) reads otherwise at the centre"]


def test_an_alert_told_twice_is_seen(folder: Path) -> None:
    whole = lived(folder)
    assert "I2: (1, 3) is at the centre 2 times" in found(folder, whole._replace(heard=[*whole.heard, whole.heard[2]]))


def test_a_gap_is_seen_and_a_message_that_does_not_follow(folder: Path) -> None:
    whole = lived(folder)
    holed = [one for one in whole.heard if one.sealed not in (whole.said[1, 2], whole.said[1, 3])]
    assert "I4: of epoch 1 numbers 2 to 3 are missing at the centre" in found(folder, whole._replace(heard=holed))
    other = lived(folder, 2)
    astray = Envelope(
        "hub-7", 1, 3, "1-3", "smoke", "raised", "critical", None, Instant(RAISED_MS), Instant(RAISED_MS), "synced",
        0, 0, False, "0" * 64,
    )  # fmt: skip
    sealed = seal(astray, signer(str(folder / "hub.key")))
    said = {**other.said, (1, 3): sealed}
    told = History(said, set(said), [*other.heard, Heard(sealed, RAISED_MS)])
    assert found(folder, told) == ["I4: (1, 3) does not follow from the one before"]


def test_a_delay_that_the_operator_was_not_told_is_seen(folder: Path) -> None:
    whole = lived(folder)
    slow = [Heard(one.sealed, RAISED_MS + 61_000) for one in whole.heard]
    events = [{"epoch": 1, "seq": seq, "late": False} for seq in range(1, 5)]
    assert found(folder, whole._replace(told=events)) == []
    silent = found(folder, whole._replace(heard=slow, told=events))
    assert silent == [f"I3: (1, {seq}) came after 61000 ms, and was told as late=False" for seq in range(1, 5)]


def test_a_lost_end_of_an_epoch_is_seen_by_the_first_of_the_next(folder: Path) -> None:
    whole = lived(folder, 2)
    for end, faults_of_it in (
        (whole.said[1, 2], []),
        (whole.said[1, 1], ["I4: (2, 1) does not follow from the one before"]),
    ):
        next_ = Envelope(
            "hub-7", 2, 1, "2-1", "smoke", "raised", "critical", None, Instant(RAISED_MS), Instant(RAISED_MS), "synced",
            0, 0, False, digest(end),
        )  # fmt: skip
        sealed = seal(next_, signer(str(folder / "hub.key")))
        said = {**whole.said, (2, 1): sealed}
        assert found(folder, History(said, set(said), [*whole.heard, Heard(sealed, RAISED_MS)])) == faults_of_it
