"""Bugs planted in what follows from events and happens by itself: the simulated market has to find each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from actum import scheduler
from actum.atomic import send as atomic
from actum.atomic.frame import append_all
from actum.atomic.send import AtomicSend
from actum.atomic.tags import LastPositions, TagIndex
from actum.atomic_call import send_together
from actum.automation import process_runner, timer
from actum.automation.own_sends import send_with
from actum.automation.process_reader import Reader
from actum.automation.process_runner import Runner
from actum.automation.process_step import Entry, Thinker
from actum.automation.timer import Timer
from actum.batch import OpenBatch
from actum.core import Core
from actum.deadlines.stream import DeadlineStream
from actum.middleware import Envelope
from actum.processes.backlog import Backlog
from actum.processes.stream import ProcessStream
from actum.subscriptions.cursor import Batch as Read
from actum.subscriptions.cursor import Cursor
from actum.subscriptions.delivery import Delivery
from actum.subscriptions.failing import Failing
from actum.subscriptions.keeping import Keeping
from actum.subscriptions.worker import Worker
from actum_storage import DeadLetter, MemoryBookmarks
from msgspec.structs import replace

from tests.simulation.planted_answers import opened


def apart(core: Core, own: Sequence[Any], commands: Sequence[Envelope], command_id: bytes, *, first: bool) -> Any:
    """The engine's own commands and the user's in two sends: one of them first."""
    own_first = [Envelope(command=command) for command in own]

    async def send() -> None:
        parts: list[Sequence[Envelope]] = [own_first, commands] if first else [commands, own_first]
        for index, part in enumerate(parts):
            if part:
                await send_together(core, part, command_id + bytes([index]))

    return send()


def fire_mark_in_another_frame() -> None:
    """A deadline's command is sent first, and then that it has fired."""
    opened(timer).send_with = lambda *arguments: apart(*arguments, first=False)


def fire_mark_before_the_command() -> None:
    """That a deadline has fired is noted first, and then its command is sent."""
    opened(timer).send_with = lambda *arguments: apart(*arguments, first=True)


def commands_before_the_step() -> None:
    """A process's commands are sent first, under no id that follows from their cause, and then the step is noted."""
    opened(process_runner).send_with = lambda *arguments: apart(*arguments, first=False)


def commands_after_the_step() -> None:
    """A process's step is noted first, and then its commands are sent."""
    opened(process_runner).send_with = lambda *arguments: apart(*arguments, first=True)


def fire_too_soon() -> None:
    """A deadline that is due within a second is due."""
    real = Timer._fire_due

    def fire_due(self: Timer) -> float:
        clock = self._core.clock

        class Hasty:
            def now_ns(self) -> int:
                return clock.now_ns() + 10**9

        self._core.clock = Hasty()  # type: ignore[assignment]
        try:
            return real(self)
        finally:
            self._core.clock = clock

    opened(Timer)._fire_due = fire_due


def fire_what_was_taken_back() -> None:
    """A deadline that is over fires like one that is pending."""
    opened(DeadlineStream)._check = lambda self, number: None


def lose_a_cancel() -> None:
    """What a process takes back stays scheduled."""
    real = Thinker._step

    def step(self: Thinker, *arguments: Any) -> Any:
        made = real(self, *arguments)
        kept = [one for one in made.own if type(one).__name__ != "CancelDeadline"]
        return made._replace(own=kept)

    opened(Thinker)._step = step


def cancel_without_its_deadlines() -> None:
    """Ending a process leaves behind what it has scheduled."""
    real = send_with

    async def send(core: Core, own: Sequence[Any], commands: Sequence[Envelope], command_id: bytes) -> None:
        ends = any(type(one).__name__ == "EndProcess" for one in own)
        await real(core, own[:1] if ends else own, commands, command_id)

    opened(process_runner).send_with = send


def skip_an_event_at_restart() -> None:
    """A process begins behind the log's end instead of behind what it has considered."""
    real = Runner.start

    async def start(self: Runner, *, running: bool) -> None:
        await real(self, running=running)
        self._backlog = Backlog(self._core.scheduler.durable)

    opened(Runner).start = start


def note_what_is_not_considered() -> None:
    """A step says that everything in the log was considered, while others are still at it."""
    real = Thinker.think

    def think(self: Thinker, key: str, row: Any, entry: Entry, considered: int) -> Any:
        return real(self, key, row, entry, max(considered, self._core.scheduler.durable))

    opened(Thinker).think = think


def react_again() -> None:
    """A process takes events that it has reacted to, and its stream does not mind."""
    opened(ProcessStream)._check = lambda self, after: None

    async def consider(self: Runner, key: str, entry: Entry, *, until: int | None = None) -> None:
        del until
        await self._take(key, self._row(key), entry)

    opened(Runner)._consider = consider


