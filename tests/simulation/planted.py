"""Bugs planted in the engine, one way each: the simulation has to find every one of them within its short row.

Those in what it does are here, those in what it says in `planted_answers`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from actum import turn
from actum.actor import Actor
from actum.batch import OpenBatch
from actum.committer import Committer
from actum.core import Core
from actum.directory import Directory
from actum.recovery import checkpoints
from actum.recovery.checkpoints import Checkpointer
from actum.recovery.closing import Closing
from actum.recovery.recovery import Recovery
from actum.scheduler import Scheduler
from actum.streams import Streams
from actum_storage import StoreCorrupt, StoreFull
from msgspec.structs import replace

from tests.simulation.planted_answers import PLANTED_ANSWERS, opened


def acknowledge_before_commit() -> None:
    """Callers get their receipts when the batch is handed over."""
    real = Committer.flush

    def flush(self: Committer) -> None:
        if self.under_way is None and self.open.events and self.failure is None:
            for reply, receipt in self.open.receipts:
                if not reply.done():
                    reply.set_result(receipt)
        real(self)

    opened(Committer).flush = flush


def reject_before_durable() -> None:
    """A rejection does not wait for the tentative events it saw."""

    def answer(self: Scheduler, position: int, reply: Any, outcome: Any) -> None:
        del position
        self._reply(reply, outcome)

    opened(Scheduler).answer = answer


def views_before_commit() -> None:
    """Views show a batch when it is handed over."""
    real = Committer.flush

    def flush(self: Committer) -> None:
        batch = self.open
        if self.under_way is None and batch.events and self.failure is None:
            self._settled.__self__._settled(batch)  # type: ignore[attr-defined]
        real(self)

    opened(Committer).flush = flush


def replies_before_views() -> None:
    """Callers are answered first, views change later."""
    real = Core._settled

    def settled(self: Core, batch: OpenBatch) -> None:
        self.loop.call_later(0.001, real, self, batch)

    opened(Core)._settled = settled


def views_skip_a_frame() -> None:
    """Every fifth frame is not applied."""
    real = Core._settled
    counted = [0]

    def settled(self: Core, batch: OpenBatch) -> None:
        counted[0] += 1
        if counted[0] % 5:
            real(self, batch)
        else:
            for view in self.views.values():
                view.position = batch.next_position - 1

    opened(Core)._settled = settled


def forget_ids_asleep() -> None:
    """Command ids are not read from the stream after waking."""
    opened(Streams).read_window = lambda self, position: {}


def forget_ids_awake() -> None:
    """Command ids are not remembered while awake."""
    opened(Actor).remember = lambda self, command_id, position: None


def ignore_versions() -> None:
    """`expected_version` is not looked at."""
    real = Actor.answered

    def answered(self: Actor, reply: Any, metadata: Any) -> bool:
        return real(self, reply, replace(metadata, expected_version=None))

    opened(Actor).answered = answered


def stay_after_a_loss() -> None:
    """Actors are not taken back when their batch was lost."""
    opened(Actor).rewind = lambda self, position, error: None


def go_on_after_unknown() -> None:
    """A commit with unknown outcome counts as one that found no room."""
    real = Committer._lose

    def lose(self: Committer, batch: OpenBatch, error: Exception) -> None:
        real(self, batch, error if isinstance(error, StoreFull) else StoreFull(str(error)))

    opened(Committer)._lose = lose


def close_checkpoints_early() -> None:
    """A checkpoint does not wait until what its snapshots saw is durable."""

    async def go_on(self: Checkpointer, horizon: int, losses: int) -> None:
        del self, horizon, losses

    opened(Checkpointer)._wait_until_durable = go_on


def lose_a_wake_up() -> None:
    """Who became ready while a full batch was committed is not called when that ends."""
    real = Scheduler._after_batch

    def after_batch(self: Scheduler) -> None:
        ready, self.ready = self.ready, deque()
        real(self)
        self.ready = ready

    opened(Scheduler)._after_batch = after_batch


def sleep_with_tentative_events() -> None:
    """Actors are put to sleep whatever is durable."""
    real = Directory.sweep

    def sweep(self: Directory, durable: int, *, ticks: int = 0) -> None:
        real(self, durable + 1_000_000, ticks=ticks)

    opened(Directory).sweep = sweep


def leak_pending() -> None:
    """A command that nobody waits for any more is counted for ever."""
    real = turn.work

    def work(actor: Actor, budget: int, accept: Any) -> int:
        dropped = sum(delivery[1].done() for delivery in actor.mailbox or ())
        taken = real(actor, budget, accept)
        if actor.mailbox is None:
            actor.streams.scheduler.done -= dropped
        return taken

    opened(turn).work = work


def snapshots_name_a_wrong_place() -> None:
    """A snapshot says that it saw one event less."""
    real = Streams.save_snapshot

    def save(self: Streams, key: str, version: int, position: int, state: Any) -> None:
        real(self, key, version, max(0, position - 1), state)

    opened(Streams).save_snapshot = save


def checkpoints_forget_removals() -> None:
    """Rows that were removed come back with the next opening."""
    checkpoints.encode_cut = lambda cut: lambda items: ([row for _, row in items if row is not None], [])


def half_commands() -> None:
    """The last event of a command that writes several is lost on the way."""
    real = Actor.collect

    def collect(self: Actor, result: Any) -> Any:
        return real(self, result)[:2]

    opened(Actor).collect = collect


def shorten_windows() -> None:
    """Half as many command ids are recognised as the option says."""
    real = Actor.known

    def known(self: Actor, command_id: bytes) -> int | None:
        position = real(self, command_id)
        assert self._window is not None
        limit = self.streams.scheduler.options.dedup_commands_max // 2
        found = self._window.find(command_id)
        return position if found is not None and self.commands - found[1] < limit else None

    opened(Actor).known = known


def evict_the_newest() -> None:
    """A window that is full forgets the newest command id instead of the oldest."""

    def remember(self: Actor, command_id: bytes, position: int) -> None:
        size_max = self.streams.scheduler.options.dedup_commands_max
        assert self._window is not None
        if len(self._window) < size_max:
            self._window.add(command_id, position, self.commands, size_max)

    opened(Actor).remember = remember


def wake_too_early() -> None:
    """A state is read from the log although its last event is not durable yet."""
    real = Actor._wake

    def wake(self: Actor) -> Exception | None:
        committer = self.streams.scheduler.committer
        durable, committer.durable = committer.durable, 1 << 30
        try:
            return real(self)
        finally:
            committer.durable = durable

    opened(Actor)._wake = wake


def take_any_checkpoint() -> None:
    """A checkpoint is taken without a look at the log it was made of."""
    opened(Recovery)._is_of_this_log = lambda self, closing: True


def take_checkpoints_of_other_logs() -> None:
    """A checkpoint is taken if the log is long enough, whatever it holds."""

    def is_of_this_log(self: Recovery, closing: Closing) -> bool:
        if closing.position > self._log.head.position:
            raise StoreCorrupt("a checkpoint is ahead of the log")
        return True

    opened(Recovery)._is_of_this_log = is_of_this_log


PLANTED: Mapping[str, Callable[[], None]] = dict(PLANTED_ANSWERS) | {
    function.__name__: function
    for function in (
        acknowledge_before_commit, reject_before_durable, views_before_commit, replies_before_views, views_skip_a_frame,
        forget_ids_asleep, forget_ids_awake, ignore_versions, stay_after_a_loss, go_on_after_unknown,
        close_checkpoints_early, lose_a_wake_up, sleep_with_tentative_events, leak_pending,
        snapshots_name_a_wrong_place, checkpoints_forget_removals, half_commands,
        shorten_windows, evict_the_newest, wake_too_early, take_any_checkpoint, take_checkpoints_of_other_logs,
    )
}  # fmt: skip
