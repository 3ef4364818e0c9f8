"""How far behind the log's true head an engine is, with its views and what sends commands by itself.

See `actum.subscriptions.lag` for what is made of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from actum_storage import StorageError

from actum.codec import decode_link
from actum.subscriptions.lag import LagTracker

if TYPE_CHECKING:
    from collections.abc import Callable

    from actum_storage import Log

    from actum.core import Core
    from actum.subscriptions.lag import Standstill, Subject


@final
class ViewSubject:
    """A view, as it is looked at.

    Attributes:
        name: its name.
        beginnings: a view that is made again is made beside the one that is served, so it never begins anew.
    """

    def __init__(self, core: Core, name: str) -> None:
        """Of an engine that is being wired."""
        self.name = name
        self.beginnings = 0
        self._core = core
        self._seen = -1
        self._seen_ns = core.clock.monotonic_ns()

    @property
    def position(self) -> int:
        """Everything up to here is in the rows."""
        return self._core.views[self.name].position

    def condition(self) -> Standstill | None:
        """Broken, or being made again."""
        if self._core.rebuilder.rebuilding(self.name):
            return "rebuilding", ""
        broken = self._core.views[self.name].broken
        return None if broken is None else ("failed", str(broken))

    def trouble(self) -> str:
        """A view tries nothing again."""
        return ""

    def news(self) -> str:
        """All that a view can say is its state."""
        return ""

    def next_time(self) -> tuple[int, int] | None:
        """It does not know."""
        return None

    def heartbeat_ns(self) -> int:
        """Now, if it is where the log ends; else when it was last seen to have moved."""
        position = self.position
        if position != self._seen or position >= true_head(self._core):
            self._seen, self._seen_ns = position, self._core.clock.monotonic_ns()
        return self._seen_ns


def tracker_of(
    core: Core, subject: Subject, *, head: Callable[[], int] | None = None, caught_up: bool = True, what: str = "events"
) -> LagTracker:
    """The tracker of one part of an engine.

    Args:
        core: the engine's parts.
        subject: what is looked at.
        head: where it has to get to, if that is not the log's end.
        caught_up: whether it begins there.
        what: it has to do.
    """
    return LagTracker(
        subject,
        head=head or (lambda: true_head(core)),
        time_at=lambda position: time_at(core.log, position),
        clock=core.clock,
        options=core.options,
        caught_up=caught_up,
        what=what,
    )


def true_head(core: Core) -> int:
    """The log's last position: also if this engine can't write any more, or never could."""
    durable = core.scheduler.durable
    if core.scheduler.committer.failure is None and not core.read_only:
        return durable
    try:
        return max(durable, core.log.head.position)
    except StorageError:
        return durable


def time_at(log: Log, position: int) -> int | None:
    """When the event at a position was decided; None if it can't be read."""
    try:
        frame = log.frame_at(position)
    except StorageError:
        return None
    return decode_link(frame.record(position - frame.first)).timestamp_ns
