"""Keeps a forked child away from what its parent opened.

A child writes through its parent's LMDB environment without any error, and shares its parent's `flock`. So whatever is
open holds a `ForkGuard` and asks it on every entry. The pid is compared, and fork itself leaves a mark, because a child
in a new pid namespace may have the very pid of its parent.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, final
from weakref import WeakSet

from actum_storage.errors import StoreForked

if TYPE_CHECKING:
    from collections.abc import Callable


@final
class ForkGuard:
    """Knows the process that opened something."""

    __slots__ = ("__weakref__", "_forked", "_pid", "_release")

    def __init__(self, release: Callable[[], None] | None = None) -> None:
        """Remember this process; `release` is called in each child of it right after the fork."""
        self._pid = os.getpid()
        self._release = release
        self._forked = False
        _guards.add(self)

    @property
    def forked(self) -> bool:
        """Whether this is a child of the process that opened it."""
        return self._forked or os.getpid() != self._pid

    def check(self) -> None:
        """Refuse a forked child.

        Raises:
            StoreForked: this is not the process that opened it.
        """
        if self.forked:
            raise StoreForked(
                f"process {os.getpid()} is a fork of process {self._pid}, which opened the store: using it here would"
                " damage it. Open stores after forking, or start processes with the spawn method."
            )

    def mark(self) -> None:
        """What happens in the child, once."""
        self._forked = True
        if self._release is not None:
            self._release()


_guards: WeakSet[ForkGuard] = WeakSet()


def mark_all() -> None:
    """Run in every forked child, before anything else in it."""
    for guard in list(_guards):
        guard.mark()


os.register_at_fork(after_in_child=mark_all)
