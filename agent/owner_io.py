"""Whose a new file is. On a hub each process is a user of its own; a folder says who may use what is made in it."""

import os


def given(handle: int, folder: str) -> None:
    """What root makes in somebody's folder is theirs: a command at the hub must not lock out the process that it is
    made for."""
    if os.geteuid() == 0:
        found = os.stat(folder)
        os.fchown(handle, found.st_uid, found.st_gid)


def open_as_folder(handle: int, folder: str) -> None:
    """Whoever may list the folder may read the file, and whoever may make files there may write it, whatever our own
    mask is: two users share an outbox so."""
    os.fchmod(handle, 0o600 | os.stat(folder).st_mode & 0o066)
    given(handle, folder)
