"""How long commits take, and how large they are: some of them, only while somebody looks."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar, final

from actum.monitor.spread import Window

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from actum.clock import Clock
    from actum.committer import Committer

T = TypeVar("T")

#: Commits to be timed between two ticks; the others are not touched.
COMMITS_PER_TICK = 2


class CommitTime(NamedTuple):
    """A commit.

    Attributes:
        commit: seconds from handing the batch to the writer to its end in the loop.
        write: seconds of the writer's thread for it.
        events: in the batch.
    """

    commit: float
    write: float
    events: int


@final
class CommitTimes:
    """A committer's background, which tells the time of some commits. It stands there only as long as it does.

    Attributes:
        times: of the commits that have ended.
    """

    def __init__(self, committer: Committer, clock: Clock) -> None:
        """Nothing is timed yet."""
        self.times: Window[CommitTime] = Window(clock.monotonic_ns)
        self._committer = committer
        self._clock = clock
        self._background = committer.background
        self._left = 0

    def begin(self) -> None:
        """Time the next few commits."""
        self._left = COMMITS_PER_TICK
        self._committer.background = self

    def end(self) -> None:
        """Time no more."""
        self._committer.background = self._background

    def commit(self, work: Callable[[], None], done: Callable[[], None]) -> None:
        """See `Background.commit`."""
        self._left -= 1
        if self._left <= 0:
            self.end()
        self._background.commit(work, partial(self._ended, self._clock.monotonic_ns(), done))

    def run(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """See `Background.run`."""
        return self._background.run(work)

    def stop(self) -> None:
        """See `Background.stop`."""
        self._background.stop()

    def _ended(self, started_ns: int, done: Callable[[], None]) -> None:
        """A commit has ended: what the committer does then comes first in any case, but for the looking at the time."""
        committer = self._committer
        commit_ns, write_ns = self._clock.monotonic_ns() - started_ns, committer.commit_ns
        events = 0 if committer.under_way is None else len(committer.under_way.events)
        done()
        write_ns = committer.commit_ns - write_ns
        self.times.add(CommitTime(commit_ns / 1e9, write_ns / 1e9, events))
