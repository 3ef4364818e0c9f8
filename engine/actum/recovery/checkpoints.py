"""Checkpoints: derived state saved so that opening is fast. They can always be thrown away.

A checkpoint saves what changed since the last one: view rows, the streams' heads, snapshots. Rows are immutable, so
the cut is a swap of each view's dict of changed rows between two turns; the rows are then encoded in slices of a
millisecond while commands go on, and written beside the loop. The closing record comes last: without it the
checkpoint does not exist.

When the deltas have outgrown the base, a new base is written: all rows are walked in slices while they change, and
what changed meanwhile is in the cut at the end, so the whole is again exactly one position.

Heads and snapshots name their own positions and may be newer than the cut; the closing record waits until those are
durable.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias, final

from actum_storage import Chunk, StorageError
from msgspec.structs import replace

from actum import garbage
from actum.codec import ENCODING_ERRORS, encode_chunk
from actum.logbook import facts
from actum.recovery.closing import Closing, SavedView, heads_section, snapshots_section, view_section

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from actum_storage import CheckpointWriter, Derived, Head

    from actum.background import Background
    from actum.clock import Clock
    from actum.directory import Directory
    from actum.options import Options
    from actum.scheduler import Scheduler
    from actum.schemas.gate import Reading
    from actum.streams import Streams
    from actum.views.live_view import LiveView
    from actum.views.table import Cut

log = logging.getLogger("actum.checkpoints")

#: Rows of the first slice; later slices follow the time that it took.
SLICE_ROWS_FIRST = 200
SLICE_ROWS_MAX = 4_000

#: What a checkpoint takes from views and directory, and empties when it has been written.
Taken: TypeAlias = "dict[Any, Any] | set[Any]"


@final
class Checkpointer:
    """Saves derived state, periodically and on close.

    Attributes:
        lock: held while a checkpoint is made.
        position: of the last checkpoint, 0 for none.
        count: checkpoints made since opening.
        failures: checkpoints that failed since the last one made.
        failure: why the last one failed, or None.
        seconds: how long the last one took.
    """

    def __init__(  # noqa: PLR0913  # what is saved, where, and how often
        self,
        derived: Derived,
        scheduler: Scheduler,
        directory: Directory,
        views: Mapping[str, LiveView],
        clock: Clock,
        background: Background,
        options: Options,
        *,
        position: int,
        reading: Reading,
    ) -> None:
        """Nothing is saved by this one yet.

        Args:
            derived: where to.
            scheduler: tells what is durable.
            directory: streams and actors.
            views: the live list; rebuilt views are swapped in there.
            clock: measures slices.
            background: does the writing.
            options: how often, how long.
            position: of the checkpoint that was opened from, 0 for none.
            reading: how today's classes read the log.
        """
        self._derived = derived
        self._scheduler = scheduler
        self._directory = directory
        self._views = views
        self._clock = clock
        self._options = options
        self._background = background
        self._reading = reading
        self.lock = asyncio.Lock()
        self._base_next = position == 0
        self._slice_rows = SLICE_ROWS_FIRST
        self._hasty = False
        self._unsavable: set[str] = set()
        self._collectable = 0
        self.position = position
        self.count = 0
        self.failures = 0
        self.failure: Exception | None = None
        self.seconds = 0.0

    @property
    def due(self) -> bool:
        """Whether enough has happened since the last checkpoint for another one."""
        return self._scheduler.durable - self.position >= self._options.checkpoint_events_min

    async def checkpoint(self, *, hasty: bool = False, base: bool = False, head: Head | None = None) -> bool:
        """Make a checkpoint; False if it failed, which is logged and costs nothing but a slower opening.

        Args:
            base: write everything anew.
            hasty: without the pauses that keep commands fast: for opening and closing.
            head: where the views stand during opening; the last durable position otherwise.
        """
        async with self.lock:
            self._hasty = hasty
            self._base_next = self._base_next or base
            started = self._clock.monotonic_ns()
            taken: list[Taken] = []
            try:
                await self._checkpoint(head, taken)
            except BaseException as error:
                self._base_next = True  # what was cut is in no checkpoint: the next one has to hold everything
                if not isinstance(error, (StorageError, OSError, LostGroundError, *ENCODING_ERRORS)):
                    raise
                self.failures += 1
                self.failure = error
                said = facts("checkpoint failed", error)
                log.warning("a checkpoint failed, opening will take longer: %s", error, extra=said)
                return False
            self.seconds = (self._clock.monotonic_ns() - started) / 1e9
            self.count += 1
            self.failures = 0
            self.failure = None
            if self._options.gc_policy == "freeze":
                garbage.calm_again(self._collectable)
            await self._release(taken)
            return True

    async def _checkpoint(self, head: Head | None, taken: list[Taken]) -> None:
        """Begin, write everything, close; or abort."""
        ratio_max = self._options.checkpoint_deltas_ratio_max
        base = self._base_next or self._derived.size_deltas > ratio_max * self._derived.size_base
        writer = await self._begin(base=base)
        try:
            closing = await self._write(writer, head, taken, base=base)
            await self._background.run(partial(writer.close, encode_chunk(closing)))
        except BaseException:
            with suppress(StorageError, OSError):
                await self._background.run(writer.abort)
            raise
        self._base_next = False
        self.position = closing.position

    async def _write(self, writer: CheckpointWriter, head: Head | None, taken: list[Taken], *, base: bool) -> Closing:
        """All chunks; the closing record that makes them valid."""
        self._collectable = self._count_collectable()
        walked: dict[str, int] = {}
        for view in self._savable() if base else ():
            if not view.all_changed:
                view.table.cut()  # what changed before the walk is in the walk
                walked[view.name] = await self._write_view(writer, view, list(view.table.rows), encode_rows(view)) or 0
        # The cut: nothing may be awaited from here to the end of this block.
        committer = self._scheduler.committer
        head = head or committer.head
        served = self._savable()
        saved = {
            view.name: SavedView.of(view, reset=base or not view.saved, once=walked.get(view.name, 0))
            for view in served
        }
        cuts = [(view, view.cut()) for view in served]
        changed = self._directory.take_changed(taken, everything=base)
        losses = committer.losses

        for view, cut in cuts:
            taken += cut
            chunks = await self._write_view(writer, view, cut.rows.items(), encode_cut(cut))
            if chunks is None:
                del saved[view.name]
            elif saved[view.name].reset and view.name not in walked:
                saved[view.name] = replace(saved[view.name], once=chunks)
        for streams, keys in changed:
            await self._write_slices(writer, heads_section(streams.name), keys, self._encode_heads(streams))
            snapshots, streams.snapshots_changed = streams.snapshots_changed, {}
            taken.append(snapshots)
            section = snapshots_section(streams.name, streams.kind.fingerprint)
            items = list(streams.snapshots.items()) if base else snapshots.items()
            await self._write_slices(writer, section, items, dict)
        await self._wait_until_durable(committer.open.next_position - 1, losses)
        return Closing(head.position, head.hash, saved, self._reading)

    def _count_collectable(self) -> int:
        """How many rows and states have changed since the last time that the garbage collector looks at."""
        tables = [view.table for view in self._views.values()]
        rows = sum(len(table.dirty) for table in tables if table.schema.row_type.__struct_config__.gc)
        kinds = [streams.kind.aggregate for streams in self._directory.streams.values()]
        states = len(self._directory.changed) if any(kind.__struct_config__.gc for kind in kinds) else 0
        return rows + states

    def _savable(self) -> list[LiveView]:
        """The views that are served and can be saved; the others are made again from the log at the next opening."""
        return [view for view in self._views.values() if view.broken is None and view.name not in self._unsavable]

    async def _write_view(
        self, writer: CheckpointWriter, view: LiveView, items: Iterable[Any], shape: Callable[[list[Any]], Any]
    ) -> int | None:
        """Write rows of a view; in how many chunks, or None, once and for all, if one of them can't be encoded."""
        if view.name in self._unsavable:
            return None
        try:
            return await self._write_slices(writer, view_section(view.name), items, shape)
        except ENCODING_ERRORS as error:
            self._unsavable.add(view.name)
            log.warning(
                "view %s can't be saved, opening has to make it again from the log: %s",
                view.name,
                error,
                extra=facts("view not saved", error, view=view.name),
            )
            return None

    def _encode_heads(self, streams: Streams) -> Callable[[list[Any]], Any]:
        """Where the streams of some keys end now: never older than what was written of them before.

        On the way, the states of those that are awake and whose replay would be long are saved.
        """
        minimum = self._options.snapshot_events_min
        awake, asleep = streams.actors, streams.heads

        def heads(keys: list[str]) -> dict[str, int]:
            positions: dict[str, int] = {}
            for key in keys:  # as `Streams.head` and `Actor.events_since_snapshot`, written out: it is most of the work
                actor = awake.get(key)
                if actor is None:
                    position = asleep.get(key, 0)
                else:
                    position = actor.position
                    if actor.version - actor.snapshot_version >= minimum and actor.state is not None:
                        actor.snapshot()
                if position:
                    positions[key] = position
            return positions

        return heads

    async def _write_slices(
        self, writer: CheckpointWriter, section: str, items: Iterable[Any], shape: Callable[[list[Any]], Any]
    ) -> int:
        """Encode and write items, a slice of about a millisecond at a time, with a pause for the loop in between.

        Gives the number of chunks.
        """
        chunks = 0
        iterator: Iterator[Any] = iter(items)
        self._slice_rows = SLICE_ROWS_FIRST  # those of another section take another time
        while True:
            started = self._clock.monotonic_ns()
            if not (part := list(islice(iterator, self._slice_rows))):
                return chunks
            body = encode_chunk(shape(part))
            self._follow(len(part), self._clock.monotonic_ns() - started)
            await self._background.run(partial(writer.write, Chunk(section, len(part), body)))
            chunks += 1
            if not self._hasty:
                await asyncio.sleep(self._options.checkpoint_pause_seconds)

    async def _release(self, taken: list[Taken]) -> None:
        """Empty what was written, with pauses too: dropping a hundred thousand rows at once takes ten milliseconds."""
        while taken and not self._hasty:
            some = taken[-1]
            take = some.popitem if isinstance(some, dict) else some.pop
            for _ in range(min(len(some), SLICE_ROWS_MAX)):
                take()
            if some:
                await asyncio.sleep(self._options.checkpoint_pause_seconds)
            else:
                taken.pop()

    def _follow(self, rows: int, elapsed_ns: int) -> None:
        """Choose the next slice's rows so that it takes the time it may."""
        if rows == self._slice_rows:
            fitting = int(rows * self._options.checkpoint_slice_seconds * 1e9 / max(elapsed_ns, 1))
            self._slice_rows = max(1, min(fitting, 2 * rows, SLICE_ROWS_MAX))

    async def _wait_until_durable(self, horizon: int, losses: int) -> None:
        """Wait for the commit of all that heads and snapshots saw; if a batch is lost, so is the checkpoint."""
        committer = self._scheduler.committer
        while committer.durable < horizon and committer.losses == losses:
            await asyncio.sleep(self._options.checkpoint_pause_seconds)
        if committer.losses != losses:
            raise LostGroundError("a batch was lost while the checkpoint was made")

    async def _begin(self, *, base: bool) -> CheckpointWriter:
        """A writer; if the caller is cancelled meanwhile, the writer is given up and not forgotten."""
        beginning = self._background.run(partial(self._derived.begin, base=base))
        try:
            return await asyncio.shield(beginning)
        except asyncio.CancelledError:
            with suppress(StorageError, OSError):
                writer = await beginning
                await self._background.run(writer.abort)
            raise


class LostGroundError(Exception):
    """A batch that a snapshot had seen was lost to a full disk. Inside this module only."""


def encode_rows(view: LiveView) -> Callable[[list[Any]], Any]:
    """The rows of these keys as they are now; those removed meanwhile are in the cut."""
    rows = view.table.rows
    return lambda keys: ([rows[key] for key in keys if key in rows], [])


def encode_cut(cut: Cut[Any]) -> Callable[[list[Any]], Any]:
    """The rows of these items, and the keys of those that were removed, also if they were put again."""
    removed = cut.removed
    return lambda items: ([row for _, row in items if row is not None], [key for key, _ in items if key in removed])
