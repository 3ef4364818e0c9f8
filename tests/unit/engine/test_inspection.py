"""Looking into the past: `history`, `state` and `outcome`, for tools and tests."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from actum import (
    Engine,
    EngineClosed,
    Invalid,
    MemoryLog,
    Process,
    ProcessEnded,
    ProcessFailed,
    ProcessStepped,
    StoreFull,
    react,
)
from actum import inspection as inspection_module

from tests.support.bank import Account, Deposit, DepositEach, Deposited, Glance, HeldAssessor, Note, Withdraw, open_bank
from tests.support.clocks import NEW_YEAR_NS, FakeClock
from tests.support.fragile import Fragile
from tests.support.fulfilment import (
    AddStock,
    CancelOrder,
    Fulfilment,
    Order,
    OrderPlaced,
    PlaceOrder,
    Stock,
    Wallet,
    open_shop,
)
from tests.support.logs import FaultyLog
from tests.support.scenes import scene, turns, until

SOME_ID = UUID("12345678-1234-4234-8234-123456789abc")


def deposit(amount: int, account_id: str = "ann") -> Deposit:
    """Money for Ann, or for somebody else."""
    return Deposit(account_id=account_id, amount=amount)


class TestHistory:
    """All durable records of one aggregate."""

    @scene
    async def test_everything_that_is_stored(self) -> None:
        """Event, key, version, position, link, time, and the five ids."""
        clock = FakeClock()
        async with Engine.open(MemoryLog(), Account, services=[HeldAssessor()], clock=clock) as bank:
            await bank.send(deposit(1, "bob"))
            await bank.send(deposit(5), command_id=SOME_ID, user_id="u", correlation_id="c", causation_id=SOME_ID)
            clock.advance(1)
            await bank.send(DepositEach(account_id="ann", amounts=[6, 7]))
            one, two, three = await bank.history(Account, "ann")
            assert (one.event, one.aggregate, one.key) == (Deposited(account_id="ann", amount=5), "Account", "ann")
            assert [(record.version, record.position, record.previous) for record in (one, two, three)] == [
                (1, 2, 0), (2, 3, 2), (3, 4, 3),
            ]  # fmt: skip
            assert [record.timestamp_ns - NEW_YEAR_NS for record in (one, two, three)] == [0, 10**9, 10**9]
            assert (one.command_id, one.user_id, one.correlation_id, one.causation_id) == (
                SOME_ID,
                "u",
                "c",
                str(SOME_ID),
            )
            assert two.command_id == three.command_id != one.command_id
            assert (two.user_id, two.correlation_id, two.causation_id) == (None, None, None)

    @scene
    async def test_of_nobody(self) -> None:
        """Empty, and nobody is woken."""
        async with open_bank() as bank:
            assert await bank.history(Account, "nobody") == []
            assert bank.statistics().awake == 0

    @scene
    async def test_a_long_one_gives_the_loop_its_turns(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Read in slices."""
        monkeypatch.setattr(inspection_module, "SLICE_RECORDS", 2)
        async with open_bank() as bank:
            await bank.send_many([deposit(number + 1) for number in range(20)])
            reading = asyncio.create_task(bank.history(Account, "ann"))
            count = 0
            while not reading.done():
                await asyncio.sleep(0)
                count += 1
            assert count >= 20
            assert [record.event.amount for record in await reading] == list(range(1, 21))  # type: ignore[attr-defined]

    @scene
    async def test_only_what_is_durable(self) -> None:
        """Not what is being committed, nor what gathers behind it; also while somebody decides."""
        log = FaultyLog(MemoryLog())
        async with open_bank(log) as bank:
            await bank.send(deposit(1))
            log.hold()
            first = asyncio.create_task(bank.send(deposit(2)))
            await until(log.arrived.is_set)
            second = asyncio.create_task(bank.send(deposit(3)))
            await turns(5)
            assert [record.version for record in await bank.history(Account, "ann")] == [1]
            assert (await bank.state(Account, "ann")).balance == 1
            log.hold()
            log.release()
            await asyncio.gather(first, second)
            assert (await bank.state(Account, "ann")).balance == 6


