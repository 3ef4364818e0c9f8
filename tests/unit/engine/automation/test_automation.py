"""`schedule`, `cancel`, `deadlines`: what they take, refuse and give."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from actum import (
    Aggregate,
    Command,
    Deadlines,
    Engine,
    Event,
    Invalid,
    MemoryLog,
    Options,
    Overloaded,
    Process,
    ReadOnly,
    Receipt,
    Rejected,
    decide,
    evolve,
    open_store,
    react,
)
from actum.middleware import Envelope, Send

from tests.support.bank import Account, AllBalances, Balances, Deposit, HeldAssessor, Noted, Withdraw, open_bank
from tests.support.fulfilment import Order, ShipOrder
from tests.support.scenes import in_time, scene, turns, until
from tests.support.troubled import MENDED, Courier, Mailer, PastClock, fill_troubled, open_troubled, quiet


class Save(Command):
    """Put a coin away."""

    account_id: str


class Saved(Event):
    """A coin more."""


class Savings(Aggregate, key="account_id"):
    """Coins."""

    coins: int = 0

    @decide
    def save(self, command: Save) -> Saved:  # there is nothing to look at
        """Always."""
        return Saved()

    @evolve
    def saved(self, event: Saved) -> None:
        """One more."""
        self.coins += 1


def deposit(account_id: str = "ann", amount: int = 5) -> Deposit:
    """Money in."""
    return Deposit(account_id=account_id, amount=amount)


async def fired(bank: Engine) -> None:
    """Wait until nothing is pending."""
    await until(lambda: not any(deadline.state == "pending" for deadline in bank.deadlines()))


@scene
async def test_a_command_is_sent_when_it_is_time() -> None:
    """Once, with what was said beside it; by itself."""
    async with open_bank(None, Deadlines) as bank:
        deadline = await bank.schedule(deposit(), after=0, user_id="u", correlation_id="c")
        await until(lambda: bank.statistics().deadlines.fired)  # type: ignore[union-attr]
        (record,) = await bank.history(Account, "ann")
        assert (record.user_id, record.correlation_id, record.causation_id) == ("u", "c", deadline.deadline_id)
        assert await bank.ask(AllBalances()) == {"ann": 5}
        figures = bank.statistics().deadlines
        assert figures is not None
        assert (figures.pending, figures.fired, figures.failed, figures.failure) == (0, 1, 0, None)


@scene
async def test_what_is_due_when() -> None:
    """In the order of the times, whatever the order in which they came."""
    async with open_bank(None, Deadlines) as bank:
        await bank.schedule(deposit("b"), after=timedelta(days=2), deadline_id="later")
        made = await bank.schedule(deposit("a"), at=datetime(2200, 1, 1, tzinfo=UTC), deadline_id="last")
        await bank.schedule(deposit("c"), after=3600.0, deadline_id="soon")
        assert [deadline.deadline_id for deadline in bank.deadlines()] == ["soon", "later", "last"]
        assert bank.deadlines()[-1] == made
        assert (made.command, made.arguments, made.number) == ("Deposit", {"account_id": "a", "amount": 5}, 1)
        assert made.due == datetime(2200, 1, 1, tzinfo=UTC)
        assert repr(made) == "<Deadline last Deposit pending, due 2200-01-01T00:00:00+00:00>"
        figures = bank.statistics().deadlines
        assert figures is not None
        assert figures.next_due_ns == bank.deadlines()[0].due_ns


@scene
async def test_a_deadline_is_cancelled() -> None:
    """True once, for one that was pending; it is not sent. False for what nobody has scheduled."""
    async with open_bank(None, Deadlines) as bank:
        await bank.schedule(deposit(), after=1000, deadline_id="d")
        assert await bank.cancel("d")
        assert not await bank.cancel("d")
        assert not await bank.cancel("never")
        assert bank.deadlines() == []
        again = await bank.schedule(deposit(), after=0, deadline_id="d")
        assert again.number == 2
        await fired(bank)
        assert not await bank.cancel("d")
        assert await bank.ask(AllBalances()) == {"ann": 5}


@scene
async def test_the_same_id_replaces_what_is_pending_and_refuses_what_has_fired() -> None:
    """So a retry never sends twice."""
    async with open_bank(None, Deadlines) as bank:
        await bank.schedule(deposit(amount=1), after=1000, deadline_id="d")
        await bank.schedule(deposit(amount=2), after=0, deadline_id="d")
        await fired(bank)
        with pytest.raises(Rejected, match="has fired already: give another deadline_id"):
            await bank.schedule(deposit(amount=3), after=0, deadline_id="d")
        assert await bank.ask(AllBalances()) == {"ann": 2}


@scene
async def test_a_refused_command_is_shown_and_can_be_tried_again() -> None:
    """It is listed with the reason until somebody retries it, or puts it away."""
    async with open_bank(None, Deadlines) as bank:
        await bank.schedule(Withdraw(account_id="ann", amount=5), after=0, deadline_id="d")
        await bank.schedule(Withdraw(account_id="bob", amount=5), after=0, deadline_id="e")
        await fired(bank)
        shown = {deadline.deadline_id: deadline for deadline in bank.deadlines()}
        assert shown["d"].state == "failed"
        assert shown["d"].reason == "Rejected: only 0 there"
        with pytest.raises(Invalid, match="no deadline of this id has failed"):
            await bank.retry_deadline("f")
        await bank.send(deposit(amount=7))
        await bank.retry_deadline("d")
        await fired(bank)
        assert await bank.ask(AllBalances()) == {"ann": 2}
        assert await bank.cancel("e")
        assert bank.deadlines() == []


@pytest.mark.parametrize("first", ["cancel", "retry"])
@scene
async def test_a_failed_deadline_is_retried_or_put_away_once(first: str) -> None:
    """Whoever comes first: what was cancelled is not sent, and what is tried again is tried once."""
    async with open_bank(None, Deadlines) as bank:
        await bank.schedule(Withdraw(account_id="ann", amount=1), after=0, deadline_id="d")
        await until(lambda: [one.state for one in bank.deadlines()] == ["failed"])
        await bank.send(deposit(amount=5))
        calls = [bank.cancel("d"), bank.retry_deadline("d"), bank.retry_deadline("d")]
        if first == "retry":
            calls.append(calls.pop(0))
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        if first == "cancel":
            assert outcomes[0] is True
            assert all("no deadline of this id has failed" in str(one) for one in outcomes[1:])
            assert all(isinstance(one, Invalid) for one in outcomes[1:])
        else:
            assert [type(one).__name__ for one in outcomes] == ["Deadline", "Invalid", "bool"]
            assert outcomes[2] is True, "it was pending again, and not sent yet"
        assert (bank.deadlines(), await bank.ask(AllBalances())) == ([], {"ann": 5})


@pytest.mark.parametrize("deadline_id", [7, b"d", ["d"], ""])
@scene
async def test_what_is_no_id_is_refused(deadline_id: Any) -> None:
    """By all that take one."""
    async with open_bank(None, Deadlines) as bank:
        for call in (
            bank.schedule(deposit(), after=1000, deadline_id=deadline_id),
            bank.cancel(deadline_id),
            bank.retry_deadline(deadline_id),
        ):
            with pytest.raises(Invalid, match="deadline_id must"):
                await call
        assert bank.deadlines() == []


class EndProcess(Command):
    """Called as a command of the engine's own is."""

    account_id: str


