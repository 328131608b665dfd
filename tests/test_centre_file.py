"""The centre's one file, which receiver, page and commands have open side by side."""

from pathlib import Path

from tests.desk_maker import OPERATOR, Desk


def test_a_command_beside_the_page_takes_nothing_from_the_receivers_file(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        desk.store.close()  # nobody but the receiver, its page and the commands has the file open
        log = Path(f"{desk.state}-wal")
        hub = desk.hub()
        hub.holds(hub.say(), "received")
        before = log.stat().st_ino
        for _ in range(2):
            desk.command("watch", "--once")
        assert log.stat().st_ino == before
        seq = hub.say()
        hub.holds(seq, "received")
        desk.command("ack", "hub-7/1-1", "--by", OPERATOR)
        hub.holds(1, "human")
