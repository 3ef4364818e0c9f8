"""User code that mypy strict and pyright strict must accept, with the types that a user counts on.

`test_typing.py` runs both checkers over it. Nothing here is executed.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import assert_type
from uuid import UUID

from actum import (
    ActumError,
    Alert,
    Answer,
    Condition,
    Conflict,
    DeadLetter,
    Deadline,
    Deadlines,
    Engine,
    EngineStatistics,
    Envelope,
    Event,
    MemoryLog,
    Options,
    Overloaded,
    Page,
    ProcessFailed,
    ProcessStatus,
    ProcessStepped,
    Receipt,
    Record,
    Rejected,
    RowsChanged,
    Send,
    SubscriptionStatistics,
    ViewBroken,
    ViewDifferences,
    Watch,
    WatchClosed,
    follow,
    run,
    upcast,
)
from bank import (
    Account,
    Balance,
    BalanceOf,
    BalancePage,
    Balances,
    Deposit,
    Deposited,
    Interest,
    Mailer,
    Note,
    TopBalances,
    Total,
    Transfer,
)


class Paid(Event):
    account_id: str


class Tagged(Event, tags=["account_id", "number"]):
    account_id: str
    number: int


@upcast
def plainly(event: Paid) -> Deposited:
    return Deposited(account_id=event.account_id, amount=1)


@upcast(revision="2")
def revised(event: Paid) -> Deposited | None:
    return None


assert_type(plainly(Paid(account_id="alice")), Deposited)
assert_type(revised(Paid(account_id="alice")), Deposited | None)


class Generous:
    async def limit_of(self, account_id: str) -> int:
        return 1_000


async def logged(envelope: Envelope, send: Send) -> Receipt:
    receipt = await send(envelope)
    print(type(envelope.command).__name__, receipt.position)
    return receipt


async def commands(engine: Engine) -> None:
    receipt = await engine.send(Deposit(account_id="alice", amount=50, note=Note(text="rent", urgent=True)))
    assert_type(receipt, Receipt)
    assert_type(receipt.position, int)
    assert_type(receipt.version, int)
    assert_type(receipt.key, str)
    assert_type(receipt.command_id, UUID)
    assert_type(receipt.events, tuple[Event, ...])
    await engine.send(
        Transfer(account_id="alice", to="bob", amount=1),
        command_id=receipt.command_id,
        user_id="ann",
        correlation_id="web-1",
        causation_id=UUID(int=1),
        expected_version=receipt.version,
        timeout=1.5,
    )
    outcomes = await engine.send_many([Deposit(account_id=key, amount=1) for key in "abc"])
    assert_type(outcomes, list[Receipt | ActumError])
    positions = [outcome.position for outcome in outcomes if isinstance(outcome, Receipt)]
    assert_type(positions, list[int])
    both = await engine.send_atomic(
        [Deposit(account_id="bob", amount=1), Envelope(command=Transfer(account_id="bob", to="eve", amount=1))],
        command_id="both",
        user_id="ann",
        timeout=1,
    )
    assert_type(both, list[Receipt])
    assert_type(await engine.send_atomic([Deposit(account_id=key, amount=1) for key in "abc"]), list[Receipt])
    unpaid = Condition(events=[Tagged], tags={"account_id": "alice", "number": 3}, after=receipt.position)
    await engine.send(Deposit(account_id="alice", amount=1), unless=unpaid)


async def refusals(engine: Engine) -> str:
    try:
        await engine.send(Deposit(account_id="alice", amount=-1), expected_version=3)
    except Rejected as error:
        return str(error)
    except Conflict as error:
        assert_type(error.expected_version, int)
        assert_type(error.position, int | None)
        assert_type(error.command_index, int | None)
        return str(error.version)
    except Overloaded as error:
        assert_type(error.retry_after_seconds, float)
    return ""


async def queries(engine: Engine, receipt: Receipt) -> None:
    assert_type(await engine.ask(TopBalances()), list[Balance])
    assert_type(await engine.ask(TopBalances(limit=3), after=receipt.position), list[Balance])
    assert_type(await engine.ask(BalanceOf(account_id="alice")), Balance | None)
    assert_type(await engine.ask(BalancePage(owner="ann")), Page[Balance])
    assert_type(await engine.ask(Total()), int)
    print(receipt.position, await engine.ask(TopBalances()))  # the quickstart's last line
    top: list[Balance] = await engine.ask(TopBalances())
    print(sum([row.balance for row in top]), max(await engine.ask(TopBalances()), key=lambda row: row.balance))
    page = await engine.ask(BalancePage(owner="ann"))
    assert_type(page.rows, list[Balance])
    assert_type(page.cursor, str | None)
    try:
        await engine.rebuild(Balances)
    except ViewBroken as error:
        assert_type(error.position, int)


async def live(engine: Engine, position: int) -> int | None:
    async for answer in engine.watch(TopBalances(), since=position):
        assert_type(answer, Answer[list[Balance]])
        assert_type(answer.answer, list[Balance])
    async with engine.watch(Balances, since=position, buffer_max=10, when_slow="drop") as watch:
        assert_type(watch, Watch[RowsChanged[Balance]])
        first = await anext(watch)
        assert_type(first.put, tuple[Balance, ...])
        assert_type(first.complete, bool)
    watches = [engine.watch(BalanceOf(account_id="alice"), when_slow="close")]
    assert_type(await anext(watches[0]), Answer[Balance | None])
    assert_type(await engine.rebuild(Balances, compare=True), ViewDifferences)
    try:
        return (await anext(watches[0])).position
    except WatchClosed as error:
        return error.position


async def the_past(engine: Engine) -> None:
    account = await engine.state(Account, "alice", version=3)
    assert_type(account, Account)
    assert_type(account.balance, int)
    records = await engine.history(Account, "alice")
    assert_type(records, list[Record])
    assert_type(records[0].timestamp, datetime)
    assert_type(records[0].user_id, str | None)
    match records[0].event:
        case Deposited(amount=amount):
            assert_type(amount, int)
        case _:
            pass
    assert_type(await engine.outcome("an id"), Receipt | None)
    assert_type(engine.statistics(), EngineStatistics)


async def automation(engine: Engine) -> None:
    deadline = await engine.schedule(Deposit(account_id="alice", amount=1), after=timedelta(days=1))
    assert_type(deadline, Deadline)
    assert_type(deadline.due, datetime)
    await engine.schedule(Deposit(account_id="alice", amount=1), at=datetime(2030, 1, 1, tzinfo=UTC), deadline_id="x")
    assert_type(await engine.cancel("x"), bool)
    assert_type(await engine.retry_deadline("x"), Deadline)
    assert_type(engine.deadlines(), list[Deadline])
    instances = engine.processes(Interest, status="failed")
    assert_type(instances, list[ProcessStatus[Interest]])
    assert_type(instances[0].state.paid, int)
    await engine.retry_process(Interest, "alice")
    assert_type(await engine.cancel_process(Interest, "alice"), bool)
    assert_type(await engine.state(Interest, "alice", version=1), Interest)
    for record in await engine.history(Interest, "alice"):
        match record.event:
            case ProcessStepped(commands=commands):
                assert_type(commands, list[str])
            case ProcessFailed(reason=reason):
                assert_type(reason, str)
            case _:
                pass


async def read_side(engine: Engine) -> None:
    mailer = engine.subscription(Mailer)
    mailer.pause()
    mailer.resume()
    await mailer.reset(position=3)
    await mailer.caught_up()
    assert_type(mailer.statistics(), SubscriptionStatistics)
    letters = mailer.dead_letters()
    assert_type(letters, list[DeadLetter])
    await mailer.retry(letters[0].position)
    await mailer.drop(letters[0].position)
    async with follow("bank", Mailer, services=["mail"]) as follower:
        await follower.subscription(Mailer).caught_up(3)


def shouted(alert: Alert) -> None:
    assert_type(alert.lag_seconds, float)
    if alert.kind == "process" and alert.state == "stalled":
        print(alert.subject, alert.reason)


def values() -> None:
    balance = Balance(account_id="alice", balance=5)
    assert_type(balance.replace(balance=6), Balance)
    assert_type(Note(text="x").replace(urgent=True), Note)
    assert_type(Deposit(account_id="alice", amount=1).amount, int)
    assert_type(Account().balance, int)
    event = Account(balance=3).deposit(Deposit(account_id="alice", amount=1))  # a handler is an ordinary method
    assert_type(event, Deposited)


async def main() -> int:
    async with Engine.open("bank", Account, Balances, services=[Generous()], middleware=[logged]) as engine:
        await commands(engine)
    async with Engine.open("bank", Account, Interest, Mailer, Deadlines, alerts=[shouted]) as engine:
        await automation(engine)
    engine = await Engine.open(MemoryLog(), Account, options=Options(passivate_seconds=1.0, durability="relaxed"))
    await engine.close()
    return 0


assert_type(run(main()), int)
