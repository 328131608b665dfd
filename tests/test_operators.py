"""Who may answer for a centre, for how long, and that what they did cannot be changed unnoticed."""

import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.nouns import Instant
from agent.passwords import (
    FAILURES_MS,
    MOST_FAILURES,
    MOST_FAILURES_IN_ALL,
    MOST_OF_AN_ADDRESS,
    SESSION_MS,
    Failures,
    Unfit,
    fit,
    hashed,
    matches,
)
from agent.transport.envelope import FIRST, Envelope, digest, seal
from agent.transport.keys_io import signer
from centre.store_io import Fault, Store
from centre.web_io import UNUSED_MS, accounts_of

AT = Instant(1_772_360_400_000)
GOOD = "seven-green-lanterns"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = Store(str(tmp_path / "centre.db"))
    yield found
    found.close()


@pytest.mark.parametrize("name", ["", "Ines", "1nes", "ines k", "ines\nk", "i" * 33, "inés", "../x", "<b>", "‮ines"])
def test_a_name_that_could_be_mistaken_is_refused(name: str) -> None:
    with pytest.raises(Unfit, match="a name is"):
        fit(name, GOOD)


@pytest.mark.parametrize("password", ["", "short", "x" * 129, "aaaaaaaaaaaaaa", "ines.k-is-here"])
def test_a_password_that_is_guessed_at_once_is_refused(password: str) -> None:
    with pytest.raises(Unfit, match="a password"):
        fit("ines.k", password)


def test_a_password_typed_on_another_keyboard_is_the_same() -> None:
    kept = hashed("zwölf-grüne-lampen", b"salt")
    assert matches("zwo\u0308lf-gru\u0308ne-lampen", b"salt", kept)
    assert not matches("zwölf-grüne-lampen", b"other", kept)
    assert not matches("x" * 10_000, b"salt", kept)


def test_an_operator_is_added_once_and_their_password_stands_nowhere(store: Store) -> None:
    accounts = accounts_of(store)
    accounts.add("ines.k", GOOD, AT, "a test")
    with pytest.raises(Unfit, match="already"):
        accounts.add("ines.k", GOOD, AT, "a test")
    assert accounts.names() == ["ines.k"]
    assert matches(GOOD, *accounts.secret("ines.k"))
    assert not matches(GOOD, *accounts.secret("somebody"))
    for file in Path(store.path).parent.iterdir():
        assert GOOD.encode() not in file.read_bytes()


