"""Group commit: one batch under way, the next gathers meanwhile; no timer.

The commit itself is the background's work, because a slow disk must not stop the loop (see `background`). What is
told when a batch is durable happens in `settle`, given by the engine. After a commit whose outcome is unknown nothing
is written any more until the store is opened again.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, final

from actum_storage import Batch, StoreFull

from actum.batch import OpenBatch
from actum.logbook import facts

if TYPE_CHECKING:
    from collections.abc import Callable

    from actum_storage import Head, Log

    from actum.actor import Actor
    from actum.background import Background
    from actum.clock import Clock
    from actum.options import Options


log = logging.getLogger("actum.committer")


@final
class Committer:
    """Writes batches in order, one at a time.

    Attributes:
        background: does the writing.
        open: the batch that gathers.
        under_way: the batch being committed, or None.
        epoch: this writer's; an older writer's appends are refused.
        head: the last durable position and its frame's hash.
        durable: that position.
        failure: why nothing can be written any more, or None.
        commits: commits done.
        commit_ns: time spent in them.
        commit_ns_max: the longest.
        full: whether the last commit found the disk full.
        losses: commits that failed.
    """

    __slots__ = (
        "_clock", "_elapsed_ns", "_log", "_lost", "_options", "_outcome", "_settled", "background", "commit_ns",
        "commit_ns_max", "commits", "durable", "epoch", "failure", "full", "head", "losses", "open", "under_way",
    )  # fmt: skip

    def __init__(
        self,
        log: Log,
        background: Background,
        clock: Clock,
        options: Options,
        *,
        settled: Callable[[OpenBatch], None],
        lost: Callable[[list[OpenBatch], Exception], None],
        read_only: bool = False,
    ) -> None:
        """Nothing to write yet.

        Args:
            log: where to; its epoch is acquired here.
            background: does the writing.
            clock: measures commits.
            options: bounds of frames.
            settled: called in the loop with each durable batch, in order.
            lost: called in the loop with the batches that will never be written, in order, and why.
            read_only: nothing will ever be written.
        """
        self._log = log
        self.background = background
        self._clock = clock
        self._options = options
        self._settled = settled
        self._lost = lost
        self.epoch = 0 if read_only else log.acquire()
        self._outcome: Head | Exception | None = None
        self._elapsed_ns = 0
        self.head = log.head
        self.durable = self.head.position
        self.open = self._new_batch(self.durable + 1)
        self.under_way: OpenBatch | None = None
        self.failure: Exception | None = None
        self.full = False
        self.losses = 0
        self.commits = 0
        self.commit_ns = 0
        self.commit_ns_max = 0

    def stay_at(self, head: Head) -> None:
        """Take a head that was read as the end of the log, for a reader that does not follow the writer."""
        self.head, self.durable = head, head.position

    def flush(self) -> None:
        """Commit the open batch if it holds anything and no other commit is under way."""
        if self.under_way is not None or not self.open.events or self.failure is not None:
            return
        self.under_way = batch = self.open
        self.open = self._new_batch(batch.next_position)
        self.background.commit(partial(self._append, batch), self._complete)

    def holding(self, position: int) -> OpenBatch | None:
        """The batch that must be durable before anything decided at a position may be told; None if it is durable."""
        if position <= self.durable:
            return None
        return self.open if position >= self.open.first else self.under_way

    def durable_position(self, actor: Actor) -> int:
        """The position of an actor's last durable event: it may be ahead of the log."""
        for batch in (self.under_way, self.open):
            if batch is not None and actor in batch.actors:
                return batch.actors[actor]
        return actor.position

    def _new_batch(self, first: int) -> OpenBatch:
        """An empty batch whose first event has this position."""
        options = self._options
        return OpenBatch(first, events_max=options.frame_events_max, bytes_max=options.frame_bytes_max)

    def _append(self, batch: OpenBatch) -> None:
        """Beside the loop: seal the batch and write it; whatever comes of it is kept for `_complete`."""
        started = self._clock.monotonic_ns()
        try:
            parts = Batch(batch.first, batch.offsets, b"".join(batch.streams), batch.records)
            self._outcome = self._log.append(self.epoch, parts)
        except BaseException as error:  # noqa: BLE001  # anything at all is told to the loop, which decides
            self._outcome = (
                error if isinstance(error, Exception) else RuntimeError(f"the writer was interrupted: {error!r}")
            )
        self._elapsed_ns = self._clock.monotonic_ns() - started

    def _complete(self) -> None:
        """Take the outcome of a commit, and begin the next."""
        batch, outcome = self.under_way, self._outcome
        assert batch is not None
        assert outcome is not None
        self.under_way = self._outcome = None
        self.commits += 1
        self.commit_ns += self._elapsed_ns
        self.commit_ns_max = max(self.commit_ns_max, self._elapsed_ns)
        if isinstance(outcome, Exception):
            self._lose(batch, outcome)
            return
        if self.full:
            self.full = False
            log.info("there is room on the disk again: commands are written", extra=facts("disk recovered"))
        self.head, self.durable = outcome, outcome.position
        assert self.durable == batch.next_position - 1, (
            f"the log is at {self.durable}, the batch ends at {batch.next_position - 1}"
        )
        self.flush()
        self._settled(batch)

    def _lose(self, batch: OpenBatch, error: Exception) -> None:
        """Give up a batch and the one that gathers behind it: their positions will be given again, or never."""
        lost = [batch, self.open]
        self.losses += 1
        was_full, self.full = self.full, isinstance(error, StoreFull)
        if not self.full:
            self.failure = error
        if not (was_full and self.full):  # a full disk is told once
            said = facts(
                "disk full" if self.full else "commit failed", error, events=sum(len(one.events) for one in lost)
            )
            what = "the disk is full" if self.full else "a commit failed, and nothing is written until reopening"
            log.error("%s: %s", what, error, extra=said)
        self.open = self._new_batch(self.durable + 1)
        self._lost(lost, error)

    def __repr__(self) -> str:
        """Where it stands."""
        return f"<Committer durable @{self.durable} under way {self.under_way!r} open {self.open!r}>"
