"""All or nothing across aggregates: several commands, decided one after the other, written in one frame or not at all.

1. wait: a hold is put into the mailbox of every target, all in one go, so that of two sends one is before the other in
   every mailbox they share, and they never wait for each other in a circle (see `waits` for decisions that send);
2. decide: when all targets are held, each command is decided on the state that the ones before it left. A target of
   several commands is evolved in a copy; the actors themselves don't change;
3. write: all events go into the open batch at once, with room for all of them, and the actors change.

What goes wrong before the end of 3 leaves nothing behind. Rejected: to evolve the actors while deciding, and to read
them from the log again after a rejection: a checkpoint could save what never happened.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from copy import deepcopy
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, cast, final

from actum_storage import ActumError

from actum.atomic.frame import Append, Failed, append_all
from actum.atomic.hold import Hold
from actum.atomic.ids import family_of, member
from actum.atomic.repetition import Repetition
from actum.atomic.tags import exclusion
from actum.atomic.waits import DECIDING, way_between
from actum.batch import OpenBatch
from actum.errors import CommandFailed, Invalid, Rejected, first_of, reason_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from actum.actor import Actor, Checked
    from actum.aggregate import Aggregate
    from actum.batch import Metadata
    from actum.messages import Command
    from actum.replies import Replies
    from actum.scheduler import Scheduler


class Item(NamedTuple):
    """One command of a send.

    Attributes:
        command: the command.
        actor: its target.
        metadata: what was said beside it.
    """

    command: Command
    actor: Actor
    metadata: Metadata


@final
class AtomicSend:
    """One `send_atomic`, from its first hold to its answers.

    Attributes:
        waiting: whether it waits for actors and has decided nothing.
    """

    __slots__ = (
        "_copies",
        "_counted",
        "_family",
        "_holds",
        "_items",
        "_missing",
        "_over",
        "_repeatable",
        "_replies",
        "_scheduler",
        "_versions",
        "waiting",
    )  # fmt: skip

    def __init__(self, scheduler: Scheduler, items: Sequence[Item], replies: Replies, command_id: bytes | None) -> None:
        """Nothing is held yet.

        Args:
            scheduler: gives turns and takes answers.
            items: the commands, in the order in which they are decided.
            replies: where their answers go.
            command_id: the caller's id of the whole, by which a retry is recognised; None if there will be none.
        """
        self._scheduler = scheduler
        self._items = items
        self._replies = replies
        self._repeatable = command_id is not None
        self._family = b"" if command_id is None else family_of(command_id)
        self._holds = {item.actor: Hold(self, item.actor) for item in items}
        self._missing = list(self._holds)
        self._copies: dict[Actor, Aggregate] = {}
        self._versions: dict[Actor, int] = {}
        self._counted = 0  # of `scheduler.pending`, how many are this send's
        self._over = False
        self.waiting = True

    def begin(self) -> None:
        """Take a place in every target's mailbox.

        Raises:
            Overloaded, Reentrant, StoreFailed: as `Scheduler.deliver`; nothing happened.
        """
        self._scheduler.deliver_holds(list(self._holds.values()), self._replies.part(0))
        self._counted = len(self._holds)
        self._replies.future.add_done_callback(self._abandon)

    def taken(self, hold: Hold) -> None:
        """An actor is held: with the last one, begin to decide. Called within the actor's turn."""
        actor = hold.actor
        if self._over:
            actor.deciding = None
            return
        self._missing.remove(actor)
        if not self._missing:
            self._scheduler.spawn(self._run(), f"decide {self!r}", self._items[0].metadata.context)
        elif self._scheduler.decisions_sending and way_between(self._missing, actor):
            asyncio.get_running_loop().call_soon(self.step_back)
        else:
            actor.awaits = self._missing

    def refused(self, hold: Hold, error: Exception) -> None:
        """A target takes no commands, or has to give up: nothing of this send happens."""
        if self._over:
            self._scheduler.wait_again(1)  # it was not counted any more
            return
        self._counted -= 1
        index = next(index for index, item in enumerate(self._items) if item.actor is hold.actor)
        self._fail(self._of_command(error, index))

    def step_back(self) -> None:
        """Let the held actors go, since something that is missing waits for one of them, and wait again behind it."""
        if self.waiting and self._missing and not self._over:
            self._wait_again()

    def _wait_again(self) -> None:
        """Begin anew, at the end of every mailbox."""
        for hold in self._holds.values():
            if hold.held:
                hold.release()
            else:
                hold.leave()
        self._missing[:] = self._holds
        for hold in self._holds.values():
            self._scheduler.put(hold)

    def _abandon(self, _: object) -> None:
        """The caller has gone: if nothing was decided, nothing will be."""
        if self.waiting and not self._over:
            self._count(0)
            self._release()

    async def _run(self) -> None:
        """Decide and write, with all actors held. Cancelled only by a close that ran out of time.

        Raises:
            KeyboardInterrupt, SystemExit: of a handler; the caller is answered all the same.
        """
        if self._over:
            return
        if any(actor.state is None or actor.lost is not None for actor in self._holds):
            self._wait_again()  # their last batch was lost since they were taken
            return
        self.waiting = False
        outcome: BaseException | None
        try:
            outcome = await self._decide_and_write()
        except BaseException as error:  # noqa: BLE001  # such as an id that can't be made
            outcome = error
        if outcome is not None and not self._over:
            self._fail(outcome)
        cause = None if outcome is None else outcome.__cause__ or outcome
        if isinstance(cause, (KeyboardInterrupt, SystemExit)):
            raise cause

    async def _decide_and_write(self) -> BaseException | None:
        """Steps 2 and 3; why they can't be done, or None if the answers are on their way or nobody needs them."""
        repeated = self._position_of_first_time()
        if repeated is not None:
            self._answer_again(repeated)
            return None
        self._copy_repeated_targets()
        decided: list[Checked] = []
        for index, item in enumerate(self._items):
            events = await self._decide(item)
            if self._over:
                return None
            if isinstance(events, BaseException):
                return self._of_command(events, index)
            decided.append(events)
        all_events = list(chain.from_iterable(decided))
        self._items[0].actor.streams.check_size(all_events, "send_atomic")
        batch = await self._room(len(all_events))
        if not isinstance(batch, OpenBatch):
            return batch
        return self._excluded() or self._write(batch, decided)

    def _excluded(self) -> BaseException | None:
        """Why a condition does not hold any more: other events may have come while decisions were waited for."""
        for index, (_, actor, metadata) in enumerate(self._items):
            if metadata.unless is not None:
                excluded = exclusion(metadata.unless, actor.streams.tags, actor.version)
                if excluded is not None:
                    return self._of_command(excluded, index)
        return None

    def _position_of_first_time(self) -> int | None:
        """Where one of the commands of this send is in the log, or will be, if it was sent before, in any order."""
        if not self._repeatable:
            return None
        found = (actor.known(self._family) for actor in self._holds)
        return next((position for position in found if position is not None), None)

    def _copy_repeated_targets(self) -> None:
        """Several commands of one target are decided on a copy, which evolves."""
        for actor, count in Counter(item.actor for item in self._items).items():
            self._versions[actor] = actor.version
            if count > 1:
                self._copies[actor] = deepcopy(cast("Aggregate", actor.state))

    async def _decide(self, item: Item) -> Checked | BaseException:
        """Decide one command on what the ones before it left; its events, or why there are none."""
        command, actor = item.command, item.actor
        conflict = actor.conflict(item.metadata, self._versions[actor])
        if conflict is not None:
            return conflict
        function, services, is_async = actor.streams.decisions[type(command)]
        state = self._copies.get(actor, actor.state)
        try:
            result = function(state, command, *services)
            events = await self._decide_async(item, result) if is_async else actor.collect(result)
            if isinstance(events, BaseException):
                return events
            if actor in self._copies:
                actor.streams.evolve(state, events)
        except (Rejected, Invalid) as error:
            actor.failures = 0
            return error
        except BaseException as error:  # noqa: BLE001  # a user's handler may raise anything
            return actor.blamed(command, error)
        self._versions[actor] += len(events)
        return events

    async def _decide_async(self, item: Item, result: Awaitable[object]) -> Checked | BaseException:
        """Wait for an asynchronous decision; meanwhile every other held actor waits for this one."""
        actor, hold = item.actor, self._holds[item.actor]
        deciders = [actor]
        for held in self._holds:
            held.awaits = None if held is actor else deciders
        delivery = actor.deciding = (item.command, hold, item.metadata)
        DECIDING.set((actor, delivery))
        try:
            return actor.collect(await result)
        except BaseException as error:  # noqa: BLE001  # as above; a cancelled decision answers its caller too
            return actor.excused(item.command, first_of(error))
        finally:
            if not self._over:
                actor.deciding = hold.delivery
                for held in self._holds:
                    held.awaits = None

    async def _room(self, count: int) -> OpenBatch | Exception | None:
        """The batch that has room for all; or why there will be none."""
        while not self._over:
            lost = next((actor.lost for actor in self._holds if actor.lost is not None), None)
            if lost is not None:
                return lost
            if self._scheduler.committer.failure is not None:
                return self._scheduler.store_failed()
            batch = self._scheduler.begin_turn()
            if not count or batch.has_room(count):
                return batch
            await self._scheduler.batch_end()
        return None

    def _write(self, batch: OpenBatch, decided: Sequence[Checked]) -> BaseException | None:
        """Step 3: all events into the batch; why that failed, and nothing of it is there, or None."""
        scheduler, actors = self._scheduler, list(self._holds)
        family = self._family or family_of(scheduler.id_maker()())
        appends = [
            Append(item.actor, item.metadata, member(family, index), events)
            for index, (item, events) in enumerate(zip(self._items, decided, strict=True))
        ]
        written = append_all(batch, appends, self._copies, scheduler.turn_ns)
        if isinstance(written, Failed):
            item = self._items[written.command_index]
            return self._of_command(item.actor.blamed(item.command, written.error), written.command_index)
        for append, receipt in zip(appends, written, strict=True):
            append.actor.commands += bool(append.events)
            if append.events and self._repeatable:
                append.actor.remember(append.command_id, receipt.position)
        position = max(actor.position for actor in actors)
        self._count(len(written))
        for index, receipt in enumerate(written):
            if any(decided):
                batch.receipts.append((self._replies.part(index), receipt))
            else:
                scheduler.answer(position, self._replies.part(index), receipt)
        self._release()
        return None

    def _answer_again(self, position: int) -> None:
        """The receipts of the first time, as soon as they are durable."""
        first_time = Repetition(self._items, self._family, position)
        self._count(len(self._items))
        for index in range(len(self._items)):
            self._scheduler.answer(position, self._replies.part(index), partial(first_time.receipt, index))
        self._release()

    def _fail(self, error: BaseException) -> None:
        """Answer with an error, once what it was decided on is durable; nothing of this send happens."""
        if not isinstance(error, ActumError):
            failed = CommandFailed(f"send_atomic raised {reason_of(error)}")
            failed.__cause__ = error
            error = failed
        self._count(len(self._items))
        position = max(actor.position for actor in self._holds)
        for index in range(len(self._items)):
            self._scheduler.answer(position, self._replies.part(index), error)
        self._release()

    def _of_command(self, error: BaseException, index: int) -> BaseException:
        """An error that says which command it is about."""
        if isinstance(error, ActumError) and error.command_index is None:
            name, count = type(self._items[index].command).__name__, len(self._items)
            error.command_index = index
            error.add_note(f"send_atomic: command {index + 1} of {count}, {name}; nothing was written")
        return error

    def _count(self, count: int) -> None:
        """So many of the commands that wait for an answer are this send's."""
        self._scheduler.wait_again(count - self._counted)
        self._counted = count

    def _release(self) -> None:
        """Let all actors go: this send is over, but for its answers."""
        self._over, self.waiting = True, False
        for hold in self._holds.values():
            hold.release()
        self._holds.clear()
        self._copies.clear()

    def __repr__(self) -> str:
        """How many commands, and how many actors it still waits for."""
        return f"<AtomicSend {len(self._items)} commands, waits for {len(self._missing)} actors>"
