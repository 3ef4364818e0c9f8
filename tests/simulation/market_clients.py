"""Who does what in the simulated market: one client after another thing, or a few things at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from actum import ActumError, Condition, Deadlines, Envelope, Invalid, Receipt, ViewBroken
from actum.processes.instances import Instances
from msgspec.structs import replace

from tests.simulation.market import POISON, BookSeat, Ledger, Reader, Sale, SeatBooked
from tests.simulation.market_promises import Attempt, Wake
from tests.support.fulfilment import AddStock, FillWallet, PayOrder, PlaceOrder, TakePayment

if TYPE_CHECKING:
    from tests.simulation.market_world import MarketWorld

PRODUCTS = ("apple", "pear")
WALLETS = ("ann", "bob", "cid")
SEATS = ("a", "b")


class MarketClients:
    """All clients of one life."""

    def __init__(self, world: MarketWorld, life: int) -> None:
        """Nobody has begun."""
        self._world = world
        self._random = world.random
        self._life = life
        self._number = 0
        self._busy: set[Attempt] = set()

    async def client(self, name: int) -> None:
        """Some things, one after the other or a few at a time."""
        random = self._random
        things = [
            self._order, self._order, self._pay, self._pay, self._transfer, self._transfer, self._book, self._book,
            self._supply, self._again, self._set_alarm, self._take_alarm_back, self._mend_process, self._mend_letter,
        ]  # fmt: skip
        for _ in range(random.randint(1, 8)):
            await asyncio.sleep(random.random() * random.choice([0.0, 0.001, 0.02, 1.0]))
            chosen = [random.choice(things)(f"client {name}") for _ in range(random.choice([1, 1, 1, 3]))]
            doing = [asyncio.create_task(thing) for thing in chosen]
            if random.random() < 0.15:
                await asyncio.sleep(random.random() * random.choice([0.0, 0.01]))
                doing[0].cancel()
            for result in await asyncio.gather(*doing, return_exceptions=True):
                if isinstance(result, Exception):
                    raise result

    async def helper(self) -> None:
        """Checkpoints, rebuilds, pauses and resets, whenever."""
        bank, random = self._world.bank, self._random
        while True:
            await asyncio.sleep(random.random() * 0.2)
            try:
                match random.randrange(6):
                    case 0:
                        await bank.rebuild(random.choice([Deadlines, Instances]))
                    case 1:
                        bank.subscription(random.choice([Reader, Ledger])).pause()
                    case 2 | 3:
                        for subscription in (Reader, Ledger):
                            bank.subscription(subscription).resume()
                    case _:
                        await bank.checkpoint()
            except (ActumError, ViewBroken):
                if not self._world.failed:
                    raise

    async def finish(self) -> None:
        """What is not known yet is tried until it is."""
        world = self._world
        for subscription in (Reader, Ledger):
            world.bank.subscription(subscription).resume()
        for attempt in world.promises.attempts.values():
            while not attempt.known:
                await self._send(attempt, "finish")
                await asyncio.sleep(0.05)
        for wake in world.promises.wakes.values():
            while not (wake.acknowledged or wake.cancelled):
                await world.wake(wake, 0.01)
                await asyncio.sleep(0.05)

    # What is sent, and sent again.

    def _new(self, *commands: Any, after: int | None = None) -> Attempt:
        """An attempt that nobody has made."""
        self._number += 1
        attempt = Attempt(f"{self._life}-{self._number}", commands, after)
        self._world.promises.attempts[attempt.name] = attempt
        return attempt

    async def _send(self, attempt: Attempt, who: str) -> None:
        """Send it, alone or as one."""
        if attempt not in self._busy:
            self._busy.add(attempt)
            attempt.known = await self._world.told(attempt, lambda: self._deliver(attempt), who) or attempt.known
            self._busy.discard(attempt)

    async def _deliver(self, attempt: Attempt) -> list[Receipt]:
        """What the engine answers."""
        bank, name = self._world.bank, attempt.name
        condition = None
        seats = {command.seat for command in attempt.commands if isinstance(command, BookSeat)}
        if attempt.after is not None:
            condition = Condition(events=[SeatBooked], tags={"seat": seats.pop()}, after=attempt.after)
        timeout = self._random.random() * 0.02 if self._world.strikes(0.1) else None
        if len(attempt.commands) == 1:
            (command,) = attempt.commands
            return [await bank.send(command, command_id=name, user_id=name, unless=condition, timeout=timeout)]
        envelopes = [
            Envelope(command=command, unless=condition if isinstance(command, BookSeat) else None)
            for command in map(replace, attempt.commands)
        ]
        return await bank.send_atomic(envelopes, command_id=name, user_id=name, timeout=timeout)

    async def _again(self, who: str) -> None:
        """Something that was sent before."""
        attempts = list(self._world.promises.attempts.values())
        if attempts:
            await self._send(self._random.choice(attempts[-20:]), who)

    # The market.

    async def _supply(self, who: str) -> None:
        """Goods, and money; some of it is such that it can't be read."""
        random = self._random
        wallet_id, amount = random.choice(WALLETS), random.choice([POISON, 5, 30])
        command: Any = FillWallet(wallet_id=wallet_id, amount=amount)
        if random.random() < 0.5:
            command = AddStock(product_id=random.choice(PRODUCTS), quantity=random.randint(1, 9))
        await self._send(self._new(command), who)

    async def _order(self, who: str) -> None:
        """Something is wanted; now and then more than there is, or something that the process can't handle."""
        random = self._random
        product_id = "cursed" if random.random() < 0.05 else random.choice(PRODUCTS)
        command = PlaceOrder(order_id=f"{self._life}-{self._number + 1}", product_id=product_id)
        await self._send(self._new(replace(command, quantity=random.randint(1, 4))), who)

    async def _pay(self, who: str) -> None:
        """An order is paid; perhaps too late, and perhaps by somebody who has nothing."""
        orders = list(self._world.log.courses)
        if orders:
            order_id = self._random.choice(orders[-5:])
            await self._send(self._new(PayOrder(order_id=order_id, wallet_id=self._random.choice(WALLETS))), who)

    async def _transfer(self, who: str) -> None:
        """Money goes from one to another, or to several, perhaps with a seat that it pays for."""
        random = self._random
        source, *targets = random.sample(WALLETS, random.choice([2, 2, 3]))
        amount = random.randint(1, 4)
        commands: list[Any] = [FillWallet(wallet_id=target, amount=amount) for target in targets]
        commands.insert(random.randint(0, 1), TakePayment(wallet_id=source, amount=amount * len(targets)))
        after = None
        if random.random() < 0.4:
            commands.insert(random.randint(0, 2), BookSeat(booking_id=source, seat=random.choice(SEATS)))
            after = self._after()
        await self._send(self._new(*commands, after=after), who)

    async def _book(self, who: str) -> None:
        """A seat is booked, unless somebody has it."""
        command = BookSeat(booking_id=self._random.choice(WALLETS), seat=self._random.choice(SEATS))
        await self._send(self._new(command, after=self._after()), who)

    def _after(self) -> int:
        """What is known already: mostly all, so that seats are booked again."""
        known = self._world.bank.statistics().position
        return known if self._random.random() < 0.8 else 0

    # What happens by itself.

    async def _set_alarm(self, who: str) -> None:
        """An alarm, soon or late; or one of which nobody knows whether it is set."""
        world, random = self._world, self._random
        unknown = [wake for wake in world.promises.wakes.values() if not (wake.acknowledged or wake.cancelled)]
        self._number += 1
        wake = Wake(f"{random.choice(['', '', 'mute '])}alarm {self._life}-{self._number}")
        if unknown and random.random() < 0.5:
            wake = random.choice(unknown)
        world.promises.wakes[wake.alarm_id] = wake
        del who
        await world.wake(wake, random.random() * random.choice([0.0, 0.01, 0.5, 30.0]))

    async def _take_alarm_back(self, who: str) -> None:
        """Perhaps too late."""
        set_alarms = [wake for wake in self._world.promises.wakes.values() if wake.acknowledged]
        del who
        if set_alarms:
            await self._world.unwake(self._random.choice(set_alarms[-5:]))

    async def _mend_process(self, who: str) -> None:
        """Have a process tried again that failed; or end one."""
        bank, random = self._world.bank, self._random
        instances = bank.processes(Sale)
        if not instances:
            return
        status = random.choice(instances)
        self._world.note(f"{who} mends {status.key}, {status.status}")
        try:
            if status.status == "failed" and random.random() < 0.8:
                await bank.retry_process(Sale, status.key)
            elif random.random() < 0.2:
                await bank.cancel_process(Sale, status.key)
        except Invalid:
            return  # somebody else did
        except ActumError as error:
            self._world.note(f"{who} gets {type(error).__name__}")

    async def _mend_letter(self, who: str) -> None:
        """Have a dead letter read again, or forget it."""
        world, random = self._world, self._random
        consumer = world.bank.subscription(random.choice([Reader, Ledger]))
        letters = consumer.dead_letters()
        if not letters:
            return
        position = random.choice(letters).position
        mended = world.readers.mended
        if random.random() < 0.7:
            mended.add(position)
        world.note(f"{who} mends {consumer.name} at {position}")
        try:
            if random.random() < 0.7:
                world.readers.retry(consumer.name, position)
                await consumer.retry(position)
            else:
                world.readers.drop(consumer.name, position)
                await consumer.drop(position)
        except Exception as error:  # noqa: BLE001  # whatever the handler raised
            world.note(f"{who} gets {type(error).__name__}")
        finally:
            mended.discard(position)
