"""Opening: the newest valid checkpoint, then the tail of the log. Also the replay that rebuilds a view.

Derived state is trusted only as far as it proves itself: its closing record must be whole, its position must end a
frame of this very log, and a view's rows must come from the code that runs now. What does not hold is rebuilt from
the log, alone. The one thing that is refused is a checkpoint ahead of the log: acknowledged events are missing then.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Any, final

import msgspec
from actum_storage import Head, StoreMismatch

from actum.codec import decode_headings, decoder_of
from actum.logbook import facts
from actum.recovery.closing import (
    HEADS,
    Closing,
    decode_closing,
    decode_heads,
    decode_snapshots,
    heads_section,
    is_of_log,
    snapshots_section,
    view_section,
)
from actum.recovery.frame_records import Records
from actum.schemas.gate import check_evolved

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence

    from actum_storage import Checkpoint, Chunk, Derived, Frame, Log

    from actum.background import Background
    from actum.codec import Codec
    from actum.directory import Directory
    from actum.messages import Event
    from actum.recovery.frame_records import Folded
    from actum.schemas.gate import Reading
    from actum.views.live_view import LiveView

    SaveAt = Callable[[Head], Awaitable[object]]
    Rest = Callable[[], Awaitable[object]]


log = logging.getLogger("actum.recovery")

#: A replay that is longer saves what it has so often.
REPLAY_CHECKPOINT_EVENTS = 1_000_000


async def turn() -> None:
    """One turn of the loop for the others."""
    await asyncio.sleep(0)


@final
class Recovery:
    """Brings views and streams from whatever is saved to the log's head.

    Attributes:
        reading: how the code that made the checkpoint could read the log up to there, if that is known.
    """

    def __init__(
        self,
        log: Log,
        codec: Codec,
        directory: Directory,
        background: Background,
        *,
        slice_events: int,
        outdated_too: bool = False,
    ) -> None:
        """Nothing is read yet; `outdated_too`: views may begin with rows that other code made."""
        self._outdated_too = outdated_too
        self._log = log
        self._codec = codec
        self._directory = directory
        self._background = background
        self._slice_events = slice_events
        self.reading: Reading | None = None
        self._strangers: set[str] = set()  # refused when the gate has said what it has to say

    async def restore(self, derived: Derived, views: Sequence[LiveView]) -> int:
        """Load the newest valid checkpoint; the position up to which the streams' heads are known, 0 for none.

        Raises:
            StoreCorrupt: the checkpoint is ahead of the log.
        """
        try:
            return await self._restore(await self._background.run(derived.read), views)
        except msgspec.DecodeError as error:
            said = facts("checkpoint dropped", error)
            log.warning(
                "the checkpoint can't be read by this version and is made again from the log: %s", error, extra=said
            )
        self._strangers.clear()
        for view in views:
            view.clear()
        for streams in self._directory.streams.values():
            streams.heads.clear()
            streams.snapshots.clear()
        return 0

    async def _restore(self, checkpoints: Sequence[Checkpoint], views: Sequence[LiveView]) -> int:
        """Take over the checkpoints of one generation, oldest first; their last position."""
        closings = [decode_closing(bytes(checkpoint.closing)) for checkpoint in checkpoints]
        if not closings or not self._is_of_this_log(closings[-1]):
            return 0
        for checkpoint, closing in zip(checkpoints, closings, strict=True):
            sections: dict[str, list[Chunk]] = {}
            for chunk in checkpoint.chunks:
                sections.setdefault(chunk.section, []).append(chunk)
            for view in views:
                chunks = sections.get(view_section(view.name), [])
                await restore_view(view, closing, chunks, outdated_too=self._outdated_too)
            self._restore_streams(sections)
        self.reading = closings[-1].reading
        return closings[-1].position

    def _is_of_this_log(self, closing: Closing) -> bool:
        """Whether the log has the frame at which a checkpoint was made."""
        return is_of_log(self._log, closing)

    def _restore_streams(self, sections: dict[str, list[Chunk]]) -> None:
        """Heads and snapshots of one checkpoint."""
        names = (section.removeprefix(HEADS) for section in sections if section.startswith(HEADS))
        self._strangers |= {name for name in names if name not in self._directory.streams}
        for streams in self._directory.streams.values():
            for chunk in sections.get(heads_section(streams.name), []):
                streams.heads.update(decode_heads(bytes(chunk.body)))
            for chunk in sections.get(snapshots_section(streams.name, streams.kind.fingerprint), []):
                streams.snapshots.update(decode_snapshots(bytes(chunk.body)))

    async def catch_up(self, views: Sequence[LiveView], heads_position: int, checkpoint: SaveAt | None) -> Head:
        """Replay the log for whatever is behind its head, in slices; indexes are built at the end. Gives that head.

        Args:
            views: all of them.
            heads_position: up to where the streams' heads are known.
            checkpoint: saves what there is at a frame's end, so that a long replay that is broken off is not lost.

        Raises:
            StoreCorrupt: the log is damaged.
            StoreMismatch: the log holds what this code doesn't know.
        """
        for name in sorted(self._strangers):
            raise unknown_aggregate(name)
        behind = [view for view in views if view.position < heads_position]
        if behind:
            async for _ in self.replay(behind, 1 + min(view.position for view in behind), heads_position):
                pass
        saved = heads_position
        head = self._log.head
        async for frame, events in self.replay(views, heads_position + 1, head.position):
            self._note_heads(frame, events)
            if checkpoint is not None and frame.last - saved >= REPLAY_CHECKPOINT_EVENTS:
                saved = frame.last
                await checkpoint(Head(frame.last, frame.hash))
        for view in views:
            view.build()
        return head

    async def replay(
        self, views: Sequence[Folded], start: int, stop: int, rest: Rest = turn
    ) -> AsyncGenerator[tuple[Frame, Sequence[Event]]]:
        """Fold the records from `start` to `stop` into views; gives each frame when it is in, the loop its turns.

        Args:
            views: each at `start` - 1 or further on.
            start: the first position.
            stop: the last one; of a frame that has more, the rest stays out.
            rest: awaited after every slice.
        """
        done = 0
        for frame in self._log.frames(start, stop):
            events: Sequence[Event] = self._codec.events(frame)
            records = Records(self._codec, frame.first, lambda frame=frame: frame.body)  # type: ignore[misc]  # bound now
            if frame.last > stop:
                events = events[: stop + 1 - frame.first]
                await self._apply_slices(views, frame.first, events, records, rest)
            elif frame.count > self._slice_events:
                await self._apply_slices(views, frame.first, events, records, rest)
            else:
                for view in views:
                    view.apply(frame.first, events, records)
            yield frame, events
            done += frame.count
            if done >= self._slice_events:
                done = 0
                await rest()

    async def _apply_slices(
        self, views: Sequence[Folded], first: int, events: Sequence[Event], records: Records, rest: Rest
    ) -> None:
        """Fold some of a frame's events into views, the loop having its turns in between."""
        for start in range(0, len(events), self._slice_events):
            part = events[start : start + self._slice_events]
            for view in views:
                view.apply(first + start, part, partial(records.part, start, start + len(part)))
            await rest()

    def _note_heads(self, frame: Frame, events: Sequence[Event]) -> None:
        """Each record is, so far, the last of its stream, and its aggregate can be woken."""
        streams = self._directory.streams
        headings = decode_headings(frame.body)
        for position, (heading, event) in enumerate(zip(headings, events, strict=True), frame.first):
            known = streams.get(heading.aggregate)
            if known is None:
                raise unknown_aggregate(heading.aggregate)
            if type(event) not in known.evolves:
                check_evolved(known.name, known.evolves, event, position)
            known.heads[heading.key] = position
            known.keys_changed.add(heading.key)


