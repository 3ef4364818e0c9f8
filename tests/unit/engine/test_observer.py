"""What an observer is told: by one that is none of OpenTelemetry's, and writes down what it hears."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from actum import CommandFailed, Engine, Envelope, MemoryLog, Options, Receipt
from actum.observer import Committed, Delivering, Firing, Handling, Stepping
from msgspec.structs import replace

from tests.support.bank import Account, Balances, Deposit, DepositEach, HeldAssessor
from tests.support.clocks import FakeClock
from tests.support.fulfilment import Fulfilment, Order, PlaceOrder, Stock, Wallet
from tests.support.scenes import in_time, scene, until
from tests.support.subscribers import Journal, Watcher

if TYPE_CHECKING:
    from collections.abc import Iterator

    from actum.middleware import Send
    from actum.observer import Work

OPTIONS = Options(gate_seconds=0.0005, gc_policy="none", durability="relaxed", ballast_bytes=0)
TRACEPARENT = "00-000000000000000000000000000000a1-00000000000000b2-01"


class Notebook:
    """An observer.

    Attributes:
        begun: all work, in the order in which it began.
        under_way: what has begun and not ended.
        failures: what was raised.
    """

    def __init__(self) -> None:
        """Nothing heard."""
        self.begun: list[Work] = []
        self.under_way: list[Work] = []
        self.failures: list[BaseException] = []

    async def send(self, envelope: Envelope, send: Send, /) -> Receipt:
        """Give every command a trace."""
        return await send(replace(envelope, traceparent=TRACEPARENT))

    @contextmanager
    def during(self, work: Work, /) -> Iterator[None]:
        """Write it down."""
        self.begun.append(work)
        self.under_way.append(work)
        try:
            yield
        finally:
            self.under_way.remove(work)

    def failed(self, error: BaseException, /) -> None:
        """Write it down."""
        self.failures.append(error)

    def traceparent(self) -> str:
        """Always the same."""
        return TRACEPARENT

    def of(self, kind: type[Work]) -> list[Work]:
        """Work of one kind."""
        return [work for work in self.begun if isinstance(work, kind)]


@scene
async def test_commits_and_deliveries() -> None:
    """What they hold, and that they end; what is stored of the trace, views and subscriptions see in the record."""
    notebook, journal = Notebook(), Journal()
    async with Engine.open(
        MemoryLog(), Account, Balances, Watcher, services=[HeldAssessor(), journal], observer=notebook, options=OPTIONS
    ) as bank:
        await bank.send(DepositEach(account_id="ann", amounts=[1, 2]))
        await in_time(lambda: len(journal.seen) == 2)
        await bank.subscription(Watcher).caught_up()
        assert [record.traceparent for record in await bank.history(Account, "ann")] == [TRACEPARENT] * 2
    (committed,) = notebook.of(Committed)
    assert isinstance(committed, Committed)
    assert (committed.first, committed.events, committed.traceparents) == (1, 2, (TRACEPARENT,))
    assert committed.size > 2 * len(TRACEPARENT)
    assert committed.elapsed_ns > 0
    assert notebook.of(Delivering) == [Delivering("watcher", 1, 2, 2)]
    assert [work.record.position for work in notebook.of(Handling) if isinstance(work, Handling)] == [1, 2]
    assert notebook.under_way == []


@scene
async def test_steps_and_deadlines() -> None:
    """A step that fails is told, though the engine deals with it; a deadline keeps the trace of what scheduled it."""
    notebook, clock = Notebook(), FakeClock()
    async with Engine.open(
        MemoryLog(), Order, Stock, Wallet, Fulfilment, clock=clock, observer=notebook, options=OPTIONS
    ) as shop:
        await shop.send(PlaceOrder(order_id="a", product_id="buggy"))
        await until(lambda: notebook.failures)
        assert [type(error) for error in notebook.failures] == [ZeroDivisionError]
        assert [work.key for work in notebook.of(Stepping) if isinstance(work, Stepping)] == ["a"]
        await shop.schedule(PlaceOrder(order_id="b", product_id="buggy"), after=60)
        clock.advance(60)
        shop._core.timer.wake()  # type: ignore[union-attr]
        await until(lambda: notebook.of(Firing))
        (firing,) = notebook.of(Firing)
        assert isinstance(firing, Firing)
        assert firing.deadline.traceparent == TRACEPARENT
        await until(lambda: not notebook.under_way)


@scene
async def test_what_it_raises_hits_what_it_was_told_of() -> None:
    """As with middleware: nothing is hidden, and others go on."""

    class Refusing(Notebook):
        async def send(self, envelope: Envelope, send: Send, /) -> Receipt:
            del send
            raise CommandFailed(f"no {type(envelope.command).__name__} today")

    async with Engine.open(
        MemoryLog(), Account, services=[HeldAssessor()], observer=Refusing(), options=OPTIONS
    ) as bank:
        with pytest.raises(CommandFailed, match="no Deposit today"):
            await bank.send(Deposit(account_id="ann", amount=1))
        assert bank.statistics().position == 0


@scene
@pytest.mark.parametrize("end", [False, True], ids=["at the beginning", "at the end"])
async def test_a_commit_goes_on_whatever_the_observer_does(caplog: pytest.LogCaptureFixture, *, end: bool) -> None:
    """Others wait for it; the log says what happened."""

    class Stumbling(Notebook):
        @contextmanager
        def during(self, work: Work, /) -> Iterator[None]:
            if end:
                yield
            raise ZeroDivisionError(f"a bug, at {type(work).__name__}")

    async with Engine.open(
        MemoryLog(), Account, Balances, services=[HeldAssessor()], observer=Stumbling(), options=OPTIONS
    ) as bank:
        assert (await bank.send(Deposit(account_id="ann", amount=1))).position == 1
        assert len(bank.rows(Balances)) == 1
    (line,) = [record for record in caplog.records if record.name == "actum.observer"]
    assert line.__dict__["actum_event"] == "observer failed"
