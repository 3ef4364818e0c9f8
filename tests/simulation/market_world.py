"""The simulated market: what follows from events, and what happens by itself, under crashes and failing disks.

Clients order and pay, transfer money as one, book seats on a condition, set alarms and take them back; a process
fulfils the orders; two subscriptions read along, and fail now and then. All of it is drawn from the seed. What lies in
the log is checked along the way, and at the end, when everything has come to rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from actum import (
    ActumError,
    CommandFailed,
    Conflict,
    Deadlines,
    Engine,
    Invalid,
    Options,
    OutcomeUnknown,
    Overloaded,
    Rejected,
    StoreFailed,
)
from actum.clock import TimeOrderedIds
from actum.processes.instances import Instances
from actum_storage import StorageError, StoreFull

from tests.simulation.audit import core_of
from tests.simulation.disk import SimulatedBackground, SimulatedStore
from tests.simulation.history import NEW_YEAR_NS
from tests.simulation.lives import Lives, VirtualClock, lived
from tests.simulation.market import CATALOGUE, WITNESS, Books, BuggyHandler, Ledger, Reader, Ring, Sale
from tests.simulation.market_clients import MarketClients
from tests.simulation.market_disk import simulated_subscriptions
from tests.simulation.market_log import MarketLog
from tests.simulation.market_promises import Attempt, Promises, Wake
from tests.simulation.market_readers import Readers

#: What says, at a first try, that nothing was written; at a later one it says that of this try alone.
NOTHING_NOW = (Overloaded, StoreFull, StoreFailed)
#: What says so at any try.
NOTHING = (Rejected, Conflict, Invalid, CommandFailed)
#: What can't be helped while disks fail.
TROUBLE = (*NOTHING_NOW, OutcomeUnknown, StorageError)


class MarketWorld(Lives):
    """One seed's market.

    Attributes:
        log: what the log says.
        promises: what was sent by hand.
        readers: what subscriptions have seen.
        bank: the engine of this life.
        calm: whether nothing goes wrong any more.
    """

    crash_seconds: tuple[float, ...] = (0.01, 0.1, 1.0, 10.0)
    bank: Engine

    def __init__(self, seed: int) -> None:
        """Nothing has happened yet."""
        super().__init__(seed)
        self.promises = Promises(self.faults)
        self.log = MarketLog(self.platter.log, self.faults, self.promises.take)
        self.readers = Readers(self.platter, self.log, self.faults)
        self.calm = False
        self._started_ns = NEW_YEAR_NS

    # What the market's classes ask for.

    def strikes(self, chance: float) -> bool:
        """See `Circumstances`."""
        return not self.calm and self.random.random() < chance

    async def read(self, name: str, position: int, *, poisoned: bool) -> None:
        """See `Circumstances`."""
        self.note(f"{name} is given {position}")
        self.readers.comes(name, position)
        await asyncio.sleep(self.random.random() * self.random.choice([0.0, 0.001, 0.01]))
        if self.strikes(0.1) or (poisoned and position not in self.readers.mended):
            self.readers.failed(name, position)
            raise BuggyHandler
        self.readers.handled(name, position)

    async def wrote(self, entry: Books) -> None:
        """See `Circumstances`."""
        await asyncio.sleep(self.random.random() * 0.005)
        if self.strikes(0.05):
            raise BuggyHandler
        self.note(f"the ledger stands at {entry.bookmark} with {entry.entries}")
        self.readers.wrote(entry)
        await asyncio.sleep(self.random.random() * 0.005)
        if self.strikes(0.05):
            raise BuggyHandler

    def kept(self) -> Books:
        """See `Circumstances`."""
        return self.readers.books

    # A life.

    def run(self) -> None:
        """See `Lives.run`."""
        with simulated_subscriptions(self.platter, self.random):
            super().run()

    def _options(self) -> Options:
        """Limits, near in some lives."""
        choice = self.random.choice
        return Options(
            gc_policy="none",
            mailbox_size_max=choice([2, 100]),
            commands_pending_max=choice([12, 1000]),
            turn_commands_max=choice([1, 4, 1024]),
            frame_events_max=choice([12, 8192]),
            actors_max=choice([1, 4, 100]),
            snapshot_events_min=choice([1, 16]),
            snapshot_events_max=choice([2, 1000]),
            checkpoint_events_min=1,
            checkpoint_seconds=choice([1.0, 60.0]),
            checkpoint_deltas_ratio_max=choice([0.01, 100.0]),
            replay_slice_events=choice([1, 3, 1000]),
            dedup_commands_max=1000,
            deadlines_pending_max=choice([3, 1000]),
        )

    def _engine(self, troubles: float) -> Engine:
        """An engine on what the crash before has left."""
        random, loop = self.random, self.loop
        return Engine(
            SimulatedStore(self.platter, random, troubles, self.note),
            CATALOGUE,
            (),
            self._options(),
            VirtualClock(loop, self._started_ns),
            TimeOrderedIds(random.randrange(1 << 30)),
            SimulatedBackground(loop, random, random.choice([0.0001, 0.01, 0.05])),
            read_only=False,
        )

    async def main(self, incarnation: int, troubles: float) -> None:
        """Open, let everybody do something, close; the last life ends when all has come to rest."""
        WITNESS.world = self
        self.readers.begin()
        last = incarnation == 2  # the third
        self.calm = False
        self.bank = self._engine(troubles)
        try:
            await self._open(incarnation, last=last)
        except TROUBLE:
            if not troubles:
                raise
        self.log.read()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        if left:
            self.faults.append(f"tasks are left: {left}")
        self._started_ns += int(self.loop.time() * 1e9)

    async def _open(self, incarnation: int, *, last: bool) -> None:
        """Between open and close."""
        async with self.bank as bank:
            self.log.read()
            clients = MarketClients(self, incarnation)
            working = [self.loop.create_task(clients.client(name)) for name in range(self.random.randint(1, 4))]
            helping = self.loop.create_task(clients.helper())
            await asyncio.gather(*working)
            helping.cancel()
            await asyncio.gather(helping, return_exceptions=True)
            if last:
                await self._come_to_rest(clients)
            else:
                await asyncio.sleep(self.random.random() * self.random.choice([0.0, 0.1, 5.0]))
            if not self.failed:
                self._look_for_failures(bank)

    @property
    def failed(self) -> bool:
        """Whether the store has failed; the engine may learn of it later."""
        log: Any = core_of(self.bank).log
        return bool(log.failed)

    def _look_for_failures(self, bank: Engine) -> None:
        """What works in the background works, as long as the store does."""
        figures = bank.statistics()
        failures = [figures.deadlines and figures.deadlines.failure, *(one.failure for one in figures.processes)]
        if figures.state != "failed" and any(failures):
            self.faults.append(f"stopped, although the store works: {failures}")
        for view in figures.views:
            if view.state == "failed":
                self.faults.append(f"the view {view.name} is broken: {view}")

    async def _come_to_rest(self, clients: MarketClients) -> None:
        """Nothing goes wrong any more: everything ends, and is what was promised."""
        bank, self.calm = self.bank, True
        await clients.finish()
        while True:
            for status in bank.processes(Sale, status="failed"):
                if status.state.product_id == "cursed" or not status.position:
                    await bank.cancel_process(Sale, status.key)
                else:
                    await bank.retry_process(Sale, status.key)
            figures = bank.statistics()
            assert figures.deadlines is not None
            if not figures.deadlines.pending and not figures.processes[0].lag and not bank.processes(Sale):
                break
            await asyncio.sleep(0.5)
        for subscription in (Reader, Ledger):
            await bank.subscription(subscription).caught_up()
        for view in (Deadlines, Instances):
            differences = await bank.verify_view(view)
            if not differences.ok:
                self.faults.append(f"{view.__name__} is not what a rebuild gives: {differences}")
        self.log.check_end()
        self.readers.check_end()
        states = {key: deadline.state for key, deadline in self.log.deadlines.items()}
        self.promises.check_end(states, self.log.rang)

    # What clients do.

    async def told(self, attempt: Attempt, send: Callable[[], Awaitable[Any]], what: str) -> bool:
        """Send, and check what comes back; whether it is known now what became of it."""
        attempt.tries += 1
        self.note(f"{what} sends {attempt.name} {attempt.commands}")
        try:
            receipts = await send()
        except asyncio.CancelledError:
            self.note(f"{what} gives up {attempt.name}")
            return False
        except ActumError as error:
            self.note(f"{what} gets {attempt.name} {type(error).__name__} {error}")
            self.log.read()
            if isinstance(error, NOTHING) or (isinstance(error, NOTHING_NOW) and attempt.tries == 1):
                self.promises.nothing(attempt, error)
            return isinstance(error, NOTHING)
        self.note(f"{what} gets {attempt.name} {receipts}")
        self.log.read()
        self.promises.receipts(attempt, receipts)
        return True

    async def wake(self, wake: Wake, after: float) -> None:
        """Set an alarm, and note what is known of it."""
        self.note(f"alarm {wake.alarm_id} after {after}")
        try:
            deadline = await self.bank.schedule(Ring(alarm_id=wake.alarm_id), after=after, deadline_id=wake.alarm_id)
        except Rejected:  # the first time was acknowledged by nobody, and it has fired since
            wake.acknowledged = True
        except ActumError as error:
            self.note(f"alarm {wake.alarm_id} gets {type(error).__name__}")
        else:
            wake.acknowledged = True
            self.log.read()
            there = self.log.deadlines.get(wake.alarm_id)
            if there is None or there.number < deadline.number:
                self.faults.append(f"{deadline!r} was acknowledged, and the log has {there}")

    async def unwake(self, wake: Wake) -> None:
        """Take an alarm back, and note what is known of it."""
        doubtful, wake.doubtful = wake.doubtful, True
        self.note(f"alarm {wake.alarm_id} is taken back")
        try:
            if await self.bank.cancel(wake.alarm_id):
                wake.cancelled = True
        except ActumError:
            return
        wake.doubtful = doubtful and not wake.cancelled


def run_market(seed: int) -> MarketWorld:
    """One market, at its end. For processes of their own."""
    return lived(MarketWorld(seed))
