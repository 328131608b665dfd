"""What a hub does with its outcomes, and does again after it was killed in between."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from agent.ballast_io import Ballast
from agent.engine import Engine
from agent.home import parse
from agent.journal_io import Journal
from agent.live_io import frame_queue
from agent.loop import fill, run
from agent.nouns import Entry, Frame, Instant
from agent.numbers_io import Numbers
from agent.recover import resume
from agent.requests_io import ask
from agent.sink_io import HubSink, Sealer
from agent.storing_io import Storing
from agent.transport.custody import RECEIPT_MS
from agent.transport.outboxes_io import Outboxes
from tests.living_hub import HOME

HOME_OF_ONE = parse(HOME.replace('"zigbee"', '"log"'))
T = Instant(1_772_409_600_000)


def test_an_alert_that_nobody_signed_goes_by_the_second_path_though_the_hub_was_killed_before_it_did(
    tmp_path: Path,
) -> None:
    journal, engine = Journal(tmp_path / "journal.db", HOME_OF_ONE.id), Engine(HOME_OF_ONE)
    journal.seal = Sealer("hub-1", HOME_OF_ONE, tmp_path / "hub.key", None)
    journal.begin(engine, T, 1, "test")
    boot = Frame("hub", "boot", json.dumps({"boot": "b", "zero_ms": 0, "at_ms": T, "lines": 2}).encode())
    smoke = Frame("log", HOME_OF_ONE.sensors["smoke"].address, b"smoke 1")
    told = [Entry(1, T, boot), Entry(2, Instant(T + 1_000), smoke), Entry(2, Instant(T + 1_000 + RECEIPT_MS))]
    run(fill(told, engine), engine, journal)
    journal.flush()  # and killed, before anything is done about it
    assert [step.state for step in journal.custody()] == ["escalated"]
    engine = resume(journal, HOME_OF_ONE)
    storing = Storing(journal, Ballast(tmp_path), frame_queue(), "test")
    with closing(Outboxes(str(tmp_path), tmp_path / "memory")) as outboxes:
        sink = HubSink(tmp_path, storing, outboxes, Numbers(tmp_path, tmp_path / "memory"), engine, lines=2)
        sink.catch_up()
        assert [message[1:] for message in outboxes.waiting(line=2)] == [(1, 1)]
        outboxes.receipted(1, 1, 2)
        sink.catch_up()
        assert outboxes.waiting(line=2) == [], "once is enough"
    journal.close()


def test_what_was_asked_while_nothing_could_be_written_is_not_asked_again_at_the_next_start(tmp_path: Path) -> None:
    journal, engine = Journal(tmp_path / "journal.db", HOME_OF_ONE.id), Engine(HOME_OF_ONE)
    storing = Storing(journal, Ballast(tmp_path), frame_queue(), "test")
    storing.begin(engine, T, 1)
    ask(tmp_path, "consent", {"given": True})
    (request,) = (tmp_path / "requests").iterdir()
    asked = Frame("care", "consent", json.dumps({"given": True, "request": request.name}).encode())
    with closing(Outboxes(str(tmp_path), tmp_path / "memory")) as outboxes:
        sink = HubSink(tmp_path, storing, outboxes, Numbers(tmp_path, tmp_path / "memory"), engine)
        with closing(sqlite3.connect(tmp_path / "journal.db", isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            run([Entry(1, T, asked)], engine, sink)
            assert request.exists(), "the journal does not have it"
        run([Entry(2, Instant(T + 1), None)], engine, sink)
        assert request.exists() == journal.behind
        storing.flush()
        run([Entry(3, Instant(T + 2), None)], engine, sink)
        assert not request.exists()
    journal.close()