def unknown_aggregate(name: str) -> StoreMismatch:
    """The error for streams whose class was not given."""
    return StoreMismatch(
        f"the log holds events of the aggregate {name!r}, which this engine doesn't know: "
        f"pass its class to Engine.open too; if it was renamed, say name={name!r} in it"
    )


async def restore_view(
    view: LiveView, closing: Closing, chunks: Iterable[Chunk], *, outdated_too: bool = False
) -> None:
    """One checkpoint's rows of one view, if the code that runs now made them; else the view starts from nothing.

    With `outdated_too`, rows that other code made are taken as well, if they are of the type and have the key that
    rows have now; the view is `outdated` then.
    """
    saved = closing.views.get(view.name)
    outdated = saved is not None and saved.fingerprint != view.fingerprint
    if saved is None or (outdated and not (outdated_too and saved.key == view.table.schema.key)):
        view.clear()
        return
    if saved.reset:
        view.clear()
    elif not view.saved:
        return
    view.outdated = view.outdated or outdated
    decode: Callable[[bytes], Any] = decoder_of(view.saved_type)
    try:
        for chunk in chunks:
            rows, removed = decode(bytes(chunk.body))
            view.restore(rows, removed)
            await asyncio.sleep(0)
    except msgspec.DecodeError as error:
        log.warning(
            "the saved rows of view %s can't be decoded and are made again from the log: %s",
            view.name,
            error,
            extra=facts("rows dropped", error, view=view.name),
        )
        view.clear()
        return
    view.saved = True
    view.position = closing.position
