"""The counter: where customers talk to a shop that may die at any moment. What was not answered is sent again."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from pathlib import Path
from typing import final

import msgspec
from actum import Command

from tests.chaos.fulfilment.shop_process import LINE_BYTES_MAX, Answer
from tests.support.processes import ENVIRONMENT

#: Long enough for a loaded machine.
SECONDS_MAX = 600


@final
class Counter:
    """Sends commands to the shop's process of the moment.

    Attributes:
        asked_again: commands that were sent again, since the shop died before it had answered.
    """

    def __init__(self, store: Path, urls: Sequence[str], mutant: str) -> None:
        """For the shop in a directory, with its lists of orders in some databases; it is not open yet.

        It may be broken on purpose, by a mutant.
        """
        self._store = store
        self._mutant = mutant
        self._urls = urls
        self._complaints = store.with_name("complaints.txt")
        self._pending: dict[str, tuple[bytes, asyncio.Future[Answer]]] = {}
        self._shop: Process | None = None
        self._listening: asyncio.Task[None] | None = None
        self._opened = asyncio.Event()
        self.asked_again = 0

    async def send(self, command_id: str, command: Command) -> str | None:
        """Send a command until it is answered; why it was refused, or None."""
        line = msgspec.json.encode((command_id, type(command).__name__, command)) + b"\n"
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._pending[command_id] = line, answered
        self._write(line)
        _, _, refusal = await answered
        return refusal

    async def open(self, seconds_ahead: float) -> None:
        """Start the shop, and hand in what the last one has not answered. It may take a moment until it is open."""
        with self._complaints.open("ab") as complaints:
            self._shop = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.chaos.fulfilment.shop_process"),
                *(str(self._store), str(seconds_ahead), self._mutant, *self._urls),
                stdin=PIPE,
                stdout=PIPE,
                stderr=complaints,
                env=ENVIRONMENT,
                limit=LINE_BYTES_MAX,
            )
        self._opened.clear()
        self.asked_again += len(self._pending)
        for line, _ in self._pending.values():
            self._write(line)
        self._listening = asyncio.create_task(self._listen(self._shop), name="counter")

    async def opened(self) -> None:
        """Wait until the shop says that it is open.

        Raises:
            RuntimeError: it has died by itself.
        """
        opened = asyncio.create_task(self._opened.wait())
        assert self._listening is not None
        await asyncio.wait({opened, self._listening}, timeout=SECONDS_MAX, return_when=asyncio.FIRST_COMPLETED)
        opened.cancel()
        if not self._opened.is_set():
            raise RuntimeError(f"the shop has not opened: {self.complaints()}")

    async def kill(self) -> None:
        """End it with SIGKILL. What it said before is heard."""
        shop, listening = self._shop, self._listening
        assert shop is not None
        assert listening is not None
        self._shop = None
        shop.kill()
        await listening
        await shop.wait()

    async def finish(self) -> None:
        """Have the shop end all that is under way, and close."""
        shop, listening = self._shop, self._listening
        assert shop is not None
        assert listening is not None
        self._write(b"finish\n")
        await asyncio.wait_for(listening, SECONDS_MAX)
        status = await shop.wait()
        assert status == 0, f"exit status {status}: {self.complaints()}"

    def complaints(self) -> str:
        """What the shops wrote to standard error: nothing, if all was well."""
        return self._complaints.read_text()

    def _write(self, line: bytes) -> None:
        """Say something to the shop, if there is one; what it does not hear is said to the next one."""
        if self._shop is not None and self._shop.stdin is not None and not self._shop.stdin.is_closing():
            self._shop.stdin.write(line)

    async def _listen(self, shop: Process) -> None:
        """Hear its answers, until it dies or closes; a line that it did not finish was not said."""
        assert shop.stdout is not None
        async for line in shop.stdout:
            if line == b"open\n":
                self._opened.set()
            elif line == b"finished\n":
                return
            elif line.endswith(b"\n"):
                answer = msgspec.json.decode(line, type=Answer)
                _, answered = self._pending.pop(answer[0])
                answered.set_result(answer)
        if shop is self._shop:  # nobody has killed it
            for _, answered in self._pending.values():
                answered.set_exception(RuntimeError(f"the shop died by itself: {self.complaints()}"))
