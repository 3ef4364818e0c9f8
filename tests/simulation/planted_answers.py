"""Bugs planted in what the engine answers, limits and remembers: it does right, and says wrong; see `planted`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

from actum import CommandFailed, Overloaded, Receipt, inspection, scheduler, turn
from actum.actor import Actor
from actum.awaited_positions import AwaitedPositions
from actum.batch import OpenBatch
from actum.core import Core
from actum.operations import Operations
from actum.scheduler import Scheduler
from actum.streams import Streams
from actum_storage import StoreFull
from msgspec.structs import replace

from tests.simulation.history import LIFE_NS, NEW_YEAR_NS
from tests.support.bank import Withdraw

if TYPE_CHECKING:
    from actum.actor import Accept, Checked
    from actum.batch import Delivery


def opened(owner: object) -> Any:
    """A class or a module whose parts may be replaced."""
    return owner


def accept_by(instead: Callable[[Accept, Actor, Delivery, Checked], bool]) -> None:
    """Decisions are taken into batches in another way; it is given the right one."""
    real = turn.accepter

    def accepter(scheduler: Scheduler, batch: OpenBatch) -> Accept:
        return partial(instead, real(scheduler, batch))

    opened(turn).accepter = accepter


def tell_every_fifth_batch(error: Exception) -> None:
    """The callers of every fifth durable batch are told an error."""
    real, batches = Scheduler._settle, count(1)

    def settle(self: Scheduler, batch: OpenBatch) -> None:
        if next(batches) % 5 == 0:
            for reply, _ in batch.receipts:
                if not reply.done():
                    reply.set_exception(error)
        real(self, batch)

    opened(Scheduler)._settle = settle


def full_although_written() -> None:
    """`StoreFull` for a batch that is durable."""
    tell_every_fifth_batch(StoreFull("nothing of it was written"))


def failed_although_written() -> None:
    """`CommandFailed` for a batch that is durable."""
    tell_every_fifth_batch(CommandFailed("a bug, and nothing was written"))


def overloaded_although_written() -> None:
    """`Overloaded` for a batch that is durable."""
    tell_every_fifth_batch(Overloaded("nothing happened", retry_after_seconds=0.1))


def full_for_unknown() -> None:
    """`StoreFull` for a commit with unknown outcome, which may have landed."""
    opened(Scheduler)._loss = lambda self, error: StoreFull("nothing of it was written")


def unknown_for_full() -> None:
    """`OutcomeUnknown` for a commit that found no room, after which the store goes on."""
    real = Scheduler._loss

    def loss(self: Scheduler, error: Exception) -> Exception:
        return real(self, RuntimeError(str(error)))

    opened(Scheduler)._loss = loss


def overloaded_without_reason() -> None:
    """Every third command is refused, whatever room there is."""
    real, commands = Scheduler.deliver, count(1)

    def deliver(self: Scheduler, *arguments: Any) -> None:
        if next(commands) % 3 == 0:
            raise Overloaded("full", retry_after_seconds=0.1)
        real(self, *arguments)

    opened(Scheduler).deliver = deliver


def overdraw() -> None:
    """A withdrawal is decided on more money than there is."""
    real = Streams.__init__

    def initialize(self: Streams, *arguments: Any) -> None:
        real(self, *arguments)
        if Withdraw not in self.decisions:
            return
        function, services, is_async = self.decisions[Withdraw]

        def richer(account: Any, command: Withdraw) -> Any:
            event = None
            account.balance += 100
            try:
                event = function(account, command)
            except Exception:  # noqa: BLE001  # then it is decided as it should be
                event = None
            finally:
                account.balance -= 100
            return function(account, command) if event is None else event

        self.decisions[Withdraw] = richer, services, is_async
        self.simple[Withdraw] = richer, *self.simple[Withdraw][1:]

    opened(Streams).__init__ = initialize


def decide_on_lost_ground() -> None:
    """A decision that waited while its actor's batch was lost is accepted."""

    def rewind(self: Actor, position: int, error: Exception) -> None:
        del error
        self.forget()
        self.position = position
        self.streams.forget_snapshot(self.key, position)

    opened(Actor).rewind = rewind


def drop_who_gave_up() -> None:
    """A command that was taken is dropped when nobody waits for it any more."""

    def instead(accept: Accept, actor: Actor, delivery: Delivery, events: Checked) -> bool:
        if delivery[1].done():
            actor.streams.scheduler.done += 1
            return True
        return accept(actor, delivery, events)

    accept_by(instead)


class DeafReply:
    """Does not hear that nobody waits any more."""

    def __init__(self, reply: Any) -> None:
        """Of a caller."""
        self._reply = reply

    def done(self) -> bool:
        """See `Reply.done`."""
        return False

    def set_result(self, result: Receipt, /) -> None:
        """See `Reply.set_result`."""
        if not self._reply.done():
            self._reply.set_result(result)

    def set_exception(self, exception: Exception, /) -> None:
        """See `Reply.set_exception`."""
        if not self._reply.done():
            self._reply.set_exception(exception)

    def add_done_callback(self, callback: Callable[[Any], object], /) -> None:
        """See `Reply.add_done_callback`."""
        self._reply.add_done_callback(callback)