def retry_goes_on_behind_the_failure() -> None:
    """A failed process that is tried again leaves out the event at which it failed."""
    real = Reader.slice

    def sliced(self: Reader, start: int, stop: int, only: str | None = None) -> Any:
        if only is None or start != stop:
            return real(self, start, stop, only)
        found, last = real(self, start, self._core.scheduler.durable, only)
        return {key: entries[1:] for key, entries in found.items()}, last

    opened(Reader).slice = sliced


def commit_half_a_send() -> None:
    """A send of several is written without its last command when the batch has others."""
    real = append_all

    def append(batch: OpenBatch, appends: Any, evolved: Any, now_ns: int) -> Any:
        written = real(batch, appends, evolved, now_ns)
        if isinstance(written, list) and len(batch.events) > 4:
            del batch.records[batch.offsets[-1] :], batch.offsets[-1:], batch.events[-1:], batch.streams[-1:]
        return written

    opened(atomic).append_all = append


def forget_sends() -> None:
    """A send of several is not recognised when it is sent again."""
    opened(AtomicSend)._position_of_first_time = lambda self: None


def conditions_see_only_what_is_durable() -> None:
    """A condition is not checked against what is being written."""

    def all_of(self: TagIndex) -> Iterator[LastPositions]:
        yield self.durable

    opened(TagIndex)._all = all_of


def conditions_forget_at_restart() -> None:
    """The index of tags is not read from the log."""

    async def read(self: TagIndex, *arguments: Any, **options: Any) -> None:
        del self, arguments, options

    opened(TagIndex).read = read


def ignore_conditions_among_several() -> None:
    """A condition of a command that is sent among others is not looked at."""
    opened(AtomicSend)._excluded = lambda self: None
    real = AtomicSend._decide

    async def decide(self: AtomicSend, item: Any) -> Any:
        return await real(self, item._replace(metadata=replace(item.metadata, unless=None)))

    opened(AtomicSend)._decide = decide


def conflicts_before_durable() -> None:
    """A conflict does not wait until the event that it names is durable."""
    opened(scheduler).position_named_by = lambda answer: 0


def bookmark_before_handling() -> None:
    """The bookmark of a batch is written before its events are handled."""
    real = Delivery.attempt

    async def attempt(self: Delivery, start: int, batch: Read, *rest: Any) -> Any:
        if not self._kind.keeps_bookmark:
            await self._keeping.save(self._keeping.bookmark(batch.last, batch.hash))
        return await real(self, start, batch, *rest)

    opened(Delivery).attempt = attempt


def old_bookmark_over_a_new_one() -> None:
    """Closing writes the bookmark although it is not known where it lies."""
    real = Worker.save

    async def save(self: Worker) -> None:
        self.loaded = True
        await real(self)

    opened(Worker).save = save


def read_over_a_seam() -> None:
    """A reader that goes on from one piece of the log to the next leaves out the first event of it."""
    real = Cursor.batch

    async def batch(self: Cursor, start: int, stop: int, wanted_max: int) -> Read:
        made = await real(self, start, stop, wanted_max)
        return made._replace(wanted=made.wanted[1:]) if len(made.wanted) == wanted_max > 1 else made

    opened(Cursor).batch = batch


def dead_letters_without_a_place() -> None:
    """A dead letter is noted after the bookmark has gone past it."""

    def bury(self: MemoryBookmarks, letter: DeadLetter, bookmark: Any, updated_ns: int) -> None:
        del letter, updated_ns
        self._bookmark = bookmark or self._bookmark

    opened(MemoryBookmarks).bury = bury


def bury_what_was_committed() -> None:
    """A dead letter whose retry was committed unheard is buried again."""

    async def is_buried(self: Keeping, position: int) -> bool:
        del self, position
        return True

    opened(Keeping).is_buried = is_buried


def give_up_too_soon() -> None:
    """A handler that fails once is not called again."""
    real = Worker._failed

    async def failed(self: Worker, sighting: Any, error: Exception) -> None:
        self.failing = Failing(sighting, 100, error)
        await real(self, sighting, error)

    opened(Worker)._failed = failed


def let_processes_sleep() -> None:
    """Processes are not woken when a batch is durable."""
    real = Core._settled

    def settled(self: Core, batch: OpenBatch) -> None:
        runners, self.runners = self.runners, ()
        real(self, batch)
        self.runners = runners

    opened(Core)._settled = settled


PLANTED_MARKET: Mapping[str, Callable[[], None]] = {
    function.__name__: function
    for function in (
        fire_mark_in_another_frame, fire_mark_before_the_command, fire_too_soon, fire_what_was_taken_back,
        lose_a_cancel, commands_before_the_step, commands_after_the_step,
        cancel_without_its_deadlines, skip_an_event_at_restart,
        note_what_is_not_considered, react_again, retry_goes_on_behind_the_failure, let_processes_sleep,
        commit_half_a_send, forget_sends,
        conditions_see_only_what_is_durable, conditions_forget_at_restart, ignore_conditions_among_several,
        conflicts_before_durable, bookmark_before_handling, old_bookmark_over_a_new_one, read_over_a_seam,
        dead_letters_without_a_place, bury_what_was_committed, give_up_too_soon,
    )
}  # fmt: skip