class Ender(Aggregate, key="account_id"):
    """Takes it."""

    @decide
    def end(self, command: EndProcess) -> None:
        """Nothing."""


@scene
async def test_commands_may_be_called_as_the_engines_own_are() -> None:
    """Those can't be scheduled, so there is no confusion."""
    async with Engine.open(MemoryLog(), Account, Ender, Waiter, services=[HeldAssessor()]) as engine:
        deadline = await engine.schedule(EndProcess(account_id="ann"), after=1000)
        assert deadline.command == "EndProcess"


class Waiter(Process, key="text"):
    """Has processes' streams be there."""

    @react(starts=True)
    def noted(self, event: Noted) -> None:
        """Nothing."""


@scene
async def test_the_users_command_passes_the_middleware_and_the_engines_own_do_not() -> None:
    """As if somebody had sent it; what the middleware refuses is refused."""
    seen: list[str] = []

    async def watch(envelope: Envelope, send: Send) -> Receipt:
        seen.append(type(envelope.command).__name__)
        if envelope.command.account_id == "bob":  # type: ignore[attr-defined]
            raise PermissionError("not bob")
        return await send(envelope)

    async with Engine.open(
        MemoryLog(), Savings, Deadlines, middleware=[watch], options=Options(gc_policy="none")
    ) as bank:
        await bank.schedule(Save(account_id="ann"), after=0)
        await bank.schedule(Save(account_id="bob"), after=0)
        await fired(bank)
        assert seen == ["Save", "Save"]
        (failed,) = bank.deadlines()
        assert failed.reason == "PermissionError: not bob"


