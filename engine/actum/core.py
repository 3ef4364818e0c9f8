"""The parts of an open engine, wired: what `Engine` uses between open and close.

Order matters here and nowhere else. Opening: store, streams and views, checkpoint, tail of the log, then the writer.
A durable batch: views first, in position order, then waiting questions, then (in the scheduler) the answers. Closing:
the writer stops last.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import nullcontext
from threading import get_ident
from typing import TYPE_CHECKING, Any, Protocol, final, runtime_checkable

from actum_storage import StoreFull

from actum import freshness, garbage
from actum.atomic.tags import TagIndex
from actum.awaited_positions import AwaitedPositions
from actum.background import ThreadBackground
from actum.bus import Bus
from actum.codec import Codec, array_of, schema_documents
from actum.directory import Directory
from actum.errors import Invalid, shown
from actum.logbook import facts
from actum.observer import settling
from actum.processes.left_behind import tell_left_behind
from actum.rebuilding import Rebuilder
from actum.recovery.checkpoints import Checkpointer
from actum.recovery.frame_records import Records, none_wanted
from actum.recovery.recovery import Recovery
from actum.scheduler import Scheduler
from actum.schemas.gate import SchemaGate
from actum.streams import Streams
from actum.subscriptions.monitor import Monitor
from actum.subscriptions.source import Source
from actum.subscriptions.subscriptions import Inline, Subscriptions
from actum.views.live_view import LiveView, View
from actum.watching.watching import Watching

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractAsyncContextManager

    from actum_storage import Derived, Head, Log

    from actum.alert import AlertCallback, Kind
    from actum.automation.process_runner import Runner
    from actum.automation.timer import Timer
    from actum.background import Background
    from actum.batch import OpenBatch
    from actum.clock import Clock, CommandIds
    from actum.kinds.catalogue import Catalogue
    from actum.middleware import Middleware
    from actum.observer import Observer
    from actum.options import Options
    from actum.subscriptions.lag import LagTracker

log = logging.getLogger("actum.core")

#: How often idle actors are looked for and a checkpoint is considered.
TICK_SECONDS = 1.0


@runtime_checkable
class OpenStore(Protocol):
    """What an engine needs besides a log to make checkpoints: a directory that was opened, or a test's stand-in."""

    @property
    def log(self) -> Log:
        """The truth."""
        ...

    @property
    def derived(self) -> Derived:
        """Where checkpoints go."""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is wrong with the store without being a reason to refuse it."""
        ...

    def hold_ballast(self, size_max: int) -> bool:
        """Keep room on the disk for closing; whether it is kept."""
        ...

    def drop_ballast(self) -> bool:
        """Give that room back; whether there was any."""
        ...

    def close(self) -> None:
        """Release everything."""
        ...


@final
class Core:
    """An open engine's parts."""

    def __init__(  # noqa: PLR0913  # all that the front door was given
        self,
        store: OpenStore | None,
        log: Log,
        catalogue: Catalogue,
        clock: Clock,
        ids: CommandIds,
        background: Background | None,
        options: Options,
        *,
        read_only: bool = False,
        automatic: bool = True,
        alerts: Sequence[AlertCallback] = (),
        observer: Observer | None = None,
    ) -> None:
        """Empty views and streams over a log.

        Args:
            store: where the log lies on disk; None for a log without a directory.
            log: the truth.
            catalogue: the user's classes.
            clock: time.
            ids: of commands that come without one.
            background: does disk work; threads of the engine unless given.
            options: bounds.
            read_only: whether the log may only be read: another process may be writing it.
            automatic: whether deadlines, processes and subscriptions run.
            alerts: told of what falls behind or stops.
            observer: told of what is under way.
        """
        self.store = store
        self.log = log
        self.catalogue = catalogue
        self.clock = clock
        self.ids = ids
        self.options = options
        self.codec = Codec(catalogue.event_types, options, catalogue.upcasts)
        self.directory = Directory(options)
        self.views: dict[str, LiveView] = {
            kind.name: LiveView(kind.name, kind.view, kind.schema, kind.projections, kind.fingerprint)
            for kind in catalogue.views
        }
        self._records_wanted = any(view.wants_records for view in self.views.values())
        self.loop = asyncio.get_running_loop()
        self.thread = get_ident()
        self.background = background or ThreadBackground(self.loop, gate_seconds=options.gate_seconds)
        self.read_only = read_only
        self.stopping = False
        self.automatic = automatic
        self.observer = observer
        settled = self._settled if observer is None else settling(self, observer, self._settled)
        self.scheduler = Scheduler(
            log, self.directory, clock, ids, self.background, options, settled=settled, read_only=read_only
        )
        self.tags = None if read_only else TagIndex.of(catalogue, self.scheduler.committer)
        for kind in catalogue.aggregates:
            self.directory.streams[kind.name] = Streams(kind, self.codec, log, self.scheduler, self.tags)
        self.bus = Bus(catalogue, self.directory, self.views)
        self.watching = Watching(self.views, self.bus, changes_max=options.watch_changes_max)
        self._watched = self.watching.watched
        self.recovery = Recovery(
            log,
            self.codec,
            self.directory,
            self.background,
            slice_events=options.replay_slice_events,
            outdated_too=options.rebuild == "beside",
        )
        self.rebuilder = Rebuilder(
            self.views, self.recovery, self.scheduler, self.watching, clock, no_checkpoint=self._no_checkpoint
        )
        self.middleware: Sequence[Middleware] = ()  # that commands pass which the engine sends by itself
        self.timer: Timer | None = None
        self.runners: tuple[Runner, ...] = ()
        self.lag_trackers: dict[tuple[Kind, str], LagTracker] = {
            ("view", name): freshness.tracker_of(self, freshness.ViewSubject(self, name)) for name in self.views
        }
        self.monitor = Monitor(clock, alerts)
        self.subscriptions = self._subscriptions()
        self.checkpointer: Checkpointer | None = None
        self.queries = 0
        self.open_seconds = 0.0
        self.awaited = AwaitedPositions(self.scheduler, options.ask_after_seconds_max)
        self._tasks: list[asyncio.Task[None]] = []  # that run until it stops
        self._renewing: asyncio.Task[None] | None = None

    def _subscriptions(self) -> Subscriptions:
        """Those of the catalogue; one that only reads runs none. Each has a thread of its own if there is a disk."""
        manifest, directory = getattr(self.store, "manifest", None), getattr(self.store, "subscriptions", None)
        source = Source(
            self.log,
            lambda: self.scheduler.durable,
            self.codec,
            "" if manifest is None else manifest.store_id,
            self.catalogue.services,
            self.clock,
            self.options,
            self.observer,
        )
        return Subscriptions(
            () if self.read_only or not self.automatic else self.catalogue.subscriptions,
            self.catalogue.upcasts,
            source,
            directory,
            lambda: (
                Inline() if directory is None else ThreadBackground(self.loop, gate_seconds=self.options.gate_seconds)
            ),
        )

    async def start(self) -> None:
        """Bring everything to the log's head, then begin housekeeping."""
        started = self.clock.monotonic_ns()
        views = list(self.views.values())
        position = 0
        gate = SchemaGate(self.log, self.catalogue, self.codec, slice_events=self.options.replay_slice_events)
        if self.store is not None:
            for warning in self.store.warnings:
                log.warning("%s", warning, extra=facts("store warning"))
            position = await self.recovery.restore(self.store.derived, views)
        made_anew = [view for view in views if not view.saved]
        looked_through = await gate.check(position, self.recovery.reading)
        if not self.read_only:
            self.log.put_schemas(self.scheduler.committer.epoch, schema_documents(self.catalogue.event_types))
            if self.store is not None:
                self.checkpointer = Checkpointer(
                    self.store.derived,
                    self.scheduler,
                    self.directory,
                    self.views,
                    self.clock,
                    self.background,
                    self.options,
                    position=position,
                    reading=gate.reading,
                )
        head = await self.recovery.catch_up(views, position, self._save_at if self.checkpointer is not None else None)
        if self.tags is not None:
            await self.tags.read(self.log, self.codec, slice_events=self.options.replay_slice_events)
        if self.read_only:
            self.scheduler.committer.stay_at(head)
        await self._make_anew(views, made_anew)
        if looked_through and self.checkpointer is not None:
            # It says what the gate let pass: the next opening starts from there.
            await self.checkpointer.checkpoint(hasty=True)
        if self.options.gc_policy == "freeze":
            garbage.calm(self)
        if not self.read_only:
            await self._hold_ballast()
            self._tasks += [asyncio.create_task(self._keep_house(), name="actum housekeeping")]
            await self._start_automatic()
            for (kind, _), tracker in self.lag_trackers.items():
                self.monitor.add(kind, tracker)
            await self.subscriptions.start(
                self.monitor,
                lambda: freshness.true_head(self),
                lambda position: freshness.time_at(self.log, position),
            )
            self._tasks += [asyncio.create_task(self.monitor.run(), name="actum lag monitor")]
        outdated = [view.name for view in views if view.outdated]
        if outdated:
            self._renewing = asyncio.create_task(self.rebuilder.renew(outdated), name="actum rebuild")
        self.open_seconds = (self.clock.monotonic_ns() - started) / 1e9

    async def _start_automatic(self) -> None:
        """What sends commands by itself begins, before anybody else can; or stands where it stopped."""
        if self.timer is not None and self.automatic:
            self.timer.start()
        for runner in self.runners:
            await runner.start(running=self.automatic)
        tell_left_behind(self)

    async def _make_anew(self, views: list[LiveView], made_anew: list[LiveView]) -> None:
        """Make those views again at once that began with rows of other code with which today's could not go on."""
        for view in views:
            if view.outdated and view.broken is not None:
                view.clear()
                made_anew.append(view)
                await self.rebuilder.catch_up(view)
                view.build()
        for view in made_anew:
            view.made = view.position

    async def _hold_ballast(self) -> None:
        """Keep room on the disk for closing."""
        size_max = self.options.ballast_bytes
        store = self.store
        if store is not None and not size_max:
            await self.background.run(store.drop_ballast)
        elif store is not None and not await self.background.run(lambda: store.hold_ballast(size_max)):
            said = facts("ballast missing")
            log.warning("no room on the disk for a ballast file: once it is full, closing saves nothing", extra=said)

    async def _save_at(self, head: Head) -> None:
        """A checkpoint in the middle of a long replay."""
        assert self.checkpointer is not None
        await self.checkpointer.checkpoint(hasty=True, head=head)

    def _settled(self, batch: OpenBatch) -> None:
        """A batch is durable: views, those who watch them, then the questions that waited for its position."""
        records = self._records_of(batch) if self._records_wanted else none_wanted
        if self._watched:
            self.watching.apply(batch.first, batch.events, records)
        else:
            for view in self.views.values():
                view.apply(batch.first, batch.events, records)
        if self.tags is not None:
            self.tags.settle(batch)
        if self.awaited.waiting:
            self.awaited.reach()
        for runner in self.runners:
            runner.wake()
        if self.subscriptions:
            self.subscriptions.wake()

    def _records_of(self, batch: OpenBatch) -> Records:
        """The records of a batch, decoded when the first view asks for them."""
        return Records(self.codec, batch.first, lambda: array_of(len(batch.events), batch.records))

    def view_of(self, view: type[View[Any]]) -> LiveView:
        """The view that is served for a class.

        Raises:
            Invalid: the class was not given to `Engine.open`.
        """
        for kind in self.catalogue.views:
            if kind.view is view:
                return self.views[kind.name]
        raise Invalid(f"{shown(view)} is not a view of this engine: pass one of the classes given to Engine.open")

    def _no_checkpoint(self) -> AbstractAsyncContextManager[object]:
        """Hold checkpoints off: one that has begun must not find another view in the place of the one it saves."""
        return nullcontext() if self.checkpointer is None else self.checkpointer.lock

    async def _keep_house(self) -> None:
        """Once a second: put idle actors to sleep, and make a checkpoint when one is due."""
        options = self.options
        since = 0.0
        while True:
            await asyncio.sleep(TICK_SECONDS)
            since += TICK_SECONDS
            try:
                self.directory.sweep(self.scheduler.durable, ticks=1)
                checkpointer = self.checkpointer
                if checkpointer is not None and 0 < options.checkpoint_seconds <= since and checkpointer.due:
                    since = 0.0
                    await checkpointer.checkpoint()
            except Exception:
                log.exception("housekeeping failed; it goes on", extra=facts("housekeeping failed"))

    async def stop(self, *, drain: bool) -> None:
        """Let what was accepted end, save a checkpoint, stop the writer, close the log.

        Args:
            drain: False when opening failed: nothing was accepted and nothing is worth saving.
        """
        self.stopping = True
        for task in (*self._tasks, *filter(None, [self._renewing])):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        for runner in self.runners:
            await runner.stop()
        if self.timer is not None:
            await self.timer.stop()
        await self.rebuilder.stop()
        try:
            await self.subscriptions.stop(self.options.close_seconds_max if drain else 0.0)
            if drain:
                await self.scheduler.drain(self.options.close_seconds_max)
                await self._save()
        finally:
            self._release()

    def _release(self) -> None:
        """Give back threads, files and memory; nothing is under way any more."""
        self.background.stop()
        self.watching.close()
        self.awaited.close()
        if self.store is not None:
            self.store.close()
        self.directory.clear()
        garbage.restore(self)

    async def _save(self) -> None:
        """The checkpoint on close, with the states of those that are awake."""
        checkpointer = self.checkpointer
        if self.store is None or checkpointer is None or self.scheduler.committer.failure is not None:
            return
        if self.scheduler.durable == checkpointer.position and all(view.saved for view in self.views.values()):
            return
        saved = await checkpointer.checkpoint(hasty=True)
        if not saved and isinstance(checkpointer.failure, StoreFull) and self.store.drop_ballast():
            said = facts("ballast used")
            log.warning("the disk is full: the ballast file was deleted to make room for the checkpoint", extra=said)
            await checkpointer.checkpoint(hasty=True)
