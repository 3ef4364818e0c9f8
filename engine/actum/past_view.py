"""A view as of a position of the past: folded from the log up to there, beside the one that is served.

As in a rebuild everything is done in slices, and commands and queries go on meanwhile. A position between two events
of one command, or of one `send_atomic`, is one like any other: the view is folded exactly up to it, though nobody has
ever been answered from such rows, since what one commit wrote comes into the served view in one turn.
"""

from __future__ import annotations

from contextlib import aclosing
from operator import attrgetter
from typing import TYPE_CHECKING, final

from actum_storage import StoreClosed

from actum.errors import EngineClosed, Invalid, ViewBroken, shown
from actum.past_trail import TRAIL_EVENTS_MAX, Trail
from actum.rebuilding import build
from actum.recovery.recovery import turn

if TYPE_CHECKING:
    from actum_storage import Progress

    from actum.core import Core
    from actum.recovery.frame_records import Folded
    from actum.recovery.recovery import Rest
    from actum.views.live_view import LiveView


@final
class PastView:
    """One view as of a position, to be moved to others.

    Attributes:
        name: of the view.
        view: its rows, of no use while it is being moved; with indexes.
    """

    __slots__ = ("_core", "_indexed", "_trail", "name", "view")

    def __init__(self, core: Core, name: str) -> None:
        """At position 0: no rows."""
        self._core = core
        self.name = name
        self._indexed = False
        self._begin()

    async def move(self, position: int, progress: Progress | None = None, rest: Rest = turn) -> None:
        """Fold it up to a position; forwards it goes on from where it is, far backwards it begins again.

        Cancelling leaves it somewhere in between, where it may be moved on.

        Args:
            position: 0 for an empty view, at most the last durable one.
            progress: told how far it has come, and how far it has to go: positions.
            rest: awaited after every slice, some thousand events or rows.

        Raises:
            Invalid: there is no such position.
            ViewBroken: a handler fails on the way; it says at which position.
            EngineClosed: the engine closed meanwhile.
        """
        check_position(position, self._core.scheduler.durable)
        if self.view.broken is not None or position < self._trail.start:
            self.release()
        elif position < self.view.position:
            self._trail.back(position)

        async def tell_and_rest() -> None:
            if progress is not None:
                progress(self.view.position, position)
            await rest()

        try:
            await self._fold(position, tell_and_rest)
            if not self._indexed:
                await build(self.view, rest)
                self._indexed = True
        except StoreClosed as error:
            raise EngineClosed(f"the engine closed while view {self.name} was folded up to {position}") from error
        self._check(position)
        if progress is not None:
            progress(position, position)

    def release(self) -> None:
        """Back to position 0; what was there is let go of in slices."""
        old = self.view
        self._begin()
        self._core.rebuilder.release(old)

    def _begin(self) -> None:
        """An empty view."""
        self.view: LiveView = self._core.views[self.name].twin()
        self._indexed = False
        self._trail: Trail = Trail(self.view, attrgetter(self.view.table.schema.key))

    async def _fold(self, position: int, rest: Rest) -> None:
        """Replay up to there, or until it breaks: the last events with a trail."""
        far = position - TRAIL_EVENTS_MAX
        if self.view.position < far:
            await self._replay(self.view, far, rest)
            self._trail.restart()
        if self.view.broken is None:
            await self._replay(self._trail, position, rest)

    async def _replay(self, folded: Folded, position: int, rest: Rest) -> None:
        """Replay into the view itself, or by its trail."""
        view, recovery = self.view, self._core.recovery
        if view.position < position:
            async with aclosing(recovery.replay([folded], view.position + 1, position, rest)) as replay:
                async for _ in replay:
                    if view.broken is not None:
                        return

    def _check(self, position: int) -> None:
        """Raise if it broke."""
        broken = self.view.broken
        if broken is not None:
            cause = broken.__cause__
            raise ViewBroken(
                f"view {self.name} can't be folded up to position {position}: its code fails at position "
                f"{broken.position} with {type(cause).__name__}: {cause}. "
                f"Ask for a position before {broken.position}, or mend the handler",
                view=self.name,
                position=broken.position,
            ) from cause


def check_position(position: object, head: int) -> None:
    """Raise Invalid unless it is a position up to the head, or 0."""
    if not isinstance(position, int) or isinstance(position, bool) or not 0 <= position <= head:
        raise Invalid(f"position={shown(position)} is not in the log: give 0 to {head}, the last durable position")
