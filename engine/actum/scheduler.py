"""The scheduler: gives actors their turns in the loop, and tells callers what became of their commands.

Commands that arrive in one iteration of the loop are decided in one turn, actor by actor, into the committer's open
batch. One `call_soon` per turn drives everything: no task and no queue object per actor. When the batch is full the
turn ends; what is left waits for the next one, which is how a slow disk slows the callers down instead of filling the
memory.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, final

from actum_storage import OutcomeUnknown, StoreFailed, StoreFull

from actum.atomic.waits import note_wait
from actum.clock import TimeOrderedIds
from actum.committer import Committer
from actum.door import Door
from actum.errors import EngineClosed, engine_full, mailbox_full, never_fits, position_named_by
from actum.logbook import facts
from actum.turn import take_turn

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from contextvars import Context

    from actum_storage import Log

    from actum.actor import Actor
    from actum.atomic.hold import Hold
    from actum.background import Background
    from actum.batch import Metadata, OpenBatch, Outcome, Reply
    from actum.clock import Clock, CommandIds
    from actum.directory import Directory
    from actum.messages import Command
    from actum.options import Options

log = logging.getLogger("actum.scheduler")

#: How long a cancelled decision may take to end.
CANCEL_SECONDS_MAX = 1.0


@final
class Scheduler(Door):
    """Turns, answers and the tasks of asynchronous decisions.

    Attributes:
        options: the engine's.
        ready: actors that have a turn to come.
        turn_ns: when it began, by the clock; all that is decided in it has this time.
        rejected: commands answered with an error.
        accepted: commands answered with a receipt.
        decisions_sending: sends of decisions that are not answered: without one, nobody waits in a circle.
        committer: writes what the turns decide.
    """

    __slots__ = (
        "_after_commit", "_batch_ended", "_changed", "_context", "_directory", "_ids", "_loop", "_settled", "_tasks",
        "_turn_scheduled", "accepted", "committer", "decisions_sending", "mailbox_size_max", "now_ns", "options",
        "ready", "rejected", "turn_ns",
    )  # fmt: skip

    def __init__(
        self,
        log: Log,
        directory: Directory,
        clock: Clock,
        ids: CommandIds,
        background: Background,
        options: Options,
        *,
        settled: Callable[[OpenBatch], None],
        read_only: bool = False,
    ) -> None:
        """Ready for commands.

        Args:
            log: where the committer writes.
            directory: whose actors get turns.
            clock: timestamps and durations.
            ids: of commands that come without one.
            background: where commits are done.
            options: bounds.
            settled: called with each durable batch before its callers are answered: views apply there.
            read_only: no command will ever come.
        """
        super().__init__(options.commands_pending_max)
        self.options = options
        self.mailbox_size_max = options.mailbox_size_max
        self.now_ns = clock.now_ns
        self.accepted = self.rejected = 0
        self.turn_ns = 0
        self.decisions_sending = 0
        self._ids = ids
        self._directory = directory
        self._loop = asyncio.get_running_loop()
        self._context = copy_context()  # of turns, which are nobody's: not of the caller who happened to come first
        self._settled = settled
        self.ready: deque[Actor] = deque()
        self._after_commit: list[Actor] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn_scheduled = False
        self._changed: asyncio.Future[None] | None = None
        self._batch_ended: list[asyncio.Future[None]] = []
        self.committer = Committer(
            log, background, clock, options, settled=self._settle, lost=self._lose, read_only=read_only
        )

    @property
    def durable(self) -> int:
        """The last durable position."""
        return self.committer.durable

    def deliver(self, actor: Actor, command: Command, reply: Reply, metadata: Metadata) -> None:
        """Put a command into an actor's mailbox.

        Raises:
            Overloaded: the mailbox or the engine is full.
            Reentrant: the actor is the one that sends, and would wait for itself.
            StoreFailed: the log can't be written any more.
        """
        delivered, mailbox = self.delivered, actor.mailbox
        if delivered >= self._look_at:
            self.look_twice([actor], reply)
        if mailbox is not None and len(mailbox) >= self.mailbox_size_max:
            raise mailbox_full(actor, self.mailbox_size_max)
        if self._tasks:  # a decision that sends is one of them
            note_wait(actor, command, reply)
            mailbox = actor.mailbox  # a send of several may have stepped back into it
        if mailbox is None:
            actor.mailbox = [(command, reply, metadata)]
        else:
            mailbox.append((command, reply, metadata))
        self.delivered = delivered + 1
        if not actor.scheduled:
            actor.scheduled = True
            self.ready.append(actor)
            if not self._turn_scheduled:
                self._schedule_turn()

    def deliver_holds(self, holds: Sequence[Hold], reply: Reply) -> None:
        """Put a hold into the mailbox of each of several actors, or into none; `reply` is what the sender waits for.

        Raises:
            ActumError: as `deliver`; `Invalid` if they can never all be pending.
        """
        if self.delivered + len(holds) > self._look_at:
            if len(holds) > self.options.commands_pending_max:
                raise never_fits(len(holds), self.options.commands_pending_max)
            self.look_twice([hold.actor for hold in holds], reply)
        for hold in holds:
            if len(hold.actor.mailbox or ()) >= self.mailbox_size_max:
                raise mailbox_full(hold.actor, self.mailbox_size_max)
        if self._tasks:
            for hold in holds:
                note_wait(hold.actor, hold, reply)
        self.delivered += len(holds)
        for hold in holds:
            self.put(hold)

    def put(self, hold: Hold) -> None:
        """Put a hold into its actor's mailbox, whatever else is there."""
        actor = hold.actor
        if actor.mailbox is None:
            actor.mailbox = [hold.delivery]
        else:
            actor.mailbox.append(hold.delivery)
        self.schedule(actor)

    def _full(self) -> Exception:
        """Why the engine takes no command now."""
        if self.committer.failure is not None:
            return self.store_failed()
        self._directory.sweep(self.committer.durable)  # the actor may have been made for this command only
        return engine_full(self._pending_max)

    def spawn(self, coroutine: Coroutine[Any, Any, None], name: str, context: Context | None = None) -> None:
        """Run a coroutine as a task that is awaited on close; in a copy of a context, since the task changes it."""
        task = self._loop.create_task(coroutine, name=name, context=None if context is None else context.copy())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def schedule(self, actor: Actor) -> None:
        """Give an actor a turn soon."""
        if actor.scheduled:
            return
        actor.scheduled = True
        self.ready.append(actor)
        self._schedule_turn()

    def schedule_after_commit(self, actor: Actor) -> None:
        """Give an actor a turn when its last event is durable."""
        self._after_commit.append(actor)

    def _turn(self) -> None:
        """Let ready actors work until the batch is full or the turn long enough; commit what they decided."""
        self._turn_scheduled = False
        committer, directory = self.committer, self._directory
        if committer.failure is not None:
            self._refuse_ready()
        try:
            take_turn(self, directory, self.ready, self.begin_turn())
        finally:  # a handler may raise KeyboardInterrupt or SystemExit; what was decided before is committed
            committer.flush()
            if directory.crowded:
                directory.sweep(committer.durable)
            if self.ready and not committer.open.full:
                self._schedule_turn()
            self._notify()

    def begin_turn(self) -> OpenBatch:
        """Take the time of what is decided now, and the batch that it goes into."""
        self.turn_ns = self.now_ns()
        return self.committer.open

    def id_maker(self) -> Callable[[], bytes]:
        """What makes the ids of commands that are decided in this turn and came without one."""
        ids = self._ids
        return ids.made_at(self.turn_ns) if type(ids) is TimeOrderedIds else partial(ids.make, self.turn_ns)

    def _refuse_ready(self) -> None:
        """The log can't be written any more: nobody gets a turn."""
        while self.ready:
            actor = self.ready.popleft()
            actor.scheduled = False
            actor.refuse_all(self.store_failed())

    def _schedule_turn(self) -> None:
        """Have one turn soon."""
        if not self._turn_scheduled:
            self._turn_scheduled = True
            self._loop.call_soon(self._turn, context=self._context)

    def answer(self, position: int, reply: Reply, outcome: Outcome) -> None:
        """Answer what wrote nothing, when `position`, on which it was decided, and what it names are durable."""
        batch = self.committer.holding(max(position, position_named_by(outcome)))
        if batch is None:
            self._reply(reply, outcome)
        else:
            batch.answers.append((reply, outcome))

    def _reply(self, reply: Reply, outcome: Outcome) -> None:
        """Tell a caller that still waits."""
        self.done += 1
        if callable(outcome):
            try:
                outcome = outcome()
            except Exception as error:  # noqa: BLE001  # a damaged log answers this caller
                outcome = error
        if isinstance(outcome, Exception):
            self.rejected += 1
            if not reply.done():
                reply.set_exception(outcome)
        else:
            self.accepted += 1
            if not reply.done():
                reply.set_result(outcome)

    def _settle(self, batch: OpenBatch) -> None:
        """A batch is durable: views first, then the answers, in position order."""
        self._directory.changed.update(batch.actors)
        self._settled(batch)
        self.accepted += len(batch.receipts)
        self.done += len(batch.receipts)
        for reply, receipt in batch.receipts:
            try:
                reply.set_result(receipt)
            except asyncio.InvalidStateError:  # nobody waits any more; to ask first would cost more
                continue
        for reply, outcome in batch.answers:
            self._reply(reply, outcome)
        self._after_batch()

    def _lose(self, batches: list[OpenBatch], error: Exception) -> None:
        """Batches were not written: their actors go back, their callers are told."""
        back: dict[Actor, int] = {}
        for batch in reversed(batches):
            back.update(batch.actors)
        for actor, position in back.items():
            actor.rewind(position, self._loss(error))
        for batch in batches:
            for reply, _ in (*batch.receipts, *batch.answers):
                self._reply(reply, self._loss(error))
        if self.committer.failure is not None:
            self.shut()
            for actor in list(self._directory.actors()):
                actor.refuse_all(self.store_failed())
        self._after_batch()

    def _loss(self, error: Exception) -> Exception:
        """What a caller of a lost batch is told; a new object for each, since a raised one carries its traceback."""
        if isinstance(error, StoreFull):
            return StoreFull(str(error))
        unknown = OutcomeUnknown(
            f"the commit failed and its outcome is not known: {error}; reopen, then ask engine.outcome(command_id)"
        )
        unknown.__cause__ = error
        return unknown

    def store_failed(self) -> StoreFailed:
        """Why no command is taken any more."""
        failed = StoreFailed(
            f"the store failed and takes no commands until it is opened again: {self.committer.failure}"
        )
        failed.__cause__ = self.committer.failure
        return failed

    def _after_batch(self) -> None:
        """Wake who waited for the commit, and go on with who is ready."""
        if self._batch_ended:
            ended, self._batch_ended = self._batch_ended, []
            for waiter in ended:
                if not waiter.done():
                    waiter.set_result(None)
        waiting, self._after_commit = self._after_commit, []
        for actor in waiting:
            actor.waiting = False
            self.schedule(actor)
        if self.ready:
            self._schedule_turn()
        self._notify()

    async def outcome_of_batches(self) -> None:
        """Wait until what has been decided so far is committed or lost."""
        committer = self.committer
        position, losses = committer.open.next_position - 1, committer.losses
        while committer.losses == losses and committer.holding(position) is not None:
            await self.batch_end()

    async def batch_end(self) -> None:
        """Wait until the next batch is durable or lost; who waits here goes on before any command is decided."""
        ended = self._loop.create_future()
        self._batch_ended.append(ended)
        await ended

    @property
    def busy(self) -> bool:
        """Whether any command is waiting, being decided, or being committed."""
        committer = self.committer
        return bool(
            self.ready or self._tasks or self._after_commit or committer.under_way is not None or committer.open.events
        )

    def _notify(self) -> None:
        """Wake `drain`."""
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)

    async def drain(self, seconds_max: float) -> None:
        """Wait until nothing is under way; decisions that take longer than that are cancelled. Not to be cancelled."""
        deadline = self._loop.time() + seconds_max
        while self.busy:
            left = deadline - self._loop.time()
            if left <= 0 and self._tasks:
                await self._cancel_tasks()
                continue
            self._changed = self._loop.create_future()
            await asyncio.wait(
                [self._changed, *self._tasks], timeout=max(left, 0.1), return_when=asyncio.FIRST_COMPLETED
            )
        self._changed = None

    async def _cancel_tasks(self) -> None:
        """Cancel the decisions that would not end; one that swallows that is left behind, and its caller is told."""
        for task in self._tasks:
            task.cancel("the engine closed before the decision ended")
        _, stuck = await asyncio.wait(self._tasks, timeout=CANCEL_SECONDS_MAX)
        if stuck:
            names = ", ".join(task.get_name() for task in stuck)
            said = facts("decisions left behind")
            log.error("decisions that can't be cancelled are left behind: %s", names, extra=said)
            self._tasks -= stuck
            for actor in self._directory.actors():
                actor.give_up(EngineClosed("the engine closed, and the decision did not end when it was cancelled"))

    def __repr__(self) -> str:
        """What waits."""
        return f"<Scheduler {self.pending} pending {len(self.ready)} ready {len(self._tasks)} deciding>"