@scene
async def test_there_is_a_bound() -> None:
    """One more is Overloaded, and nothing happened."""
    async with open_bank(None, Deadlines, deadlines_pending_max=2) as bank:
        for key in ("a", "b"):
            await bank.schedule(deposit(), after=1000, deadline_id=key)
        with pytest.raises(Overloaded, match="deadlines_pending_max"):
            await bank.schedule(deposit(), after=1000)
        await bank.cancel("a")
        await bank.schedule(deposit(), after=1000)


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ({}, "give at= or after=, one of them"),
        ({"at": datetime(2030, 1, 1, tzinfo=UTC), "after": 1}, "give at= or after=, one of them"),
        ({"at": datetime(2030, 1, 1)}, "has no time zone"),  # noqa: DTZ001  # that is the fault
        ({"at": "tomorrow"}, "has no time zone"),
        ({"at": datetime(2300, 1, 1, tzinfo=UTC)}, "between 1970 and 2262"),
        ({"after": -1}, "is not a duration"),
        ({"after": float("nan")}, "is not a duration"),
        ({"after": "soon"}, "is not a duration"),
        ({"after": 1, "deadline_id": ""}, "must not be empty"),
        ({"after": 1, "user_id": 7}, "user_id must be a string"),
    ],
)
def test_what_is_no_time_is_refused(arguments: dict[str, Any], fault: str) -> None:
    """With a sentence; nothing is scheduled."""

    @scene
    async def play() -> None:
        async with open_bank(None, Deadlines) as bank:
            with pytest.raises(Invalid, match=fault):
                await bank.schedule(deposit(), **arguments)
            assert bank.deadlines() == []

    play()


@scene
async def test_an_engine_without_deadlines_says_so() -> None:
    """It costs nothing, and knows how to get them."""
    async with open_bank() as bank:
        with pytest.raises(Invalid, match=r"pass actum\.Deadlines to Engine\.open"):
            await bank.schedule(deposit(), after=1)
        assert bank.statistics().deadlines is None


@scene
async def test_a_reader_shows_what_is_due_and_sends_nothing(tmp_path: Path) -> None:
    """It is opened beside the writer or behind it."""
    async with open_bank(tmp_path / "bank", Deadlines) as bank:
        await bank.schedule(deposit(), after=1000, deadline_id="d")
    async with Engine.open(tmp_path / "bank", Account, Balances, Deadlines, read_only=True) as reader:
        assert [deadline.deadline_id for deadline in reader.deadlines()] == ["d"]
        with pytest.raises(ReadOnly):
            await reader.schedule(deposit(), after=1)
        with pytest.raises(ReadOnly):
            await reader.cancel("d")


@scene
async def test_nothing_happens_by_itself(tmp_path: Path) -> None:
    """With automatic=False no deadline fires, no process reacts, no subscription runs: only what somebody does."""
    await fill_troubled(tmp_path)
    with open_store(tmp_path) as store:
        before = store.head
    async with open_troubled(tmp_path, automatic=False) as shop:
        due = {one.deadline_id: one.state for one in shop.deadlines()}
        assert sorted(due.values()) == ["failed", "pending", "pending", "pending", "pending"]
        await turns(100)
        assert {one.deadline_id: one.state for one in shop.deadlines()} == due
        assert shop.statistics().subscriptions == ()
        with pytest.raises(Invalid, match="does not run here"):
            shop.subscription(Mailer)
    with open_store(tmp_path) as store:
        assert store.head == before


@scene
async def test_what_is_mended_meanwhile_goes_on_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An instance that is retried, or cancelled, and a deadline that is: each takes effect once, then or later."""
    await fill_troubled(tmp_path)
    monkeypatch.setenv(MENDED, "yes")
    async with open_troubled(tmp_path, automatic=False) as shop:
        await shop.retry_process(Courier, "failed")
        assert await shop.cancel_process(Courier, "stuck")
        assert await shop.cancel("later")
        assert (await shop.retry_deadline("refused")).state == "pending"
        assert [type(record.event).__name__ for record in await shop.history(Order, "failed")] == [
            "OrderPlaced",
            "OrderPaid",
            "OrderShipped",
        ]
    async with open_troubled(tmp_path) as shop:
        await in_time(lambda: [one.state for one in shop.deadlines()] == ["failed"])  # refused again
        await quiet(shop)
        assert shop.processes(Courier) == []  # it was shipped, and knows that now
        assert len(await shop.history(Order, "failed")) == 3


@scene
async def test_an_instance_catches_up_with_what_came_while_it_stood_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Retried where nothing runs, it reacts to the events behind the one at which it failed as soon as one runs."""
    await fill_troubled(tmp_path)
    async with open_troubled(tmp_path, clock=PastClock(2.998)) as shop:  # nothing more is due yet
        await shop.send(ShipOrder(order_id="failed"))  # by hand
        await quiet(shop)
        assert [one.status for one in shop.processes(Courier)] == ["failed", "active"]
    monkeypatch.setenv(MENDED, "yes")
    async with open_troubled(tmp_path, automatic=False) as shop:
        await shop.retry_process(Courier, "failed")
        assert {one.status for one in shop.processes(Courier)} == {"active"}
    async with open_troubled(tmp_path) as shop:
        await quiet(shop)
        assert [one.key for one in shop.processes(Courier)] == ["stuck"]
