"""Shows an engine to those who attach to its socket: frames on their pace, and answers to what they ask.

A client that reads slower than it wanted to is sent fewer frames, never a queue of them. Nobody attached costs
nothing but the socket. A client can't harm the engine: what it sends is bounded and checked, what it asks is answered
in slices, and a conversation that breaks ends.
"""

from __future__ import annotations

import asyncio
import logging
import os
import platform
import socket
import struct
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, final

from actum_storage import ActumError

from actum.codec import tag_of
from actum.errors import Invalid
from actum.logbook import facts
from actum.monitor import sites
from actum.monitor.answers import Answers
from actum.monitor.columns import columns_of_view
from actum.monitor.frames import Frame, Hello, RowsPage, ViewShape
from actum.monitor.probe import Probe
from actum.monitor.requests import Answered, Ask, Forget, Progress, Refused, RowsRequest, Wanted
from actum.monitor.rows import Onlookers
from actum.monitor.wire import TO_ENGINE_BYTES_MAX, decode_to_engine, framed, read_message

if TYPE_CHECKING:
    import msgspec

    from actum.clock import Clock
    from actum.core import Core
    from actum.engine import Engine
    from actum.views.live_view import LiveView

log = logging.getLogger("actum.monitor")

#: Who may be attached at once: a few people.
CLIENTS_MAX = 16
#: Questions of one client that are being answered.
QUESTIONS_MAX = 16
#: Who says often what the next frame shall hold gets one so often.
CHANGED_SECONDS_MIN = 0.05
INTERVAL_SECONDS_MIN = 0.5
INTERVAL_SECONDS_MAX = 60.0


@final
class Server:
    """The socket of one engine.

    Attributes:
        path: where it lies.
    """

    def __init__(self, engine: Engine, core: Core, *, admin: bool) -> None:
        """Not there yet; see `start`.

        Args:
            engine: which one is shown.
            core: its parts.
            admin: whether clients may act, not only ask.
        """
        self._engine = engine
        self._core = core
        self._admin = admin
        self._sessions: set[Session] = set()
        self._conversations: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._onlookers = Onlookers(core)
        self._server: asyncio.Server | None = None
        self._probe = Probe(core)
        self._hello = hello_of(core, admin=admin)
        self.path: Path | None = None

    async def start(self) -> None:
        """Let clients come; that they can't is told in the log, and no reason not to open the engine."""
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            path = sites.new_socket(self._hello.name)
            path.unlink(missing_ok=True)  # of a process that had this number before
            listening.bind(str(path))
            path.chmod(0o600)
            self._server = await asyncio.start_unix_server(self._come, sock=listening)
        except (OSError, ActumError) as error:
            listening.close()
            said = facts("monitor failed", error)
            log.warning("the engine is open, but nobody can attach to it: %s", error, extra=said)
            return
        self.path = path

    async def stop(self) -> None:
        """Send everybody away, and remove the socket; nobody can keep the engine from closing."""
        self._stopping = True
        if self._server is None:
            return
        self._server.close()
        for session in tuple(self._sessions):
            await session.end()
        await asyncio.gather(*self._conversations, return_exceptions=True)
        await self._server.wait_closed()
        if self.path is not None:
            try:
                self.path.unlink(missing_ok=True)
            except OSError as error:
                log.warning("%s can't be removed: %s", self.path, error, extra=facts("monitor failed", error))

    def _come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Begin to talk to one client."""
        conversation = asyncio.create_task(self._talk(reader, writer), name="actum monitor conversation")
        self._conversations.add(conversation)
        conversation.add_done_callback(self._conversations.discard)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one client until it leaves."""
        if self._stopping or not is_same_user(writer):
            writer.transport.abort()
            return
        if len(self._sessions) >= CLIENTS_MAX:
            writer.write(
                framed(Refused(0, "Overloaded", f"{CLIENTS_MAX} are attached already: one of them has to leave"))
            )
            writer.close()
            return
        pages = self._onlookers.pages()
        answers = Answers(self._engine, self._core, pages, admin=self._admin, who=who_is(writer))
        session = Session(self._engine, self._core.clock, answers, self._probe, reader, writer)
        self._sessions.add(session)
        try:
            await session.talk(self._hello)
        finally:
            self._sessions.discard(session)