class TestState:
    """One aggregate's durable state."""

    @scene
    async def test_now_and_as_of_a_version(self) -> None:
        """Every version from 0, whoever is awake."""
        async with open_bank() as bank:
            await bank.send_many([deposit(1), deposit(10), Withdraw(account_id="ann", amount=3)])
            assert [(await bank.state(Account, "ann", version=version)).balance for version in range(4)] == [
                0,
                1,
                11,
                8,
            ]
            assert (await bank.state(Account, "ann")).balance == 8

    @scene
    async def test_a_version_that_does_not_exist(self) -> None:
        """The error says which there is."""
        async with open_bank() as bank:
            await bank.send(deposit(1))
            for version in (2, -1):
                with pytest.raises(Invalid, match=f"has no version {version}|version={version} is not a version"):
                    await bank.state(Account, "ann", version=version)

    @scene
    async def test_it_is_a_copy(self) -> None:
        """Changing it changes nothing."""
        async with open_bank() as bank:
            await bank.send(Note(account_id="ann", text="hello"))
            state = await bank.state(Account, "ann")
            state.notes.append("mine")
            state.balance = 1_000_000
            assert (await bank.state(Account, "ann")).notes == ["hello"]
            assert (await bank.send(Glance(account_id="ann"))).version == 1
            await bank.send(Note(account_id="ann", text="again"))
            assert (await bank.state(Account, "ann")).notes == ["hello", "again"]

    @scene
    async def test_of_nobody(self) -> None:
        """The state before the first event."""
        async with open_bank() as bank:
            assert await bank.state(Account, "nobody") == Account()

    @scene
    async def test_a_long_one_gives_the_loop_its_turns(self) -> None:
        """Replayed in slices."""
        async with open_bank(replay_slice_events=2) as bank:
            await bank.send_many([deposit(1)] * 20)
            reading = asyncio.create_task(bank.state(Account, "ann"))
            count = 0
            while not reading.done():
                await asyncio.sleep(0)
                count += 1
            assert count >= 10
            assert (await reading).balance == 20

    @scene
    async def test_of_an_unknown_class(self) -> None:
        """Named in the error, for all that take one."""
        async with open_bank() as bank:
            for call in (bank.state(Fragile, "a"), bank.history(Fragile, "a")):
                with pytest.raises(Invalid, match="Fragile.* is not an aggregate of this engine"):
                    await call
            with pytest.raises(Invalid, match="Fragile"):
                bank.release(Fragile, "a")


class TestOutcome:
    """What became of a command."""

    @scene
    async def test_its_receipt(self, tmp_path: Path) -> None:
        """The same as the first one, found anywhere in the log, also after reopening; by UUID or text."""
        store, some_id = tmp_path / "bank", uuid4()
        async with open_bank(store, frame_events_max=4) as bank:
            one = await bank.send(DepositEach(account_id="ann", amounts=[1, 2]), command_id="one")
            await bank.send_many([deposit(1, f"account-{number}") for number in range(20)])
            two = await bank.send(deposit(3, "bob"), command_id=some_id)
            await bank.send_many([deposit(1, f"account-{number}") for number in range(20)])
            assert await bank.outcome("one") == one
            assert await bank.outcome(str(some_id)) == two
        async with open_bank(store) as bank:
            assert await bank.outcome("one") == one
            assert await bank.outcome(some_id) == two
            assert bank.statistics().awake == 0

    @scene
    async def test_of_an_engine_made_id(self) -> None:
        """The receipt's id is enough."""
        async with open_bank() as bank:
            receipt = await bank.send(deposit(1))
            assert await bank.outcome(receipt.command_id) == receipt

    @scene
    async def test_none_for_what_wrote_nothing(self) -> None:
        """Never sent, rejected, or without events; also if the bytes of the id stand elsewhere in the log."""
        async with open_bank() as bank:
            await bank.send(Glance(account_id="ann"), command_id="glance")
            assert await bank.outcome("never") is None
            assert await bank.outcome("glance") is None
            text = SOME_ID.bytes.decode("latin-1")
            await bank.send(deposit(1), user_id="x", correlation_id=SOME_ID.hex)
            ascii_id = UUID(bytes=b"sixteen letters!")
            await bank.send(Note(account_id="ann", text=f"{text} sixteen letters! {SOME_ID}"))
            assert await bank.outcome(SOME_ID) is None
            assert await bank.outcome(ascii_id) is None

    @scene
    async def test_of_a_command_in_flight(self) -> None:
        """It waits for the commit, then tells; a commit that is lost wrote nothing."""
        log = FaultyLog(MemoryLog())
        async with open_bank(log) as bank:
            for error in (None, StoreFull("no space")):
                log.hold()
                if error is not None:
                    log.fail(error)
                paid = asyncio.create_task(bank.send(deposit(1), command_id=f"id-{error}"))
                await until(log.arrived.is_set)
                asking = asyncio.create_task(bank.outcome(f"id-{error}"))
                await turns(10)
                assert not asking.done()
                log.release()
                await asyncio.wait([paid, asking])
                if error is None:
                    assert asking.result() == paid.result()
                else:
                    assert isinstance(paid.exception(), StoreFull)
                    assert asking.result() is None

    @scene
    async def test_a_bad_id_is_invalid(self) -> None:
        """As in `send`."""
        async with open_bank() as bank:
            with pytest.raises(Invalid, match="command_id"):
                await bank.outcome("")


@scene
async def test_a_closed_engine_has_no_past() -> None:
    """Open it again to look."""
    async with open_bank() as bank:
        pass
    for call in (bank.history(Account, "ann"), bank.state(Account, "ann"), bank.outcome("one")):
        with pytest.raises(EngineClosed):
            await call


