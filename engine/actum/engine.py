"""The front door: `Engine.open`, `send`, `ask`, `statistics`, `close`. It wires the parts and holds no logic of theirs.

An engine lives in the event loop that opened it and must be used from there. The journey of a command is told in
`docs/architecture.md`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from threading import get_ident
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast, final

from actum_storage import ActumError, ForkGuard, ReadOnly, StoreDirectory

from actum.arguments import check_arguments, check_monitor, check_observer, metadata_of, wrong_loop
from actum.atomic.waits import DECIDING
from actum.atomic_call import envelopes_of, send_through, send_together
from actum.automation.automation import Automation, automate
from actum.batch import PLAIN, Metadata
from actum.clock import Clock, CommandIds, SystemClock, TimeOrderedIds
from actum.core import Core, OpenStore
from actum.errors import CommandTimeout, EngineClosed, Invalid, shown
from actum.kinds.catalogue import Catalogue
from actum.middleware import Envelope, Middleware, Send, wrapped
from actum.operations import Operations
from actum.options import Options
from actum.records import Receipt, command_id_bytes
from actum.replies import Replies
from actum.report import statistics_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator
    from os import PathLike
    from types import TracebackType
    from typing import NoReturn, Self
    from uuid import UUID

    from actum_storage import Log

    from actum.aggregate import Aggregate
    from actum.alert import AlertCallback
    from actum.atomic.conditions import Condition
    from actum.background import Background
    from actum.messages import Command, Query
    from actum.monitor.server import Server
    from actum.observer import Observer
    from actum.processes.process import Process
    from actum.statistics import EngineStatistics
    from actum.subscriptions.subscription import Subscription
    from actum.views.live_view import View

R = TypeVar("R")

#: The longest `timeout` of `send`; a longer one is a mistake.
TIMEOUT_SECONDS_MAX = 1e9
#: Commands in one `send_many`: their answers are kept in memory until the last one has come.
SEND_MANY_COMMANDS_MAX = 1_000_000


@final
class Engine(Operations, Automation):
    """Commands in, events to disk, views up to date, queries answered. From `Engine.open`.

    Example:
        async with Engine.open("bank", Account, Balances) as engine:
            receipt = await engine.send(Deposit(account_id="alice", amount=50))
            top = await engine.ask(TopBalances())
    """

    def __init__(  # noqa: PLR0913  # what `open` was given
        self,
        store: str | PathLike[str] | Log | OpenStore,
        catalogue: Catalogue,
        middleware: Sequence[Middleware],
        options: Options,
        clock: Clock,
        ids: CommandIds,
        background: Background | None,
        *,
        read_only: bool,
        automatic: bool = True,
        alerts: Sequence[AlertCallback] = (),
        observer: Observer | None = None,
        monitor: bool = False,
        admin: bool = False,
    ) -> None:
        """Use `Engine.open`."""
        self._store = store
        self._catalogue = catalogue
        self._options = options
        self._clock = clock
        self._ids = ids
        self._background = background
        self._read_only = read_only
        self._automatic = automatic
        self._alerts = tuple(alerts)
        self._core: Core | None = None
        self._taking: Core | None = None  # the same while commands are taken
        self._state: Literal["new", "opening", "open", "read-only", "closing", "closed", "forked"] = "new"
        self._guard: ForkGuard | None = None
        self._closing: asyncio.Task[None] | None = None
        self._monitored = monitor
        self._admin = admin
        self._monitor: Server | None = None
        self._observer = observer
        self._middleware = middleware if observer is None else [observer.send, *middleware]
        self._dispatch = wrapped(self._middleware, self._send) if self._middleware else None

    @classmethod
    def open(  # noqa: PLR0913  # what a user may give; all but the components have defaults
        cls,
        store: str | PathLike[str] | Log | OpenStore,
        /,
        *components: type[Aggregate | View[Any] | Subscription | Process],
        services: Sequence[object] = (),
        upcasters: Sequence[Callable[[Any], object]] = (),
        middleware: Sequence[Middleware] = (),
        alerts: Sequence[AlertCallback] = (),
        observer: Observer | None = None,
        options: Options | None = None,
        clock: Clock | None = None,
        ids: CommandIds | None = None,
        background: Background | None = None,
        read_only: bool = False,
        automatic: bool = True,
        monitor: bool = False,
        admin: bool = False,
    ) -> Engine:
        """An engine for some aggregates and views; `async with` opens it, or `await`, with `close()` at the end.

        Args:
            store: a directory, made if it does not exist; or a log, such as `MemoryLog()` for tests; or anything with
                a log and a place for checkpoints.
            components: aggregate, view, subscription and process classes, and `Deadlines`.
            services: what `@decide` and `@handle` handlers take by annotation; none are needed with `read_only`.
            upcasters: functions marked `@upcast`: what events of older types mean today.
            middleware: wraps every `send`, the first one outermost.
            alerts: called with an `Alert` when a view, a subscription, a process or the timer falls behind, stops, or
                recovers, and when instances of processes or deadlines fail.
            observer: told of commands, commits, deliveries and steps while they happen: `actum.otel.Tracing()`.
            options: see `Options`.
            clock: the time that records get; the machine's unless given.
            ids: of commands that come without one; ordered by time, and random, unless given.
            background: does the disk work; threads of the engine unless given.
            read_only: answer queries as of the moment of opening, and write nothing: beside a running engine, or on
                a backup. Commands get `ReadOnly`, and subscriptions don't run: see `follow`.
            automatic: whether deadlines fire, processes react and subscriptions run. False is for mending a store:
                nothing happens but what you do, and what is due then is done at the next opening.
            monitor: whether the same user's other processes may attach, as `actum top` does; see `actum.monitor`.
            admin: whether those who attach may also act: rebuild a view, retry what has failed.

        Raises:
            CatalogueError: the classes don't fit together; every fault with its fix.
            Invalid: another argument is not what it has to be.
        """
        check_arguments(store, options, services=services, upcasters=upcasters, middleware=middleware, alerts=alerts)
        check_observer(observer)
        check_monitor(monitor=monitor, admin=admin)
        catalogue = Catalogue.build(components, None if read_only else services, upcasters)
        return cls(
            store,
            catalogue,
            middleware,
            options or Options(),
            clock or SystemClock(),
            ids or TimeOrderedIds(),
            background,
            read_only=read_only,
            automatic=automatic,
            alerts=alerts,
            observer=observer,
            monitor=monitor,
            admin=admin,
        )

    async def __aenter__(self) -> Self:
        """Open the store and bring every view to its head.

        Raises:
            StoreInUse: another engine writes there.
            StoreCorrupt: the store is damaged.
            StoreMismatch: it is not a store, or holds what these classes don't know.
            SubscriptionInUse: one of the subscriptions runs in another process.
        """
        if self._state != "new":
            raise EngineClosed(f"this engine is {self._state} already: make another one with Engine.open")
        self._state = "opening"
        store: OpenStore | None = None
        core: Core | None = None
        try:
            log, store = self._open_log()
            core = Core(
                store,
                log,
                self._catalogue,
                self._clock,
                self._ids,
                self._background,
                self._options,
                read_only=self._read_only,
                automatic=self._automatic,
                alerts=self._alerts,
                observer=self._observer,
            )
            automate(core, self._middleware)
            await core.start()
        except BaseException:
            self._state = "closed"
            if core is not None:
                await core.stop(drain=False)
            elif store is not None:
                store.close()
            raise
        self._core = core
        self._guard = ForkGuard(release=self._forked)
        self._state = "read-only" if self._read_only else "open"
        self._taking = None if self._read_only else core
        if self._monitored:
            try:
                await self.monitor(admin=self._admin)
            except BaseException:
                await self.close()
                raise
        return self

    async def monitor(self, *, admin: bool = False) -> None:
        """Let the same user's other processes attach from now on, as with `monitor=True` at opening.

        Again: nothing, if they can; if something stood in the way, which is told in the log, it is tried again.

        Args:
            admin: whether they may also act.
        """
        from actum.monitor.server import Server  # noqa: PLC0415  # nobody else pays for it

        if self._monitor is None:
            check_monitor(monitor=True, admin=admin)
            self._monitor = server = Server(self, self._open_core(), admin=admin)
            await server.start()
            if server.path is None:
                self._monitor = None

    def _forked(self) -> None:
        """In a forked child: the writer's thread does not exist there, so nothing may be sent."""
        self._state = "forked"
        self._taking = None

    def _open_log(self) -> tuple[Log, OpenStore | None]:
        """The log to write, and the store it lies in, if it lies in one."""
        if isinstance(self._store, (str, os.PathLike)):
            options = self._options
            directory = StoreDirectory.open(
                self._store,
                write=not self._read_only,
                durability=options.durability,
                any_file_system=options.any_file_system,
            )
            return directory.log, directory
        if isinstance(self._store, OpenStore):
            return self._store.log, self._store
        return self._store, None

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close."""
        await self.close()

    def __await__(self) -> Generator[Any, None, Self]:
        """Open without `async with`; then `close()` is yours to call."""
        return self.__aenter__().__await__()

    async def close(self) -> None:
        """Refuse new commands, let accepted ones end, save a checkpoint, release the store. Again: nothing.

        Until then queries are answered, and a decision that was accepted may still send what it has to send.

        Cancelling the caller does not stop the closing.

        Raises:
            Invalid: a subscription's handler calls it, for which it would wait.
        """
        if self._state in ("open", "read-only"):
            core = self._open_core()
            core.subscriptions.refuse_inside("close")
            self._state = "closing"
            self._taking = None
            core.subscriptions.end()
            self._closing = asyncio.create_task(self._stop(core), name="actum close")
        if self._closing is not None:
            try:
                await asyncio.shield(self._closing)
            finally:
                if not self._closing.done():
                    await asyncio.wait([self._closing])

    async def _stop(self, core: Core) -> None:
        """The closing itself."""
        try:
            try:
                if self._monitor is not None:
                    await self._monitor.stop()
            finally:
                await core.stop(drain=True)
        finally:
            self._state = "closed"

    async def send(
        self,
        command: Command,
        *,
        command_id: UUID | str | None = None,
        user_id: UUID | str | None = None,
        correlation_id: UUID | str | None = None,
        causation_id: UUID | str | None = None,
        expected_version: int | None = None,
        unless: Condition | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # the contract; a caller's own asyncio.timeout works as well
    ) -> Receipt:
        """Have a command decided; when this returns, its events are on disk and every view shows them.

        Cancelling abandons the answer, never half a command: one still in the mailbox is dropped whole, one that has
        been taken completes.

        Args:
            command: an instance of a command that an aggregate takes.
            command_id: makes a retry safe: the same id gives the first receipt again and has its effect once, among
                the aggregate's last `dedup_commands_max` writing commands. A UUID, or text of at most 200 bytes.
            user_id: who sends it; stored with every event.
            correlation_id: what it belongs to; stored with every event.
            causation_id: what caused it; stored with every event.
            expected_version: refuse with `Conflict` if the aggregate's version is another; 0 for "does not exist yet".
            unless: refuse with `Conflict` if there are events, of whatever aggregate, that this condition excludes.
            timeout: seconds to wait for the answer.

        Raises:
            Rejected: the aggregate said no.
            Invalid: the command, an id, or an event it led to is malformed.
            Conflict: `expected_version` is not the version, or `unless` does not hold.
            Overloaded: a queue is full; nothing happened.
            CommandFailed: a handler has a bug; nothing was written.
            Quarantined: the aggregate's handlers failed too often.
            CommandTimeout: no answer within `timeout`.
            StoreFull: the disk is full; nothing was written.
            OutcomeUnknown: the commit failed; ask `outcome` after reopening.
            EngineClosed: the engine is not open.
        """
        if (
            timeout is None
            and command_id is None
            and user_id is None
            and correlation_id is None
            and causation_id is None
            and expected_version is None
            and unless is None
            and self._dispatch is None
        ):
            return await self._deliver(command, PLAIN)
        envelope = Envelope(
            command=command,
            command_id=command_id,
            user_id=user_id,
            correlation_id=correlation_id,
            causation_id=causation_id,
            expected_version=expected_version,
            unless=unless,
        )
        send = self._dispatch or self._send
        if timeout is None:
            return await send(envelope)
        check_timeout(timeout)
        return await within(timeout, type(command).__name__, send(envelope))

    async def _send(self, envelope: Envelope) -> Receipt:
        """The end of the middleware."""
        return await self._deliver(envelope.command, metadata_of(envelope))

    def _deliver(self, command: Command, metadata: Metadata) -> asyncio.Future[Receipt]:
        """Put a command into its actor's mailbox; the future of its receipt."""
        core = self._taking
        if core is None:
            core = self._core_of_a_decision()
        if core.thread != get_ident():
            raise wrong_loop()
        actor = core.bus.actor_for(command)
        reply: asyncio.Future[Receipt] = core.loop.create_future()
        core.scheduler.deliver(actor, command, reply, metadata)
        return reply

    async def send_many(self, commands: Sequence[Command]) -> list[Receipt | ActumError]:
        """Send commands in order, each on its own: a receipt or the error of each, in the order of the commands.

        Much faster than as many `send`s: the caller wakes once. More than `mailbox_size_max` commands are sent in
        parts of that size, so that they don't overload the engine by themselves. Cancelling drops what is still in
        mailboxes.

        Raises:
            EngineClosed: the engine is not open.
            Invalid: not a sequence, or one of more than a million; what is no command in it is refused on its own.
        """
        if not isinstance(commands, Sequence):
            raise Invalid(f"commands={shown(commands)} is not a sequence: give a list of commands")
        if len(commands) > SEND_MANY_COMMANDS_MAX:
            raise Invalid(
                f"{len(commands):,} commands are too many for one call: give {SEND_MANY_COMMANDS_MAX:,} at most"
            )
        if self._dispatch is not None:
            return [await outcome_of(self._dispatch, command) for command in commands]
        results: list[Receipt | ActumError] = []
        part_size = self._options.mailbox_size_max
        for start in range(0, len(commands), part_size):
            results += await self._send_part(commands[start : start + part_size])
        return results

    async def _send_part(self, commands: Sequence[Command]) -> list[Receipt | ActumError]:
        """As many commands as a mailbox takes."""
        core = self._taking or self._core_of_a_decision()
        if core.loop is not asyncio.get_running_loop():
            raise wrong_loop()
        answered = core.loop.create_future()
        replies = Replies(answered, len(commands))
        actor_for, deliver = core.bus.actor_for, core.scheduler.deliver
        for index, command in enumerate(commands):
            try:
                deliver(actor_for(command), command, replies.part(index), PLAIN)
            except ActumError as error:
                replies.put(index, error)
        await answered
        return replies.outcomes

    async def send_atomic(
        self,
        commands: Sequence[Command | Envelope],
        *,
        command_id: UUID | str | None = None,
        user_id: UUID | str | None = None,
        correlation_id: UUID | str | None = None,
        causation_id: UUID | str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # as for `send`
    ) -> list[Receipt]:
        """Have commands of any aggregates decided as one: all their events are written, in one frame, or none.

        They are decided in order, each on the state that the ones before it left; meanwhile their targets do nothing
        else. An envelope says what belongs to one command alone, such as `expected_version`. Cancelling abandons all of
        them as long as nothing is decided; after that they complete.

        Args:
            commands: commands, or envelopes; at most 1,024. Several may have the same target.
            command_id: of the whole: makes a retry safe, see `send`. Each command's own id is derived from it.
            user_id: who sends them; as the next two, for those that don't say something else in an envelope.
            correlation_id: what they belong to.
            causation_id: what caused them.
            timeout: seconds to wait for the answer.

        Returns:
            Their receipts, in the order of the commands.

        Raises:
            ActumError: what `send` raises, of the first command that fails; its `command_index` says which one. Nothing
                was written.
            Invalid: also if all events together are too many or too large for one frame.
            Reentrant: a decision sends to a target of its own send.
        """
        if timeout is not None:
            check_timeout(timeout)
        envelopes = envelopes_of(commands, user_id=user_id, correlation_id=correlation_id, causation_id=causation_id)
        key = None if command_id is None else command_id_bytes(command_id)
        if not envelopes:
            return []
        sending = self._send_atomic(envelopes, key)
        return await (sending if timeout is None else within(timeout, "send_atomic", sending))

    async def _send_atomic(self, envelopes: Sequence[Envelope], command_id: bytes | None) -> list[Receipt]:
        """The same without a limit on time."""

        async def send(envelopes: Sequence[Envelope]) -> list[Receipt]:
            core = self._taking or self._core_of_a_decision()
            if core.thread != get_ident():
                raise wrong_loop()
            return await send_together(core, envelopes, command_id)

        return await (send_through(self._middleware, envelopes, send) if self._middleware else send(envelopes))

    async def ask(self, query: Query[R], *, after: int | None = None) -> R:
        """Answer a query from a view, in memory and at once: it does not give the loop a turn unless it has to wait.

        Cancelling has no effect but to end the waiting for `after`.

        Args:
            query: an instance of a query that a view answers.
            after: wait until the views show this position, such as a receipt's from another engine's caller.

        Raises:
            Invalid: no view answers it.
            ViewBroken: the view's handler failed; see `rebuild`.
            CommandTimeout: `after` did not come within `ask_after_seconds_max`.
            EngineClosed: the engine is not open.
        """
        core = self._core
        if core is None or self._state not in ("open", "closing", "read-only"):
            raise self._closed()
        if after is not None:
            await core.awaited.wait(after)
        core.queries += 1
        return cast("R", core.bus.answer(query))

    def statistics(self) -> EngineStatistics:
        """Where the engine stands: the only source of figures about it.

        Raises:
            EngineClosed: it was never opened.
        """
        if self._core is None or self._state == "forked":
            raise self._closed()
        return statistics_of(self._core, self._state)

    def _open_core(self) -> Core:
        """The parts of an open engine."""
        if self._state not in ("open", "read-only") or self._core is None:
            raise self._closed()
        if self._core.loop is not asyncio.get_running_loop():
            raise wrong_loop()
        return self._core

    def _core_of_a_decision(self) -> Core:
        """The parts of a closing engine, for a decision that was accepted before: it may end its work."""
        sender = DECIDING.get()
        if self._state != "closing" or sender is None or sender[0].deciding is not sender[1]:
            raise self._closed()
        assert self._core is not None
        return self._core

    def _closed(self) -> ActumError:
        """The error for an engine that is not open, or that only reads.

        Raises:
            StoreForked: this is a forked child of the process that opened it.
        """
        if self._guard is not None:
            self._guard.check()
        if self._state == "read-only":
            return ReadOnly("the engine was opened with read_only=True: it takes no commands")
        return EngineClosed(f"the engine is {self._state}, not open: use it inside `async with Engine.open(...)`")

    def __reduce__(self) -> NoReturn:
        """Refuse to be sent to another process, as `multiprocessing` does with arguments of a child."""
        raise TypeError(
            "an engine can't be sent to another process: open it in the one that writes; others read the store with "
            "actum.open_store, or with Engine.open(..., read_only=True)"
        )

    def __repr__(self) -> str:
        """State and position."""
        position = "" if self._core is None else f" @{self._core.scheduler.durable}"
        return f"<Engine {self._store!r} {self._state}{position}>"


def check_timeout(timeout: object) -> None:
    """Refuse what is not a time to wait.

    Raises:
        Invalid: it is none.
    """
    if type(timeout) not in (int, float) or not timeout < TIMEOUT_SECONDS_MAX:  # type: ignore[operator]  # NaN is not less
        raise Invalid(f"timeout={shown(timeout)} is not a time: give seconds below 1e9, or None to wait")


async def within(seconds: float, what: str, answer: Awaitable[R]) -> R:
    """An answer, if it comes in time; giving up says what that means. Cancelling cancels the waiting.

    Raises:
        CommandTimeout: it did not come.
    """
    deadline = asyncio.timeout(seconds)
    try:
        async with deadline:
            return await answer
    except TimeoutError as error:
        if not deadline.expired():
            raise
        raise CommandTimeout(
            f"no answer to {what} within {seconds} s: if it was still waiting it is dropped, "
            "if it had been taken it completes; send it again with the same command_id to learn which"
        ) from error


async def outcome_of(send: Send, command: Command) -> Receipt | ActumError:
    """The receipt or the error of one command that goes through middleware; what else middleware raises is raised."""
    try:
        return await send(Envelope(command=command))
    except ActumError as error:
        return error
