"""The other end: who looks at a running engine from another process, or from another task.

Frames that come faster than they are taken are left out: the newest counts. A question is answered, refused, or ends
with the engine; it never waits for ever.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, final

from actum.errors import Invalid, shown
from actum.monitor import sites
from actum.monitor.errors import Detached, NoEngine, Unanswered
from actum.monitor.frames import PROTOCOL, Frame, Hello
from actum.monitor.requests import Answered, Ask, Forget, Progress, Refused, Wanted
from actum.monitor.wire import FROM_ENGINE_BYTES_MAX, decode_from_engine, framed, read_message

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Self

    from actum_storage import ActumError

    from actum.monitor.requests import Action, FromEngine, Question, Reply

#: How long an engine may take to say who it is: it may be in the middle of a long turn.
HELLO_SECONDS_MAX = 5.0


@final
class Attached:
    """A running engine, watched; from `attach`.

    Example:
        async with await attach("bank") as engine:
            async for frame in engine.frames():
                print(frame.statistics.position)

    Attributes:
        path: of its socket.
        hello: who it is.
    """

    def __init__(self, path: Path, hello: Hello, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Use `attach`."""
        self.path = path
        self.hello = hello
        self._reader = reader
        self._writer = writer
        self._numbers = itertools.count(1)
        self._asked: dict[int, tuple[asyncio.Future[Reply], Callable[[int, int], None] | None]] = {}
        self._frame: Frame | None = None
        self._came = asyncio.Event()
        self._ended = False
        self._task = asyncio.create_task(self._read(), name="actum attached")

    async def frames(self) -> AsyncIterator[Frame]:
        """What the engine shows, once an interval, until it ends or `close`. For one task at a time."""
        while True:
            await self._came.wait()
            self._came.clear()
            frame, self._frame = self._frame, None
            if frame is not None:
                yield frame
            if self._ended:
                return

    def watch(self, watch: Wanted) -> None:
        """Say what the next frames shall hold; one comes at once."""
        self._send(watch)

    async def ask(self, request: Question | Action, *, progress: Callable[[int, int], None] | None = None) -> Reply:
        """Ask something. Cancelling ends the work for it in the engine.

        Args:
            request: what.
            progress: told how far a long answer is: done, of whole.

        Raises:
            Unanswered: the engine refuses to answer; why.
            Detached: the engine has ended.
        """
        if self._ended:
            raise Detached(f"{self.hello.name} (pid {self.hello.pid}) is not there any more")
        number = next(self._numbers)
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer, progress
        self._send(Ask(number, request))
        try:
            return await answer
        finally:
            if self._asked.pop(number, None) is not None:
                self._send(Forget(number))

    async def close(self) -> None:
        """Leave. Again: nothing."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self._ended = True
        self._writer.close()  # a task that had not begun has not done so
        with suppress(OSError):
            await self._writer.wait_closed()

    async def __aenter__(self) -> Self:
        """Itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Leave."""
        await self.close()

    def _send(self, message: Wanted | Ask | Forget) -> None:
        """Send a message to an engine that is still there, as far as is known."""
        if not self._ended and not self._writer.transport.is_closing():
            self._writer.write(framed(message))

    async def _read(self) -> None:
        """Take what comes until there is no more."""
        try:
            while True:
                self._take(await read_message(self._reader, decode_from_engine, FROM_ENGINE_BYTES_MAX))
        except (OSError, EOFError, Invalid):
            pass  # it has ended, or what it says makes no sense: whoever attaches again is told
        finally:
            self._ended = True
            self._writer.close()
            self._came.set()
            for answer, _ in self._asked.values():
                if not answer.done():
                    answer.set_exception(Detached(f"{self.hello.name} (pid {self.hello.pid}) has ended"))
            self._asked.clear()

    def _take(self, message: FromEngine) -> None:
        """Hand one message on."""
        match message:
            case Frame():
                self._frame = message
                self._came.set()
            case Answered(number, answer):
                found = self._asked.pop(number, None)
                if found is not None and not found[0].done():
                    found[0].set_result(answer)
            case Refused(number, error, sentence):
                found = self._asked.pop(number, None)
                if found is not None and not found[0].done():
                    found[0].set_exception(Unanswered(sentence, error=error))
            case Progress(number, done, whole):
                found = self._asked.get(number)
                if found is not None and found[1] is not None:
                    found[1](done, whole)
            case Hello():
                pass

    def __repr__(self) -> str:
        """Who."""
        return f"<Attached {self.hello.name} pid {self.hello.pid}{' ended' if self._ended else ''}>"


async def attach(target: str | os.PathLike[str] | int | None = None) -> Attached:
    """Attach to a running engine that was opened with `monitor=True` by the same user.

    Args:
        target: its store's directory, the name of that directory, its process's id, or its socket; None for the only
            one there is.

    Raises:
        NoEngine: there is none, or more than one; the sentence says which there are.
        Detached: it does not answer.
        Invalid: it speaks another version of the protocol, or is no engine.
    """
    path = await socket_of(target)
    try:
        async with asyncio.timeout(HELLO_SECONDS_MAX):
            reader, writer = await asyncio.open_unix_connection(str(path))
            try:
                hello = await read_message(reader, decode_from_engine, FROM_ENGINE_BYTES_MAX)
            except BaseException:
                writer.close()
                raise
    except TimeoutError as error:
        raise Detached(f"{path} does not answer within {HELLO_SECONDS_MAX} s: its loop is held by something") from error
    except (OSError, EOFError) as error:
        raise Detached(f"{path} can't be reached: {error!r}") from error
    if isinstance(hello, Refused):
        writer.close()
        raise Detached(f"{path}: {hello.message}")
    if not isinstance(hello, Hello) or hello.protocol != PROTOCOL:
        writer.close()
        raise Invalid(f"{path} speaks another version of this protocol: use the same version of actum on both sides")
    return Attached(path, hello, reader, writer)


async def engines() -> list[tuple[Path, Hello]]:
    """The monitored engines of this user that answer: their sockets, and who they are.

    Raises:
        StorageError: others can put sockets where this user's lie.
    """
    return [(path, found) for path, found in await look_round() if isinstance(found, Hello)]


async def silent() -> dict[Path, str]:
    """The sockets behind which there is a process that can't be attached to, and why: it is busy, full, or too old.

    Raises:
        StorageError: others can put sockets where this user's lie.
    """
    return {path: str(found) for path, found in await look_round() if not isinstance(found, Hello)}


async def look_round() -> list[tuple[Path, Hello | ActumError]]:
    """What is behind each socket: an engine, or why it can't be attached to; without those that have just ended."""

    async def look(path: Path) -> tuple[Path, Hello | ActumError] | None:
        try:
            attached = await attach(path)
        except (Detached, Invalid) as error:
            reason = error.__cause__
            gone = isinstance(reason, (OSError, EOFError)) and not isinstance(reason, TimeoutError)
            return None if gone else (path, error)
        await attached.close()
        return path, attached.hello

    found = await asyncio.gather(*map(look, sites.sockets()))
    return [one for one in found if one is not None]


