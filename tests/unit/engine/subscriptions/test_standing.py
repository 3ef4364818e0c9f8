"""A subscription is stopped and begun again: by whom it may be asked, what becomes of a handler at work, who waits."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from actum import Engine, EngineClosed, Invalid, Record, Subscription, handle

from tests.support.bank import Deposit, Deposited, open_bank
from tests.support.scenes import in_time, scene, turns, until
from tests.support.subscribers import Journal, Watcher


class Holder:
    """Gives handlers their engine, which is there later than they are."""

    engine: Engine


@scene
async def test_a_reset_that_is_cancelled_leaves_it_at_work() -> None:
    """While its handler takes its time to be cancelled: when that has ended, the next task begins by itself."""
    tidying = asyncio.Event()
    begun: list[int] = []

    class Tidy(Subscription, name="tidy"):
        @handle
        async def deposited(self, event: Deposited, record: Record) -> None:
            begun.append(record.position)
            if len(begun) == 1:
                try:
                    await asyncio.sleep(3_600)
                finally:
                    await tidying.wait()

    async with open_bank(None, Tidy) as engine:
        await engine.send(Deposit(account_id="a", amount=1))
        await until(lambda: begun)
        resetting = asyncio.create_task(engine.subscription(Tidy).reset(0), name="resetting")
        await turns()
        resetting.cancel()
        await asyncio.gather(resetting, return_exceptions=True)
        await turns()
        assert begun == [1]
        tidying.set()
        await engine.subscription(Tidy).caught_up()
        assert begun == [1, 1]
        assert engine.subscription(Tidy).statistics().state == "live"


@scene
async def test_a_handler_that_swallows_cancellation_is_not_doubled() -> None:
    """A reset that it outlives is refused, and says why; nothing is handled beside it, and it goes on."""
    release = asyncio.Event()
    at_work: list[int] = []
    most: list[int] = []
    seen: list[int] = []

    class Stubborn(Subscription, name="stubborn"):
        @handle
        async def deposited(self, event: Deposited, record: Record) -> None:
            at_work.append(record.position)
            most.append(len(at_work))
            while not release.is_set():
                try:
                    await release.wait()
                except asyncio.CancelledError:
                    continue
            at_work.remove(record.position)
            seen.append(record.position)

    async with open_bank(None, Stubborn) as engine:
        stubborn = engine.subscription(Stubborn)
        for _ in range(3):
            await engine.send(Deposit(account_id="a", amount=1))
        await until(lambda: at_work)
        with pytest.raises(Invalid, match="stubborn stays where it was: its handler does not end when it is cancelled"):
            await stubborn.reset(0)
        release.set()
        await stubborn.caught_up()
        assert (seen, max(most)) == ([1, 2, 3], 1)
        await stubborn.reset(1)
        await stubborn.caught_up()
        assert (seen, max(most)) == ([1, 2, 3, 2, 3], 1)


@pytest.mark.parametrize("what", ["reset", "caught_up", "retry", "close"])
@scene
async def test_a_handler_does_not_wait_for_itself(what: str) -> None:
    """What would wait for the end of the handler that asks for it is refused, with a way out."""
    holder = Holder()
    failures: list[str] = []

    class Asking(Subscription, name="asking", retry_max=0):
        @handle
        async def deposited(self, event: Deposited, record: Record, holder: Holder) -> None:
            if event.amount == 1:
                raise ValueError("put this aside")
            asking = holder.engine.subscription(Asking)
            calls = {
                "reset": asking.reset,
                "caught_up": asking.caught_up,
                "retry": lambda: asking.retry(1),
                "close": holder.engine.close,
            }
            try:
                await calls[what]()
            except Invalid as error:
                failures.append(str(error))

    async with open_bank(None, Asking, services=[holder]) as holder.engine:
        await holder.engine.send(Deposit(account_id="a", amount=1))
        await holder.engine.send(Deposit(account_id="a", amount=2))
        await holder.engine.subscription(Asking).caught_up()
        assert failures == [
            f"a handler of subscription asking calls {what}, which waits for the handler: do it in a task of its own"
        ]


@pytest.mark.parametrize("on_failure", ["dead-letter", "stop"])
@scene
async def test_what_fails_because_of_closing_comes_again(on_failure: str, tmp_path: Path) -> None:
    """A handler that can't send its command any more is no reason to put its event aside, or to stop there."""
    holder, sent, free = Holder(), [], asyncio.Event()

    class Sending(Subscription, name="sending", retry_max=0, on_failure=on_failure):  # type: ignore[arg-type]
        @handle
        async def deposited(self, event: Deposited, holder: Holder) -> None:
            if event.account_id == "a":
                await free.wait()
                await holder.engine.send(Deposit(account_id="b", amount=1))
                sent.append(1)

    holder.engine = await open_bank(tmp_path, Sending, services=[holder])
    await holder.engine.send(Deposit(account_id="a", amount=1))
    await turns(50)
    closing = asyncio.create_task(holder.engine.close(), name="closing")
    await turns(5)
    free.set()
    await closing
    assert sent == []
    async with open_bank(tmp_path, Sending, services=[holder]) as holder.engine:
        await holder.engine.subscription(Sending).caught_up()
        assert (sent, holder.engine.subscription(Sending).dead_letters()) == ([1], [])


@scene
async def test_closing_waits_for_a_retry_too(tmp_path: Path) -> None:
    """Its handler ends and the dead letter is gone; if it takes too long, the retry says that it is still there."""
    journal = Journal()
    journal.faults = {1: 3}
    engine = await open_bank(tmp_path, Watcher, services=[journal])
    await engine.send(Deposit(account_id="a", amount=1))
    await engine.subscription(Watcher).caught_up()
    journal.free.clear()
    retrying = asyncio.create_task(engine.subscription(Watcher).retry(1), name="retrying")
    await in_time(lambda: len(journal.arrived) == 4)
    closing = asyncio.create_task(engine.close(), name="closing")
    await turns(50)
    assert not closing.done()
    journal.free.set()
    await asyncio.gather(retrying, closing)
    journal.free.clear()
    journal.faults = {2: 3}
    engine = await open_bank(tmp_path, Watcher, services=[journal], close_seconds_max=0.01)
    assert engine.subscription(Watcher).dead_letters() == []
    await engine.send(Deposit(account_id="a", amount=1))
    journal.free.set()
    await engine.subscription(Watcher).caught_up()
    journal.free.clear()
    retrying = asyncio.create_task(engine.subscription(Watcher).retry(2), name="retrying")
    await in_time(lambda: len(journal.arrived) == 8)
    await engine.close()
    journal.free.set()
    with pytest.raises(EngineClosed, match="watcher was closed; the dead letter at position 2 is still there"):
        await retrying
