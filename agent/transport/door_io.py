"""A contentless knock between the hub's processes: look again.

A door is a Unix datagram socket in the state directory. A knock carries nothing, so it can neither leak nor command
anything; one that is lost costs nothing either, because everybody looks when they start and from time to time.
"""

import os
import select
import socket
from typing import Final

from agent.nouns import Running

MAX_PATH_BYTES: Final = 107  # of a Unix socket's address; a longer one cannot be bound
MAX_KNOCKS: Final = 1_000  # taken off the door at once; the rest wakes us again


class Occupied(Running):
    """Somebody else is behind this door: the same process is already running."""


class Door:
    """The receiving end. Whoever waits polls ``fileno`` and then calls ``clear``."""

    def __init__(self, path: str) -> None:
        if len(os.fsencode(path)) > MAX_PATH_BYTES:
            raise OSError(
                f"{path}: too long for a socket (more than {MAX_PATH_BYTES} bytes); shorten the state directory"
            )
        if knock(path):
            raise Occupied(f"{path}: already running")
        if os.path.lexists(path):  # left behind by a process that was killed
            os.unlink(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(path)
        os.chmod(path, 0o777)  # whoever may come to the door may knock; its folder says who that is

    def fileno(self) -> int:
        return self._socket.fileno()

    def wait(self, limit_s: float) -> None:
        """Sleep until somebody knocks, at most so long."""
        poll = select.poll()
        poll.register(self.fileno(), select.POLLIN)
        poll.poll(limit_s * 1_000)

    def clear(self) -> bool:
        """Take the knocks off the door; whether there were any."""
        for count in range(MAX_KNOCKS):
            try:
                self._socket.recv(1)
            except BlockingIOError:
                return count > 0
        return True

    def close(self) -> None:
        self._socket.close()


def knock(path: str) -> bool:
    """Whether somebody is there to look again; nobody needs to be, they look when they start."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as caller:
        try:
            caller.sendto(b"", path)
        except BlockingIOError:  # there, with knocks enough
            return True
        except OSError:
            return False
    return True


def watch_door(state_dir: str) -> str:
    """Here ``uplink`` knocks when something came back, and whoever asks something of the hub."""
    return os.path.join(state_dir, "watch.sock")
