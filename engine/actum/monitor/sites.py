"""Where the sockets of monitored engines lie: a directory that nobody but the user can enter.

`/run/user/<uid>/actum` where the system has made a directory for the user, `/tmp/actum-<uid>` elsewhere. Each engine
has a socket `<name>-<pid>-<number>.sock` there.
"""

from __future__ import annotations

import itertools
import os
import re
import stat
from pathlib import Path

from actum_storage import StorageError

NAME_CHARACTERS_MAX = 40
STRANGE = re.compile(r"[^A-Za-z0-9_.-]+")
SOCKET = re.compile(r".+-(\d+)-\d+\.sock")

numbers = itertools.count(1)


def directory() -> Path:
    """Where this user's sockets lie; it need not exist."""
    user = os.getuid()
    own = Path(f"/run/user/{user}")
    try:
        found = own.stat()
    except OSError:
        return Path(f"/tmp/actum-{user}")  # noqa: S108  # looked at by `private`
    if stat.S_ISDIR(found.st_mode) and found.st_uid == user and not found.st_mode & 0o077:
        return own / "actum"
    return Path(f"/tmp/actum-{user}")  # noqa: S108


def private(path: Path) -> Path:
    """The same directory, made if it does not exist.

    Raises:
        StorageError: others can enter it, or it is none.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise StorageError(f"{path} must be a directory that nobody else can enter: remove it, or chmod 700")
    return path


def new_socket(name: str) -> Path:
    """Where an engine of this process puts its socket."""
    shown = STRANGE.sub("_", name)[:NAME_CHARACTERS_MAX] or "engine"
    return private(directory()) / f"{shown}-{os.getpid()}-{next(numbers)}.sock"


def sockets() -> list[Path]:
    """The sockets there are, by name; those of processes that have ended are removed.

    Raises:
        StorageError: others can put sockets there: what is behind them may be anybody's.
    """
    found: list[Path] = []
    here = directory()
    try:
        here.lstat()
    except OSError:
        return []
    paths = sorted(private(here).glob("*.sock"))
    for path in paths:
        match = SOCKET.fullmatch(path.name)
        if match is None:
            continue
        if runs(int(match[1])):
            found.append(path)
        else:
            path.unlink(missing_ok=True)
    return found


def runs(pid: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