def test_a_session_ends_with_the_shift_or_when_it_is_not_used_or_with_its_operator(store: Store) -> None:
    accounts = accounts_of(store)
    accounts.add("ines.k", GOOD, AT, "a test")
    token = accounts.begin("ines.k", AT)
    found = accounts.find(token, AT)
    assert found is not None
    assert found.who == "ines.k"
    for minutes in range(0, SESSION_MS // 60_000, 10):  # the page, left open, asks
        assert accounts.find(token, Instant(AT + minutes * 60_000)) == found
    assert accounts.find(token, Instant(AT + SESSION_MS)) is None
    unused = accounts.begin("ines.k", AT)
    assert accounts.find(unused, Instant(AT + UNUSED_MS)) is None
    accounts.end(unused, AT)
    assert accounts.find(unused, AT) is None
    last = accounts.begin("ines.k", AT)
    assert accounts.remove("ines.k", AT, "a test")
    assert accounts.find(last, AT) is None
    assert accounts.find("", AT) is None
    assert token.encode() not in Path(store.path).read_bytes()


def test_wrong_passwords_make_one_wait_and_are_forgotten_in_time() -> None:
    failures = Failures()
    for _ in range(MOST_FAILURES):
        assert not failures.must_wait("ines.k", "192.0.2.1", AT)
        failures.failed("ines.k", "192.0.2.1", AT)
    assert failures.must_wait("ines.k", "192.0.2.1", AT)
    assert not failures.must_wait("ines.k", "192.0.2.2", AT), "she can still log in from her own desk"
    assert not failures.must_wait("j.doe", "192.0.2.1", AT)
    assert not failures.must_wait("ines.k", "192.0.2.1", AT + FAILURES_MS)
    for number in range(MOST_FAILURES_IN_ALL):
        assert failures.must_wait("j.doe", "192.0.2.3", AT + FAILURES_MS) == (number >= MOST_OF_AN_ADDRESS)
        failures.failed(f"guess-{number}", "192.0.2.3", AT + FAILURES_MS)
    assert failures.must_wait("j.doe", "192.0.2.4", AT + FAILURES_MS)


@given(back_ms=st.integers(FAILURES_MS, 400 * 86_400_000))
def test_a_clock_that_was_ahead_keeps_nobody_out_for_longer_than_ever(back_ms: int) -> None:
    failures = Failures()
    for _ in range(MOST_FAILURES_IN_ALL):
        failures.failed("ines.k", "192.0.2.1", AT)
    assert failures.must_wait("ines.k", "192.0.2.1", AT - FAILURES_MS + 1), "a small step forgets nothing"
    assert not failures.must_wait("ines.k", "192.0.2.1", AT - back_ms)


def test_an_audit_that_was_edited_is_noticed(store: Store) -> None:
    with store.writing():
        for number in range(1, 6):
            store.note("ines.k", f"deed {number}", AT, "hub-7", "1-1")
    assert store.first_broken() is None
    for deed in ("UPDATE audit SET who='j.doe' WHERE id=3", "DELETE FROM audit WHERE id=3"):
        with pytest.raises(Fault, match="only added to"), store.writing():
            store.change(deed)
    with sqlite3.connect(store.path) as db:  # somebody with the file in their hands
        db.execute("DROP TRIGGER audit_is_not_changed")
        db.execute("UPDATE audit SET who='j.doe' WHERE id=3")
    db.close()
    assert store.first_broken() == 3


def test_a_line_that_was_taken_out_of_the_audit_is_noticed(store: Store) -> None:
    with store.writing():
        for number in range(1, 6):
            store.note("ines.k", f"deed {number}", AT)
    with sqlite3.connect(store.path) as db:
        db.execute("DROP TRIGGER audit_is_not_shortened")
        db.execute("DELETE FROM audit WHERE id=2")
    db.close()
    assert store.first_broken() == 2


def test_the_file_is_for_its_owner_alone_and_so_is_a_copy_of_it(store: Store, tmp_path: Path) -> None:
    with store.writing():
        store.note("ines.k", "a deed", AT)
    copy = tmp_path / "copy.db"
    store.copy(str(copy))
    for file in tmp_path.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    again = Store(str(copy), may_make=False)
    assert again.first_broken() is None
    assert again.ask("SELECT who, what FROM audit") == [("ines.k", "a deed")]
    again.close()
    with pytest.raises(Fault, match="is there already"):
        store.copy(str(copy))
    with pytest.raises(Fault, match="no copy was made"):
        store.copy(str(copy / "copy.db"))
    store.copy(str(tmp_path / "mondays" / "copy.db"))  # a folder that is not there is made
    assert (tmp_path / "mondays" / "copy.db").exists()


def test_a_file_of_the_first_receiver_is_taken_over_with_its_incidents_and_numbers(tmp_path: Path) -> None:
    sign = signer(str(tmp_path / "hub.key"))
    with sqlite3.connect(tmp_path / "old.db") as db:
        db.execute(
            "CREATE TABLE alert (hub TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, digest TEXT NOT NULL,"
            " envelope BLOB NOT NULL, received_ms INTEGER NOT NULL) STRICT"
        )
        for seq in (1, 4):
            sealed = seal(
                Envelope(
                    "hub-7", 1, seq, "1-1", "sos", "raised", "critical", None, AT, AT, "synced", 1, 1, False, FIRST
                ),
                sign,
            )
            db.execute("INSERT INTO alert VALUES ('hub-7', 1, ?, ?, ?, ?)", (seq, digest(sealed), sealed, AT))
    db.close()
    store = Store(str(tmp_path / "old.db"))
    (one,) = store.incidents()
    assert (one.said.seq, one.state) == (4, "open")
    assert [(hole.first, hole.last) for _, _, hole in store.missing(Instant(AT + 10**9))] == [(2, 3)]
    store.close()