def execute_who_gave_up() -> None:
    """A command is taken from the mailbox although its caller had given up."""
    real = Scheduler.deliver

    def deliver(self: Scheduler, actor: Actor, command: Any, reply: Any, metadata: Any) -> None:
        real(self, actor, command, DeafReply(reply), metadata)

    opened(Scheduler).deliver = deliver


def change_outcomes(change: Callable[[Operations, Receipt], Receipt | None]) -> None:
    """What `outcome` gives is changed."""
    real = Operations.outcome

    async def outcome(self: Operations, command_id: Any) -> Receipt | None:
        receipt = await real(self, command_id)
        return None if receipt is None else change(self, receipt)

    opened(Operations).outcome = outcome


def outcomes_of_a_wrong_version() -> None:
    """`outcome` gives another version."""
    change_outcomes(lambda bank, receipt: replace(receipt, version=receipt.version + 1))


def outcomes_of_a_wrong_key() -> None:
    """`outcome` gives another account."""
    change_outcomes(lambda bank, receipt: replace(receipt, key="another"))


def outcomes_without_events() -> None:
    """`outcome` leaves out all events but the last."""
    change_outcomes(lambda bank, receipt: replace(receipt, events=receipt.events[-1:]))


def outcomes_of_late() -> None:
    """`outcome` looks only so far back."""
    change_outcomes(
        lambda bank, receipt: receipt if receipt.position > bank._open_core().log.head.position - 20 else None
    )


def outcomes_at_once() -> None:
    """`outcome` does not wait for what is being committed."""

    async def outcome_of_batches(self: Scheduler) -> None:
        del self

    opened(Scheduler).outcome_of_batches = outcome_of_batches


def answer_too_early() -> None:
    """`ask(after=)` does not wait."""

    async def wait(self: AwaitedPositions, position: int) -> None:
        del self, position

    opened(AwaitedPositions).wait = wait


def lose_metadata(name: str) -> None:
    """What was sent beside a command is not stored."""

    def instead(accept: Accept, actor: Actor, delivery: Delivery, events: Checked) -> bool:
        command, reply, metadata = delivery
        return accept(actor, (command, reply, replace(metadata, **{name: None})), events)

    accept_by(instead)


def lose_users() -> None:
    """`user_id` is not stored."""
    lose_metadata("user_id")


def lose_correlations() -> None:
    """`correlation_id` is not stored."""
    lose_metadata("correlation_id")


def lose_causations() -> None:
    """`causation_id` is not stored."""
    lose_metadata("causation_id")


def tell_time(now_ns: Callable[[int], int]) -> None:
    """Records get another time."""
    real = Scheduler.__init__

    def initialize(self: Scheduler, *arguments: Any, **options: Any) -> None:
        real(self, *arguments, **options)
        clock = self.now_ns
        self.now_ns = lambda: now_ns(clock())

    opened(Scheduler).__init__ = initialize


def no_time() -> None:
    """Timestamps are 0."""
    tell_time(lambda now_ns: 0)


def time_goes_back() -> None:
    """Timestamps go back within a stream."""
    tell_time(lambda now_ns: now_ns + LIFE_NS // 2 - 2 * ((now_ns - NEW_YEAR_NS) % LIFE_NS))


def ignore_mailbox_size() -> None:
    """`mailbox_size_max` is no limit."""
    real = Scheduler.deliver

    def deliver(self: Scheduler, *arguments: Any) -> None:
        self.mailbox_size_max = 1 << 30
        real(self, *arguments)

    opened(Scheduler).deliver = deliver


def ignore_pending() -> None:
    """`commands_pending_max` is no limit."""
    real = Scheduler.deliver

    def deliver(self: Scheduler, *arguments: Any) -> None:
        self._pending_max = 1 << 30
        real(self, *arguments)

    opened(Scheduler).deliver = deliver


def ignore_frame_size() -> None:
    """`frame_events_max` is no limit."""
    opened(OpenBatch).has_room = lambda self, events: True


def states_of_now() -> None:
    """`state(version=)` gives the state of now."""
    real = inspection.state

    async def state(core: Core, aggregate: Any, key: str, version: int | None) -> Any:
        del version
        return await real(core, aggregate, key, None)

    opened(inspection).state = state


def histories_without_a_beginning() -> None:
    """`history` leaves out the first record."""
    real = inspection.history

    async def history(core: Core, aggregate: Any, key: str) -> Any:
        return (await real(core, aggregate, key))[1:]

    opened(inspection).history = history


def wait_for_oneself() -> None:
    """A decision that sends a command to its own account, or in a circle, waits for ever."""
    opened(scheduler).note_wait = lambda *arguments: None


PLANTED_ANSWERS: Mapping[str, Callable[[], None]] = {
    function.__name__: function
    for function in (
        full_although_written, failed_although_written, overloaded_although_written, full_for_unknown, unknown_for_full,
        overloaded_without_reason, overdraw, decide_on_lost_ground, drop_who_gave_up, execute_who_gave_up,
        outcomes_of_a_wrong_version, outcomes_of_a_wrong_key, outcomes_without_events, outcomes_of_late,
        outcomes_at_once, answer_too_early, lose_users, lose_correlations, lose_causations, no_time, time_goes_back,
        ignore_mailbox_size, ignore_pending, ignore_frame_size, states_of_now, histories_without_a_beginning,
        wait_for_oneself,
    )
}  # fmt: skip
