"""One seed: an engine on virtual time and a simulated disk, clients that send, cancel, repeat and query, crashes.

Everything that happens is drawn from the seed and written into a trace. Along the way and at the end the history is
checked against the log: see `History`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from actum import (
    ActumError,
    CommandTimeout,
    Engine,
    Options,
    OutcomeUnknown,
    Overloaded,
    Reentrant,
    StoreCorrupt,
    StoreFailed,
)
from actum.atomic.waits import DECIDING
from actum.clock import TimeOrderedIds
from actum.kinds.catalogue import Catalogue
from actum_storage import StoreFull
from msgspec.structs import replace

from tests.simulation.audit import Audit
from tests.simulation.disk import SimulatedBackground, SimulatedStore
from tests.simulation.history import LIFE_NS, NEW_YEAR_NS, History, Try
from tests.simulation.lives import Lives, VirtualClock, lived
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
    WithdrawAll,
)

ACCOUNTS = 3


class ServiceError(Exception):
    """The assessor has a bug."""


class SlowAssessor:
    """Approves loans after some virtual time, or does not, or fails; on the way it may ask the bank something itself.

    Attributes:
        world: whose accounts they are.
    """

    world: World

    async def approves(self, account_id: str, amount: int) -> bool:
        """Wait, then say."""
        del amount
        random = self.world.random
        await asyncio.sleep(random.random() * 0.05)
        chance = random.random()
        if chance < 0.2:
            await self.world.look_from_within(account_id)
        if chance > 0.9:
            raise ServiceError
        approved = random.random() < 0.8
        if approved:
            decision = DECIDING.get()
            assert decision is not None
            self.world.history.approved(decision[1][0])
        return approved


#: Reading the classes takes longer than a world's whole life: they are read once.
ASSESSOR = SlowAssessor()
CATALOGUE = Catalogue.build([Account, Balances, Activities], [ASSESSOR])


class World(Lives):
    """One seed's world.

    Attributes:
        history: what was sent and told.
    """

    def __init__(self, seed: int) -> None:
        """Nothing has happened yet."""
        super().__init__(seed)
        self.history = History(self.platter.log, self.faults)
        self._sent = 0
        self._tries = 0
        self._ahead = False

    def _options(self) -> Options:
        """Limits, near in some lives."""
        choice = self.random.choice
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
            dedup_commands_max=choice([2, 5, 1000]),
            ask_after_seconds_max=choice([0.01, 0.2]),
        )

    def _engine(self, incarnation: int, options: Options, troubles: float) -> Engine:
        """An engine on what the crash before has left."""
        random, loop = self.random, self.loop
        return Engine(
            SimulatedStore(self.platter, random, troubles, self.note),
            CATALOGUE,
            (),
            options,
            VirtualClock(loop, NEW_YEAR_NS + incarnation * LIFE_NS),
            TimeOrderedIds(random.randrange(1 << 30)),
            SimulatedBackground(loop, random, random.choice([0.0001, 0.01, 0.05])),
            read_only=False,
        )

    async def main(self, incarnation: int, troubles: float) -> None:
        """Open, let everybody do something, close, and look whether anything is left."""
        random, loop, options = self.random, self.loop, self._options()
        ASSESSOR.world = self
        self.history.begin(options)
        if self._ahead:  # a crash came before they were thrown away
            self.platter.checkpoints = []
            self._ahead = False
        if self.platter.checkpoints and random.random() < 0.2:
            await self._open_mislabelled(incarnation, options)
        self._bank = bank = self._engine(incarnation, options, troubles)
        async with bank:
            self._audit = audit = Audit(bank, self.history, random, self.faults)
            await audit.opened()
            clients = [loop.create_task(self._client(name)) for name in range(random.randint(1, 5))]
            helpers = [loop.create_task(self._helper(bank))]
            await asyncio.gather(*clients)
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            try:
                await audit.at_rest()
            except (StoreFailed, OutcomeUnknown):
                if not audit.failed:
                    raise
        audit.closed()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        if left:
            self.faults.append(f"tasks are left: {left}")

    async def _open_mislabelled(self, incarnation: int, options: Options) -> None:
        """Somebody has exchanged the log or the checkpoints: what is ahead of the log is refused, the rest ignored."""
        label = self.platter.mislabel(self.random)
        self.note(f"the checkpoints are of another log: {label}")
        if label != "ahead":
            return
        self._ahead = True
        try:
            async with self._engine(incarnation, options, 0.0):
                self.faults.append("a checkpoint ahead of the log was taken")
        except StoreCorrupt:
            self.platter.checkpoints = []
            self._ahead = False

    async def _helper(self, bank: Engine) -> None:
        """Checkpoints and rebuilds, whenever."""
        while True:
            await asyncio.sleep(self.random.random() * 0.1)
            if self.random.random() < 0.8:
                self.note(f"checkpoint: {await bank.checkpoint()}")
            else:
                try:
                    await bank.rebuild(Balances)
                except (StoreFailed, OutcomeUnknown):
                    return

    async def _client(self, name: int) -> None:
        """Some commands and questions, one after the other or a few at a time."""
        random = self.random
        for _ in range(random.randint(1, 8)):
            await asyncio.sleep(random.random() * random.choice([0.0, 0.001, 0.02]))
            self._audit.views()
            tries = [self._try() for _ in range(random.choice([1, 1, 1, 3, 6]))]
            sending = [asyncio.create_task(self._send(attempt, name)) for attempt in tries]
            asking = [asyncio.create_task(self._ask())] if random.random() < 0.15 else []
            if random.random() < 0.25:
                await asyncio.sleep(random.random() * random.choice([0.0, 0.01]))
                self._give_up(random.randrange(len(tries)), tries, sending)
            if random.random() < 0.1:
                await self._audit.outcome(random.choice([*self.history.sent, "never sent"]))
            await asyncio.gather(*sending, *asking)

    def _give_up(self, chosen: int, tries: list[Try], sending: list[asyncio.Task[None]]) -> None:
        """Cancel a caller; a command that was not taken yet, or not even sent, is dropped whole."""
        attempt, caller = tries[chosen], sending[chosen]
        if not caller.done() and (not attempt.sent_ns or self._audit.is_waiting(attempt.command)):
            self.history.has_no_effect(attempt, "its caller had given up")
        caller.cancel()

    async def _ask(self) -> None:
        """Ask for a time to come, or look at the past."""
        bank, random = self._bank, self.random
        if random.random() < 0.3:
            await self._audit.past(f"a-{random.randrange(ACCOUNTS)}")
            return
        position = bank.statistics().position + random.randint(1, 4)
        try:
            await bank.ask(AllBalances(), after=position)
        except CommandTimeout:
            return
        self._audit.views()
        if bank.statistics().position < position:
            self.faults.append(f"an answer as of {bank.statistics().position}, wanted was one after {position}")

    def _try(self) -> Try:
        """A new command with or without an id, or one that was sent before."""
        random, history = self.random, self.history
        identity: str | None
        self._tries += 1
        if history.sent and random.random() < 0.2:
            identity, command = random.choice(list(history.sent.items())[random.choice([-3, -8, -60]) :])
        else:
            self._sent += 1
            command = self._command(f"a-{random.randrange(ACCOUNTS)}", random.randint(1, 50))
            identity = f"command {self._sent}" if random.random() < 0.8 else None
            if identity is None and random.random() < 0.5 and not isinstance(command, WithdrawAll):
                return Try(command)
            if identity is not None:
                history.sent[identity] = command
        return Try(
            replace(command),
            identity,
            f"user {self._tries}",
            random.choice([None, f"correlation {self._tries}"]),
            random.choice([None, f"causation {self._tries}"]),
            random.randrange(6) if random.random() < 0.1 else None,
        )

    def _command(self, key: str, amount: int) -> Any:
        """Any command, now and then one with an amount that is refused, or is none."""
        random = self.random
        amounts: list[Any] = [amount, 1, 2][: random.randint(1, 3)]
        if random.random() < 0.1:
            amounts.append(random.choice([0, "much"]))
        make: list[Callable[[], Any]] = [
            lambda: Deposit(account_id=key, amount=amount),
            lambda: DepositEach(account_id=key, amounts=amounts),
            lambda: Withdraw(account_id=key, amount=amount),
            lambda: Withdraw(account_id=key, amount=10 * amount),
            lambda: Glance(account_id=key),
            lambda: Lend(account_id=key, amount=amount),
            lambda: WithdrawAll(account_id=key),
        ]
        return random.choice(make)()

    async def _send(self, attempt: Try, name: int) -> None:
        """Send one command and check what comes back."""
        bank, loop, history, audit = self._bank, self.loop, self.history, self._audit
        timeout = self.random.random() * 0.02 if self.random.random() < 0.1 else None
        audit.limits()
        self.note(f"client {name} sends {attempt.identity} {attempt.command!r} expecting {attempt.expected}")
        history.started(attempt, NEW_YEAR_NS + attempt.life * LIFE_NS + int(loop.time() * 1e9))
        try:
            receipt = await bank.send(
                attempt.command,
                command_id=attempt.identity,
                user_id=attempt.user_id,
                correlation_id=attempt.correlation_id,
                causation_id=attempt.causation_id,
                expected_version=attempt.expected,
                timeout=timeout,
            )
        except asyncio.CancelledError:
            self.note(f"client {name} gives up {attempt.identity}")
        except ActumError as error:
            self.note(f"client {name} gets {attempt.identity} {type(error).__name__} {error}")
            history.check_error(attempt, error, failed=audit.failed)
            if isinstance(error, Overloaded) and not audit.is_full(attempt.command.account_id):
                self.faults.append(f"{attempt} was refused, although there was room: {error}")
        else:
            self.note(f"client {name} gets {attempt.identity} version {receipt.version} position {receipt.position}")
            history.check_receipt(attempt, receipt)
            if bank.statistics().position < receipt.position:
                self.faults.append(f"a receipt of position {receipt.position} before it is durable: {attempt}")
            audit.views()

    async def look_from_within(self, account_id: str) -> None:
        """A decision sends a command; to its own account it would wait for itself, which has to be refused."""
        key = f"a-{self.random.randrange(ACCOUNTS)}"
        try:
            await self._bank.send(Glance(account_id=key))
        except (Reentrant, Overloaded, StoreFull, StoreFailed, OutcomeUnknown) as error:
            self.note(f"a decision of {account_id} that looks at {key} gets {type(error).__name__}")
        else:
            if key == account_id:
                self.faults.append(f"a decision of {account_id} looked at itself")


def run_seed(seed: int) -> World:
    """One world, at its end. For processes of their own."""
    return lived(World(seed))
