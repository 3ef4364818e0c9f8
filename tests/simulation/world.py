"""One seed: an engine on virtual time and a simulated disk, clients that send, cancel, repeat and query, crashes.

Everything that happens is drawn from the seed and written into a trace. Along the way and at the end the history is
checked against the log: see `History`.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from hashlib import sha256
from random import Random
from typing import Any

from actum import (
    ActumError,
    Conflict,
    Engine,
    Options,
    OutcomeUnknown,
    Receipt,
    Rejected,
    StoreFailed,
)
from actum.catalogue import Catalogue
from actum.clock import TimeOrderedIds
from actum_storage import StoreFull

from tests.simulation.disk import Platter, SimulatedBackground, SimulatedStore
from tests.simulation.history import History
from tests.simulation.loop import StandstillError, VirtualLoop
from tests.support.bank import (
    Account,
    Activities,
    AllBalances,
    Balances,
    Deposit,
    DepositEach,
    Glance,
    Lend,
    Withdraw,
)

INCARNATIONS = 3
ACCOUNTS = 3
#: Virtual seconds after which somebody waits for ever.
SECONDS_MAX = 600.0
NEW_YEAR_NS = 1_767_225_600_000_000_000


class VirtualClock:
    """The loop's time."""

    def __init__(self, loop: VirtualLoop, started_ns: int) -> None:
        """Count from a moment."""
        self._loop = loop
        self._started_ns = started_ns

    def now_ns(self) -> int:
        """See `Clock.now_ns`."""
        return self._started_ns + int(self._loop.time() * 1e9)

    def monotonic_ns(self) -> int:
        """See `Clock.monotonic_ns`."""
        return int(self._loop.time() * 1e9)


class SlowAssessor:
    """Approves loans after some virtual time, or does not.

    Attributes:
        random: the world's.
    """

    random = Random(0)

    async def approves(self, account_id: str, amount: int) -> bool:
        """Wait, then say."""
        del account_id, amount
        await asyncio.sleep(self.random.random() * 0.05)
        return self.random.random() < 0.7


#: Reading the classes takes longer than a world's whole life: they are read once.
ASSESSOR = SlowAssessor()
CATALOGUE = Catalogue.build([Account, Balances, Activities], [ASSESSOR])