@scene
async def test_the_history_of_an_instance() -> None:
    """Its steps, with what it reacted to and sent; one that failed, and one that somebody ended, say so."""
    async with open_shop() as shop:
        await shop.send(AddStock(product_id="apple", quantity=10))
        placed = await shop.send(PlaceOrder(order_id="1", product_id="apple", quantity=3))
        await shop.send(PlaceOrder(order_id="2", product_id="buggy"))
        await idle(shop)
        await shop.cancel_process(Fulfilment, "2")
        cancelled = await shop.send(CancelOrder(order_id="1", reason="enough"))
        await idle(shop)
        assert shop.processes(Fulfilment) == []
        records = await shop.history(Fulfilment, "1")
        first, second = (record.event for record in records)
        assert isinstance(first, ProcessStepped)
        assert isinstance(second, ProcessStepped)
        assert (first.event, first.position, first.commands) == ("OrderPlaced", placed.position, ["ReserveStock"])
        assert (second.event, second.position, second.done) == ("OrderCancelled", cancelled.position, True)
        assert [record.version for record in records] == [1, 2]
        failed, ended = (record.event for record in await shop.history(Fulfilment, "2"))
        assert isinstance(failed, ProcessFailed)
        assert "a bug" in failed.reason
        assert isinstance(ended, ProcessEnded)
        assert await shop.history(Fulfilment, "3") == []


@scene
async def test_the_state_of_an_instance_as_of_any_version_or_moment(tmp_path: Path) -> None:
    """What each step has left, also when it is done, and in an engine that only reads."""
    clock = FakeClock()
    async with open_shop(tmp_path / "shop", clock=clock) as shop:
        await shop.send(AddStock(product_id="apple", quantity=10))
        await shop.send(PlaceOrder(order_id="1", product_id="apple", quantity=3))
        await shop.send(PlaceOrder(order_id="2", product_id="buggy"))
        await idle(shop)
        clock.advance(60)
        await shop.send(CancelOrder(order_id="1", reason="enough"))
        await idle(shop)
        await check_past(shop)
    async with Engine.open(tmp_path / "shop", Order, Stock, Wallet, Fulfilment, read_only=True) as shop:
        await check_past(shop)


async def check_past(shop: Engine) -> None:
    """Of two instances, and of one that never was."""
    assert await shop.state(Fulfilment, "1", version=0) == Fulfilment()
    assert (await shop.state(Fulfilment, "1", version=1)).quantity == 3
    assert await shop.state(Fulfilment, "1") == await shop.state(Fulfilment, "1", version=2)
    assert (await shop.state(Fulfilment, "1", at=datetime(2026, 1, 1, tzinfo=UTC))).quantity == 3
    assert await shop.state(Fulfilment, "1", at=datetime(2025, 1, 1, tzinfo=UTC)) == Fulfilment()
    assert await shop.state(Fulfilment, "2", version=1) == Fulfilment(), "a step that failed leaves nothing"
    assert await shop.state(Fulfilment, "nobody") == Fulfilment()
    with pytest.raises(Invalid, match="Fulfilment/1 has no version 3: it is at 2"):
        await shop.state(Fulfilment, "1", version=3)
    with pytest.raises(Invalid, match="version=-1 is not a version"):
        await shop.state(Fulfilment, "1", version=-1)
    with pytest.raises(Invalid, match="is not a process of this engine"):
        await shop.state(Other, "1")
    with pytest.raises(Invalid, match="key must not be empty"):
        await shop.history(Fulfilment, "")


class Other(Process, key="order_id"):
    """Not given to the engine."""

    order_id: str = ""

    @react(starts=True)
    def placed(self, event: OrderPlaced) -> None:
        """Nothing."""


class Retyped(Process, key="order_id", name="Fulfilment"):
    """A later version whose field has another type."""

    quantity: list[int] = []

    @react(starts=True)
    def placed(self, event: OrderPlaced) -> None:
        """Nothing."""


@scene
async def test_a_state_that_does_not_fit_the_class_is_refused() -> None:
    """With a sentence; the history is still there."""
    log = MemoryLog()
    async with open_shop(log) as shop:
        await shop.send(AddStock(product_id="apple", quantity=10))
        await shop.send(PlaceOrder(order_id="1", product_id="apple", quantity=3))
        await idle(shop)
    async with open_shop(log, Retyped) as shop:
        with pytest.raises(Invalid, match="the state of Fulfilment/1 at version 1 can't be read: Expected `array`"):
            await shop.state(Retyped, "1")
        assert len(await shop.history(Retyped, "1")) == 1


async def idle(shop: Engine) -> None:
    """Wait until the process has considered everything."""
    await until(lambda: all(not one.lag for one in shop.statistics().processes))
