"""Views made again from the log beside the ones that are served, compared if wanted, and swapped in within one turn.

Everything is done in slices of some milliseconds, so commands and queries go on meanwhile: folding the log, building
the indexes, comparing, and letting go of what was replaced. What can't be sliced is what Python does at once: a dict
of a million rows takes tens of milliseconds to grow.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, final

from actum_storage import StoreClosed

from actum import garbage
from actum.errors import EngineClosed, Invalid
from actum.logbook import facts
from actum.recovery.recovery import turn
from actum.statistics import RebuildStatistics
from actum.view_differences import Comparison

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable
    from contextlib import AbstractAsyncContextManager

    from actum.clock import Clock
    from actum.recovery.recovery import Recovery, Rest
    from actum.scheduler import Scheduler
    from actum.view_differences import ViewDifferences
    from actum.views.live_view import LiveView
    from actum.watching.watching import Watching

log = logging.getLogger("actum.rebuilding")

#: Slices of indexes between two freezings of what was made.
FREEZE_SLICES: Final = 16
#: Keys that are compared before the loop gets its turn.
COMPARED_KEYS: Final = 1_000


@final
class Rebuild:
    """One rebuild that is under way.

    Attributes:
        twin: the view that is being filled.
        step: see `RebuildStatistics`.
        differences: found by the comparison, if there was one.
    """

    __slots__ = ("_clock", "_started_ns", "differences", "step", "twin")

    def __init__(self, twin: LiveView, clock: Clock) -> None:
        """It begins now."""
        self.twin = twin
        self.step = "folding"
        self.differences: ViewDifferences | None = None
        self._clock = clock
        self._started_ns = clock.monotonic_ns()

    @property
    def seconds(self) -> float:
        """Since it began."""
        return (self._clock.monotonic_ns() - self._started_ns) / 1e9

    def statistics(self, head: int) -> RebuildStatistics:
        """How far it is."""
        return RebuildStatistics.of(self.step, self.twin.position, head, self.seconds)


@final
class Rebuilder:
    """Makes views again.

    Attributes:
        under_way: by name of the view.
    """

    def __init__(
        self,
        views: dict[str, LiveView],
        recovery: Recovery,
        scheduler: Scheduler,
        watching: Watching,
        clock: Clock,
        *,
        no_checkpoint: Callable[[], AbstractAsyncContextManager[object]],
    ) -> None:
        """Nothing is under way.

        Args:
            views: the live ones; a new one is put there.
            recovery: replays the log.
            scheduler: tells what is durable.
            watching: tells what changes meanwhile, and is told of the swap.
            clock: measures.
            no_checkpoint: holds checkpoints off, which must not find another view in the place of the one they save.
        """
        self._views = views
        self._recovery = recovery
        self._scheduler = scheduler
        self._watching = watching
        self._clock = clock
        self._no_checkpoint = no_checkpoint
        self._releasing: set[asyncio.Task[None]] = set()
        self._ended = asyncio.Event()  # of a rebuild; another one is put here then
        self.under_way: dict[str, Rebuild] = {}

    def rebuilding(self, name: str) -> bool:
        """Whether a view is being made again, or is to be: it is served with rows of other code."""
        view = self._views[name]
        return name in self.under_way or (view.outdated and view.broken is None)

    async def rebuild(self, name: str, *, compare: bool = False) -> ViewDifferences | None:
        """Fold a view from the whole log beside the one that is served, then put it in its place in one turn.

        Cancelling drops the new one; the old one stays.

        Raises:
            ViewBroken: its handler failed; with `compare` also if the one that is served is broken.
            Invalid: it is being rebuilt already.
            EngineClosed: the engine closed meanwhile.
        """
        async with self._made_again(name, compare=compare) as made:
            made.twin.made = made.twin.position
            self._views[name] = made.twin
            self._watching.renew(name)
        said = facts("view rebuilt", view=name, seconds=made.seconds)
        log.info("view %s was rebuilt in %.1f s", name, made.seconds, extra=said)
        return made.differences

    async def renew(self, names: Iterable[str]) -> None:
        """Rebuild views that are served with rows of other code; one that can't be is not served any more.

        Cancelling leaves them as they are: they are saved as what they are, and the next opening begins again.
        """
        for name in names:
            log.info(
                "view %s: its saved rows were made by other code; they are served while it is rebuilt",
                name,
                extra=facts("view outdated", view=name),
            )
            try:
                while name in self.under_way:  # its user was quicker
                    await self._ended.wait()
                if self._views[name].outdated:
                    await self.rebuild(name)
            except Exception as error:
                said = facts("rebuild failed", error, view=name)
                log.exception("view %s can't be rebuilt, and is not served any more", name, extra=said)
                view = self._views[name]
                view.refuse(error)
                self._watching.renew(name)

    async def verify(self, name: str) -> ViewDifferences:
        """Fold a view from the whole log and compare it with the one that is served; as `rebuild`, without the swap."""
        async with self._made_again(name, compare=True) as made:
            pass
        assert made.differences is not None
        return made.differences

    @asynccontextmanager
    async def _made_again(self, name: str, *, compare: bool) -> AsyncGenerator[Rebuild]:
        """A view folded from the whole log; at the head, and no checkpoint begins, until something is awaited."""
        if name in self.under_way:
            raise Invalid(f"view {name} is being rebuilt already: wait for it")
        served = self._views[name]
        if compare:
            served.check()
        twin = served.twin()
        rebuild = self.under_way[name] = Rebuild(twin, self._clock)
        try:
            await self.catch_up(twin)
            rebuild.step = "indexing"
            await build(twin)
            await self.catch_up(twin)
            comparison = None
            if compare:
                rebuild.step = "comparing"
                comparison = Comparison(served, twin, self._watching)
                await self._compare(comparison)
            async with self._no_checkpoint():
                if comparison is None:
                    await self.catch_up(twin)
                    twin.check()
                else:
                    await self._compare(comparison)
                    rebuild.differences = comparison.result()
                yield rebuild
        except StoreClosed as error:
            raise EngineClosed(
                f"the engine closed while view {name} was made again; the served one is as it was"
            ) from error
        finally:
            del self.under_way[name]
            ended, self._ended = self._ended, asyncio.Event()
            ended.set()
            self.release(served if self._views[name] is twin else twin)

    def release(self, view: LiveView) -> None:
        """Let go of a view that is not served, a slice at a time."""
        task = asyncio.create_task(released(view), name="actum release")
        self._releasing.add(task)
        task.add_done_callback(self._releasing.discard)

    async def stop(self) -> None:
        """Leave the rest of what is being let go of to Python."""
        for task in self._releasing:
            task.cancel()
        await asyncio.gather(*self._releasing, return_exceptions=True)

    async def catch_up(self, view: LiveView) -> None:
        """Replay into a view until it stands where the log stands, or breaks."""
        while view.broken is None and view.position < self._scheduler.durable:
            async for _ in self._recovery.replay([view], view.position + 1, self._scheduler.durable):
                pass

    async def _compare(self, comparison: Comparison) -> None:
        """Compare all that has not been compared as it is now; that holds until something is awaited.

        Raises:
            ViewBroken: one of both broke meanwhile.
        """
        while True:
            await self.catch_up(comparison.made)
            comparison.served.check()
            comparison.made.check()
            keys = comparison.take()
            if len(keys) <= COMPARED_KEYS and comparison.complete:
                comparison.compare(keys)
                return
            for start in range(0, len(keys), COMPARED_KEYS):
                comparison.compare(keys[start : start + COMPARED_KEYS])
                await asyncio.sleep(0)


async def build(view: LiveView, rest: Rest = turn) -> None:
    """Make the indexes of a view that is not served, a slice at a time; `rest` is awaited after each."""
    for number, _ in enumerate(view.build_slices()):
        if number % FREEZE_SLICES == 0:
            garbage.calm_meanwhile()
        await rest()


async def released(view: LiveView) -> None:
    """Empty a view a slice at a time: to drop a million rows at once takes tens of milliseconds."""
    for _ in view.table.release():
        await asyncio.sleep(0)