class World:
    """One seed's world.

    Attributes:
        trace: what happened, in order.
        faults: promises that did not hold.
    """

    def __init__(self, seed: int) -> None:
        """Nothing has happened yet."""
        self.trace: list[str] = []
        self.faults: list[str] = []
        self._random = Random(seed)
        self._platter = Platter()
        self._history = History(self._platter.log, self.faults)
        self._loop: VirtualLoop | None = None
        self._sent = 0

    def note(self, what: str) -> None:
        """Something happened."""
        now = 0.0 if self._loop is None else self._loop.time()
        self.trace.append(f"{now:10.6f} {what}")

    @property
    def digest(self) -> str:
        """A hash of everything that happened."""
        return sha256("\n".join([*self.trace, *self.faults]).encode()).hexdigest()

    def run(self) -> None:
        """Live, crash, live again; the last life ends well."""
        for incarnation in range(INCARNATIONS):
            last = incarnation == INCARNATIONS - 1
            self._live(
                incarnation, crashes=not last, troubles=0.0 if last else self._random.choice([0.0, 0.0, 0.1, 0.3])
            )
            if self.faults:
                return

    def _live(self, incarnation: int, *, crashes: bool, troubles: float) -> None:
        """One incarnation."""
        loop = self._loop = VirtualLoop()
        self.note(f"incarnation {incarnation}")
        if crashes and self._random.random() < 0.8:
            loop.call_later(self._random.random() * self._random.choice([0.01, 0.1, 0.5]), loop.stop)
        loop.call_later(SECONDS_MAX, loop.stop)
        main = loop.create_task(self._main(incarnation, troubles))
        try:
            loop.run_until_complete(main)
        except StandstillError:
            self.faults.append("everybody waits for ever")
        except RuntimeError as error:
            if "stopped before Future completed" not in str(error):
                self.faults.append(f"raised {error!r}")
            elif loop.time() >= SECONDS_MAX:
                self.faults.append("somebody waits for ever")
            self.note("crash")
        except Exception as error:  # noqa: BLE001  # whatever it is, it is a fault of the engine
            self.faults.append(f"raised {error!r}")
        loop.abandon()

    def _options(self) -> Options:
        """Limits, near in some lives."""
        choice = self._random.choice
        return Options(
            gc_policy="none",
            mailbox_size_max=choice([2, 100]),
            commands_pending_max=choice([4, 1000]),
            turn_commands_max=choice([1, 4, 1024]),
            frame_events_max=choice([3, 8192]),
            actors_max=choice([1, 2, 100]),
            passivate_seconds=choice([1.0, 300.0]),
            snapshot_events_min=choice([1, 16]),
            snapshot_events_max=choice([2, 1000]),
            checkpoint_events_min=1,
            checkpoint_seconds=choice([1.0, 60.0]),
            checkpoint_deltas_ratio_max=choice([0.01, 100.0]),
            replay_slice_events=choice([1, 1000]),
            dedup_commands_max=1000,
        )

    async def _main(self, incarnation: int, troubles: float) -> None:
        """Open, let everybody do something, close, and look whether anything is left."""
        random, loop = self._random, self._loop
        assert loop is not None
        ASSESSOR.random = random
        bank = Engine(
            SimulatedStore(self._platter, random, troubles, self.note),
            CATALOGUE,
            (),
            self._options(),
            VirtualClock(loop, NEW_YEAR_NS + incarnation * 10**12),
            TimeOrderedIds(random.randrange(1 << 30)),
            SimulatedBackground(loop, random, random.choice([0.0001, 0.01, 0.05])),
            read_only=False,
        )
        async with bank:
            await self._history.check_opened(bank)
            clients = [loop.create_task(self._client(bank, name)) for name in range(random.randint(1, 5))]
            helpers = [loop.create_task(self._helper(bank))]
            await asyncio.gather(*clients)
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            if bank.statistics().state != "failed":
                await self._history.check_rest(bank)
        self._history.check_closed(bank)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        if left:
            self.faults.append(f"tasks are left: {left}")

    async def _helper(self, bank: Engine) -> None:
        """Checkpoints and rebuilds, whenever."""
        while True:
            await asyncio.sleep(self._random.random() * 0.1)
            if self._random.random() < 0.8:
                self.note(f"checkpoint: {await bank.checkpoint()}")
            else:
                try:
                    await bank.rebuild(Balances)
                except (StoreFailed, OutcomeUnknown):
                    return

    async def _client(self, bank: Engine, name: int) -> None:
        """Some commands and queries, one after the other or a few at a time."""
        random = self._random
        for _ in range(random.randint(1, 8)):
            await asyncio.sleep(random.random() * random.choice([0.0, 0.001, 0.02]))
            self._query(bank)
            sending = [asyncio.create_task(self._send(bank, name)) for _ in range(random.choice([1, 1, 1, 3, 6]))]
            if random.random() < 0.2:
                await asyncio.sleep(random.random() * 0.01)
                random.choice(sending).cancel()
            await asyncio.gather(*sending, return_exceptions=True)

    def _command(self) -> tuple[Any, str | None]:
        """A new command with or without an id, or one that was sent before."""
        random = self._random
        if self._history.sent and random.random() < 0.15:
            identity = random.choice(list(self._history.sent)[-8:])
            return self._history.sent[identity], identity
        key = f"a-{random.randrange(ACCOUNTS)}"
        self._sent += 1
        amount = random.randint(1, 50)
        make: list[Callable[[], Any]] = [
            lambda: Deposit(account_id=key, amount=amount),
            lambda: DepositEach(account_id=key, amounts=[amount, 1, 2][: random.randint(1, 3)]),
            lambda: Withdraw(account_id=key, amount=amount),
            lambda: Withdraw(account_id=key, amount=10 * amount),
            lambda: Glance(account_id=key),
            lambda: Lend(account_id=key, amount=amount),
        ]
        command = random.choice(make)()
        if random.random() < 0.2:
            return command, None
        self._history.sent[f"command {self._sent}"] = command
        return command, f"command {self._sent}"

    async def _send(self, bank: Engine, name: int) -> None:
        """Send one command and check what comes back."""
        random, history = self._random, self._history
        command, identity = self._command()
        expected = random.randrange(6) if random.random() < 0.1 else None
        timeout = random.random() * 0.02 if random.random() < 0.1 else None
        self.note(f"client {name} sends {identity} {command!r} expecting {expected}")
        before = history.started(command, identity)
        try:
            receipt = await bank.send(command, command_id=identity, expected_version=expected, timeout=timeout)
        except asyncio.CancelledError:
            self.note(f"client {name} gives up {identity}")
            raise
        except ActumError as error:
            self.note(f"client {name} gets {identity} {type(error).__name__} {error}")
            if isinstance(error, Rejected):
                history.check_rejected(command, str(error), before)
            elif isinstance(error, Conflict):
                history.check_conflict(command, error, before)
            elif not isinstance(error, (StoreFull, StoreFailed, OutcomeUnknown)):
                pass  # overloaded, timed out, failed: nothing is promised but that it is whole or not at all
        else:
            self._receipt(bank, command, identity, expected, receipt)

    def _receipt(
        self, bank: Engine, command: Any, identity: str | None, expected: int | None, receipt: Receipt
    ) -> None:
        """A receipt: what it says is in the log already, and every view shows it."""
        self.note(f"gets {identity} version {receipt.version} position {receipt.position}")
        self._history.check_receipt(command, identity, expected, receipt)
        if bank.statistics().position < receipt.position:
            self.faults.append(f"{identity}: a receipt of position {receipt.position} before it is durable")
        self._query(bank)

    def _query(self, bank: Engine) -> None:
        """The views are what the log says up to their position, and never go back."""
        core = bank._core
        assert core is not None
        self._history.check_views(core.views["Balances"].position, core.bus.answer(AllBalances()))


def run_seed(seed: int) -> World:
    """One world, at its end. For processes of their own: logging and complaints about what a crash left are off."""
    logging.disable(logging.CRITICAL)
    sys.unraisablehook = lambda _complaint: None
    world = World(seed)
    world.run()
    return world