async def socket_of(target: str | os.PathLike[str] | int | None) -> Path:
    """The socket that is meant.

    Raises:
        NoEngine: none is, or more than one.
    """
    if target is not None and not isinstance(target, (str, os.PathLike, int)):
        raise Invalid(f"target={shown(target)}: give a directory, a name, a process id, or a socket")
    text = "" if target is None else os.fspath(target) if not isinstance(target, int) else str(target)
    if text.endswith(".sock"):
        return Path(text)
    there = await look_round()
    live = [(path, found) for path, found in there if isinstance(found, Hello)]
    meant = [one for one in live if target is None or is_meant(text, one[1])]
    if len(meant) == 1:
        return meant[0][0]
    listed = ", ".join(f"{hello.name} (pid {hello.pid})" for _, hello in live) or "none"
    if meant:
        raise NoEngine(f"more than one engine is meant: give the process id or the socket of one of: {listed}")
    which = "no engine" if target is None else f"no engine {text!r}"
    others = "".join(f"; {found}" for _, found in there if not isinstance(found, Hello))
    raise NoEngine(
        f"{which} can be attached to; there are: {listed}{others}. Open it with Engine.open(..., monitor=True)"
    )


def is_meant(text: str, hello: Hello) -> bool:
    """Whether this engine's store, name or process is meant."""
    if text in (hello.name, str(hello.pid)):
        return True
    return hello.store is not None and os.path.realpath(text) == hello.store
