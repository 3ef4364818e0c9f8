"""The simulated disk's part for subscriptions: bookmarks that last, each consumer with a slow background of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any
from unittest.mock import patch

from actum.core import Core
from actum.subscriptions.subscriptions import Subscriptions
from actum_storage import Bookmark, DeadLetter, MemoryBookmarks, StorageError

from tests.simulation.disk import Platter, SimulatedBackground


class SimulatedBookmarks:
    """One subscription's file on a platter, for one incarnation; writing it may fail."""

    def __init__(self, platter: Platter, name: str, random: Random, troubles: float) -> None:
        """`troubles` is the probability that a write fails."""
        self._file = platter.bookmarks.setdefault(name, MemoryBookmarks())
        self._random = random
        self._troubles = troubles

    @property
    def place(self) -> str:
        """See `Bookmarks.place`."""
        return self._file.place

    def load(self) -> Bookmark | None:
        """See `Bookmarks.load`."""
        return self._file.load()

    def save(self, bookmark: Bookmark, updated_ns: int) -> None:
        """See `Bookmarks.save`."""
        self._trouble()
        self._file.save(bookmark, updated_ns)

    def dead_letters(self) -> list[DeadLetter]:
        """See `Bookmarks.dead_letters`."""
        return self._file.dead_letters()

    def bury(self, letter: DeadLetter, bookmark: Bookmark | None, updated_ns: int) -> None:
        """See `Bookmarks.bury`."""
        self._trouble()
        self._file.bury(letter, bookmark, updated_ns)

    def drop(self, position: int) -> None:
        """See `Bookmarks.drop`."""
        self._trouble()
        self._file.drop(position)

    def reset(self, bookmark: Bookmark | None, position: int, updated_ns: int) -> None:
        """See `Bookmarks.reset`."""
        self._trouble()
        self._file.reset(bookmark, position, updated_ns)

    def close(self) -> None:
        """See `Bookmarks.close`."""

    def _trouble(self) -> None:
        if self._random.random() < self._troubles:
            raise StorageError("simulated: the bookmark can't be written")


@contextmanager
def simulated_subscriptions(platter: Platter, random: Random) -> Iterator[None]:
    """Engines that are opened meanwhile keep their bookmarks on a platter, with as much trouble as their log."""
    real = Core._subscriptions

    def simulated(core: Core) -> Subscriptions:
        made: Any = real(core)
        troubles: float = core.log.troubles  # type: ignore[attr-defined]
        made._bookmarks = lambda name: SimulatedBookmarks(platter, name, random, troubles)
        made._make_aside = lambda: SimulatedBackground(core.loop, random, random.choice([0.0001, 0.01]))
        return made  # type: ignore[no-any-return]

    with patch.object(Core, "_subscriptions", simulated):
        yield