@final
class Session:
    """One client."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        answers: Answers,
        probe: Probe,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Nothing said yet."""
        self._engine = engine
        self._clock = clock
        self._answers = answers
        self._probe = probe
        self._reader = reader
        self._writer = writer
        self._watch = Wanted()
        self._changed = asyncio.Event()
        self._left_out = 0
        self._asked: dict[int, asyncio.Task[None]] = {}
        self._task: asyncio.Task[None] | None = None

    async def talk(self, hello: Hello) -> None:
        """Say who the engine is, then send frames and answers until the client leaves."""
        self._probe.attach()
        self._task = asyncio.create_task(self._show(), name="actum monitor")
        try:
            self._send(hello)
            while True:
                self._take(await read_message(self._reader, decode_to_engine, TO_ENGINE_BYTES_MAX))
                await self._writer.drain()  # who does not read what it is told is not listened to either
                await asyncio.sleep(0)  # and of who sends many messages at once one is heard a turn
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except Invalid as error:
            log.warning("a client of the monitor was sent away: %s", error, extra=facts("monitor client", error))
        finally:
            self._probe.detach()
            await self.end()

    async def end(self) -> None:
        """Stop whatever is under way for this client, and hang up: what it has not read by now is not waited for."""
        tasks = [task for task in (self._task, *self._asked.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._answers.close()
        self._writer.transport.abort()

    def _take(self, message: Wanted | Ask | Forget) -> None:
        """Do what a message says.

        Raises:
            Invalid: it makes no sense: the conversation can't go on.
        """
        match message:
            case Wanted():
                self._watch = message
                self._changed.set()
            case Forget():
                if message.number in self._asked:
                    self._asked[message.number].cancel()
            case Ask():
                if len(self._asked) >= QUESTIONS_MAX:
                    self._send(Refused(message.number, "Overloaded", f"{QUESTIONS_MAX} questions are being answered"))
                    return
                if message.number in self._asked:
                    raise Invalid(f"the question {message.number} is being answered: the next needs another number")
                task = asyncio.create_task(self._answer(message), name="actum monitor answer")
                self._asked[message.number] = task
                # Not by the task itself: one that is cancelled at once never begins.
                task.add_done_callback(lambda _: self._asked.pop(message.number, None))

    async def _answer(self, asked: Ask) -> None:
        """Answer one question."""
        number = asked.number
        try:
            answer = await self._answers.answer(asked.request, partial(self._tell, number))
            self._send(Answered(number, answer))
        except ActumError as error:
            self._send(Refused(number, type(error).__name__, str(error)))
        except Exception as error:  # a bug here must not end the conversation
            log.exception("a question of the monitor failed", extra=facts("monitor answer failed", error))
            self._send(Refused(number, type(error).__name__, f"the engine failed to answer: {error!r}"))

    def _tell(self, number: int, done: int, whole: int) -> None:
        """How far an answer is, to who has read what it was told before."""
        if not self._writer.transport.get_write_buffer_size():
            self._send(Progress(number, done, whole))

    async def _show(self) -> None:
        """A frame now, and one after each interval, or when something else is wanted."""
        while True:
            self._changed.clear()
            try:
                self._show_once()
            except Exception as error:
                log.exception("a frame of the monitor failed", extra=facts("monitor frame failed", error))
                self._writer.close()
                return
            shown = asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout(interval_of(self._watch)):
                    await self._changed.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(shown + CHANGED_SECONDS_MIN - asyncio.get_running_loop().time())

    def _show_once(self) -> None:
        """Send a frame, unless the one before is still on its way."""
        transport = self._writer.transport
        if transport.is_closing() or transport.get_write_buffer_size():
            self._left_out += 1
            return
        rows, failure = self._rows(self._watch.rows)
        self._send(
            Frame(
                time_ns=self._clock.now_ns(),
                monotonic_ns=self._clock.monotonic_ns(),
                left_out=self._left_out,
                statistics=self._engine.statistics(),
                vitals=self._probe.vitals(),
                actors=self._probe.actors() if self._watch.actors else None,
                rows=rows,
                rows_failure=failure,
            )
        )

    def _rows(self, wanted: RowsRequest | None) -> tuple[RowsPage | None, str | None]:
        """The rows that are wanted, or why there are none."""
        if wanted is None:
            return None, None
        try:
            return self._answers.live_rows(wanted), None
        except ActumError as error:
            return None, str(error)

    def _send(self, message: msgspec.Struct) -> None:
        """Send a message to who is still there."""
        if not self._writer.transport.is_closing():
            self._writer.write(framed(message))


def interval_of(watch: Wanted) -> float:
    """The seconds between frames that a client gets for those that it wants."""
    wanted = watch.interval_seconds
    if isnan(wanted):  # the timers of the loop can't be put in an order with it
        return INTERVAL_SECONDS_MAX
    return min(max(wanted, INTERVAL_SECONDS_MIN), INTERVAL_SECONDS_MAX)


def is_same_user(writer: asyncio.StreamWriter) -> bool:
    """Whether the process at the other end is this user's, or the superuser's; where the system says that."""
    found = credentials_of(writer)
    return found is None or found[1] in (0, os.getuid())


def who_is(writer: asyncio.StreamWriter) -> str:
    """The process at the other end, for the logging."""
    found = credentials_of(writer)
    return "a process of this user" if found is None else f"process {found[0]} of user {found[1]}"


def credentials_of(writer: asyncio.StreamWriter) -> tuple[int, int] | None:
    """The process and the user at the other end, where the system says that."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return None
    size = struct.calcsize("3i")
    process, user, _ = struct.unpack("3i", writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, option, size))
    return process, user


def hello_of(core: Core, *, admin: bool) -> Hello:
    """Who an engine is."""
    manifest = getattr(core.store, "manifest", None)
    path = None if manifest is None else Path(core.store.path).resolve()  # type: ignore[union-attr]
    return Hello(
        version=installed_version(),
        name="memory" if path is None else path.name,
        store=None if path is None else str(path),
        store_id="" if manifest is None else manifest.store_id,
        pid=os.getpid(),
        python=platform.python_version(),
        loop=type(core.loop).__module__.partition(".")[0],
        opened_ns=core.clock.now_ns(),
        durability=core.options.durability,
        admin=admin,
        aggregates=tuple(sorted(core.directory.streams)),
        views=tuple(shape_of(name, live, events_of(core, name)) for name, live in core.views.items()),
        processes=tuple(runner.kind.name for runner in core.runners),
        subscriptions=tuple(consumer.name for consumer in core.subscriptions),
        events=tuple(sorted(str(event.__struct_config__.tag) for event in core.codec.event_types)),
    )


def installed_version() -> str:
    """Which actum this is, for people; a copy that nobody installed does not say it."""
    try:
        return version("actum")
    except PackageNotFoundError:
        return "unknown"


def events_of(core: Core, name: str) -> tuple[str, ...]:
    """The tags of the events that change a view."""
    return tuple(
        sorted(tag_of(event) for kind in core.catalogue.views if kind.name == name for event in kind.projections)
    )


def shape_of(name: str, live: LiveView, events: tuple[str, ...]) -> ViewShape:
    """A view as it is shown."""
    schema = live.table.schema
    return ViewShape(name, schema.key, columns_of_view(schema), events)
