"""Named places where a test may strike: raise, kill the process, wait. In production each costs one look at a flag.

A place is written `if failpoints.active: failpoints.hit("log.commit.before")`, and its name is listed below, once.

    with planted("log.commit.before", kill, nth=3):
        ...
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from actum_storage.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

#: Every failpoint and where it lies.
POINTS: Mapping[str, str] = {
    "files.replace.written": "a small file's new bytes are synced under a temporary name, not yet renamed",
    "files.replace.renamed": "it is renamed, the directory not yet synced",
    "create.locked": "a new store's directory has its lock and nothing else",
    "create.log": "the new log is whole under its temporary name",
    "create.renamed": "the log has its name, the MANIFEST is not there yet",
    "log.commit.begin": "before a write transaction begins",
    "log.commit.put": "everything is put, nothing is committed",
    "log.commit.done": "the commit has returned, nobody knows yet",
    "copy.piece": "before a piece of a copied log is written",
    "copy.whole": "a copy is whole, under its temporary name",
    "compact.copied": "the compacted log is whole, nothing has been moved",
    "compact.moved": "the old log has been moved away, the new one has not got its name",
    "compact.swapped": "the new log has its name, the old one is still there",
    "derived.begin": "before a checkpoint's file is opened",
    "derived.piece": "before a piece of a checkpoint is written",
    "derived.sync": "before a piece that was written is synced",
    "derived.closing": "before the closing record is written",
    "derived.closed": "the checkpoint is complete, the older files are still there",
    "derived.delete": "before an older file is deleted",
}

#: Whether any test has planted something.
active = False

_planted: dict[str, tuple[Callable[[], object], int]] = {}
#: How often each place was reached since something was first planted.
reached: Counter[str] = Counter()


def hit(name: str) -> None:
    """A place was reached: do what was planted there, if its turn has come."""
    reached[name] += 1
    action, nth = _planted.get(name, (None, 0))
    if action is not None and reached[name] >= nth:
        action()


def plant(name: str, action: Callable[[], object], *, nth: int = 1) -> None:
    """Have something done at a place from the `nth` time on that it is reached; counting begins now.

    Raises:
        StorageError: there is no such place.
    """
    global active  # noqa: PLW0603  # one flag for the process, so that looking costs nothing
    if name not in POINTS:
        raise StorageError(f"no failpoint {name!r}: there are {', '.join(POINTS)}")
    reached[name] = 0
    _planted[name] = (action, nth)
    active = True


def clear() -> None:
    """Remove everything that was planted."""
    global active  # noqa: PLW0603  # see `plant`
    active = False
    _planted.clear()
    reached.clear()


@contextmanager
def planted(name: str, action: Callable[[], object], *, nth: int = 1) -> Generator[None]:
    """As `plant`, until the block ends."""
    plant(name, action, nth=nth)
    try:
        yield
    finally:
        clear()


def kill() -> None:
    """An action: end this process as `kill -9` does."""
    os.kill(os.getpid(), signal.SIGKILL)
