"""A closed loop that goes on until it is stopped, while somebody looks at parts of it: before, during, after."""

from __future__ import annotations

import asyncio
import time
from array import array

from actum import Engine

from actum_bench.bank import key_of
from actum_bench.branches import PAYMENT, Pay, scattered
from actum_bench.filled import Shape
from actum_bench.timing import quantile


class Traffic:
    """Clients that pay into the same accounts round after round, each waiting for its answer before the next payment.

    The accounts are taken in turn by all clients together, so as many payments as there are accounts touch each once.

    Attributes:
        sent: payments begun so far.
        started: when each answered payment was sent, in nanoseconds of `time.perf_counter_ns`.
        ended: when its answer came, in the order of the answers.
    """

    def __init__(self, engine: Engine, shape: Shape, *, accounts: int, clients: int) -> None:
        """Not begun yet.

        Args:
            engine: open.
            shape: what it was filled with.
            accounts: how many of the rows are paid into, spread over all of them.
            clients: how many.
        """
        self.sent = 0
        self.started = array("q")
        self.ended = array("q")
        self._engine = engine
        self._commands = [
            Pay(branch_id=shape.branch_of(number), account_id=key_of(number), amount=PAYMENT)
            for number in (scattered(step, shape.accounts) for step in range(accounts))
        ]
        self._clients = clients
        self._stopped = False
        self._awaited = 0
        self._reached: asyncio.Future[None] | None = None

    @property
    def answered(self) -> int:
        """Payments answered so far."""
        return len(self.ended)

    async def __aenter__(self) -> Traffic:
        """Let the clients begin."""
        self._tasks = [asyncio.create_task(self._client(), name=f"client {n}") for n in range(self._clients)]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let each client have its last answer; what went wrong with one is raised."""
        self._stopped = True
        await asyncio.gather(*self._tasks)

    async def reach(self, answered: int) -> None:
        """Wait until so many payments are answered; cancelling ends the waiting alone.

        Raises:
            ActumError: a client was refused.
        """
        if self.answered < answered:
            self._awaited = answered
            self._reached = asyncio.get_running_loop().create_future()
            await self._reached

    async def _client(self) -> None:
        """One client."""
        clock, send, commands = time.perf_counter_ns, self._engine.send, self._commands
        count = len(commands)
        try:
            while not self._stopped:
                command = commands[self.sent % count]
                self.sent += 1
                started = clock()
                await send(command)
                self.started.append(started)
                self.ended.append(clock())
                if self._reached is not None and len(self.ended) >= self._awaited:
                    self._tell(None)
        except BaseException as error:
            self._stopped = True
            self._tell(error)
            raise

    def _tell(self, error: BaseException | None) -> None:
        """Wake who waits for an answer to be reached."""
        reached, self._reached = self._reached, None
        if reached is not None and not reached.done():
            if error is None:
                reached.set_result(None)
            else:
                reached.set_exception(error)


class Part:
    """What a load did in one or more spans of time.

    Attributes:
        seconds: how long they were together.
        answers: that came in them.
        latencies: of all payments that were under way in them, in nanoseconds.
    """

    def __init__(self) -> None:
        """Nothing yet."""
        self.seconds = 0.0
        self.answers = 0
        self.latencies = array("q")

    def add(self, load: Traffic, begin: int, end: int) -> None:
        """Take in one span; after the load ended, so that the answers of all payments in it are there.

        Args:
            load: what was running.
            begin: in nanoseconds of `time.perf_counter_ns`.
            end: as `begin`.
        """
        self.seconds += (end - begin) / 1e9
        for started, ended in zip(load.started, load.ended, strict=True):
            if ended >= begin and started <= end:
                self.latencies.append(ended - started)
                self.answers += ended <= end

    @property
    def rate(self) -> float:
        """Answers in a second."""
        return self.answers / self.seconds

    def quantile(self, share: float) -> float:
        """A latency, in seconds."""
        return quantile(self.latencies, share) / 1e9
