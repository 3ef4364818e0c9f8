"""User code that is wrong: each line marked `# error` must be found by mypy strict and by pyright strict, and no other.

`test_typing.py` compares. Nothing here is executed.
"""

from __future__ import annotations

from actum import (
    Aggregate,
    Alert,
    Cancel,
    Engine,
    Options,
    Process,
    Query,
    Receipt,
    Row,
    Schedule,
    Subscription,
    View,
    answer,
    decide,
    react,
    run,
)
from bank import Account, Balance, Balances, Deposit, Deposited, Interest, Mailer, TopBalances, Total


def commands() -> None:
    Deposit(account_id="alice", amount="50")  # error: a wrong type
    Deposit("alice", 50)  # error: positional
    Deposit(account_id="alice", amount=50, memo="rent")  # error: an unknown field
    Deposit(account_id="alice")  # error: a missing field
    command = Deposit(account_id="alice", amount=50)
    command.amount = 60  # error: frozen
    print(command.sum)  # error: no such field


def events_and_rows() -> None:
    event = Deposited(account_id="alice", amount=50)
    event.amount = 60  # error: frozen
    row = Balance(account_id="alice", balance=1)
    row.balance = 2  # error: frozen
    Balance(account_id=7)  # error: a wrong type
    Balance("alice")  # error: positional
    Account(3)  # error: positional
    Account(balnce=3)  # error: no such state


async def sending(engine: Engine, receipt: Receipt) -> None:
    await engine.send(TopBalances())  # error: a query is asked
    await engine.send(Deposited(account_id="alice", amount=1))  # error: events are decided, not sent
    await engine.send(Deposit)  # error: the class
    await engine.send(Deposit(account_id="alice", amount=1), "an id")  # error: options are keywords
    await engine.send(Deposit(account_id="alice", amount=1), expected_version="3")  # error: a wrong type
    await engine.send(Deposit(account_id="alice", amount=1), idempotency_key="x")  # error: it is called command_id
    await engine.send_many(Deposit(account_id="alice", amount=1))  # error: not a sequence
    await engine.send_atomic(Deposit(account_id="alice", amount=1))  # error: not a sequence
    await engine.send_atomic([TopBalances()])  # error: a query is asked
    await engine.send(Deposit(account_id="alice", amount=1), unless="x")  # error: not a condition
    receipt.position = 3  # error: frozen
    print(receipt.offset)  # error: no such field


async def asking(engine: Engine) -> None:
    await engine.ask(Deposit(account_id="alice", amount=1))  # error: a command is sent
    await engine.ask(TopBalances)  # error: the class
    await engine.ask(TopBalances(limit="3"))  # error: a wrong type
    total: str = await engine.ask(Total())  # error: the answer is an int
    print(total)
    (await engine.ask(TopBalances())).balance  # error: a list of rows
    await engine.rebuild(Account)  # error: not a view
    engine.watch(Deposit(account_id="alice", amount=1))  # error: neither a query nor a view
    engine.watch(TopBalances)  # error: the class of a query
    engine.watch(Balances, when_slow="wait")  # error: no such policy
    (await anext(engine.watch(Total()))).answer.upper()  # error: the answer is an int
    await engine.state(Balances, "alice")  # error: not an aggregate


async def opening() -> None:
    Engine.open("bank", Deposit)  # error: neither an aggregate nor a view
    Engine.open(3, Account)  # error: not a store
    Options(mailbox_size_max="many")  # error: a wrong type
    Options("relaxed")  # error: positional
    Options(durability="fast")  # error: full or relaxed
    Options().passivate_seconds = 3.0  # error: frozen


async def automation(engine: Engine) -> None:
    await engine.schedule(TopBalances(), after=1.0)  # error: a query is asked
    await engine.schedule(Deposit(account_id="alice", amount=1), after="1 h")  # error: a wrong type
    await engine.schedule(Deposit(account_id="alice", amount=1), 60.0)  # error: options are keywords
    Schedule(command=Deposited(account_id="alice", amount=1), after=1.0)  # error: not a command
    Cancel("bonus")  # error: positional
    engine.processes(Account)  # error: not a process
    print(engine.processes(Interest)[0].state.payed)  # error: no such state
    await engine.retry_process(Interest, 7)  # error: a key is a string
    (await engine.state(Interest, "alice")).paid.upper()  # error: an int
    await engine.history(Mailer, "alice")  # error: a subscription has no streams


async def read_side(engine: Engine) -> None:
    engine.subscription(Interest)  # error: not a subscription
    await engine.subscription(Mailer).reset("now")  # error: a position
    engine.subscription(Mailer).position = 3  # error: see reset


def shouted(alert: Alert) -> None:
    alert.state = "live"  # error: frozen
    if alert.state == "dead":  # error: no such state
        print(alert.subject)


class Late(Process, key="account_id"):
    paid: int = 0

    @react(begins=True)  # error: it is called starts
    def deposited(self, event: Deposited) -> None:
        self.payed += event.amount  # error: no such state


class Greedy(Subscription, batch_max="all"):  # error: a number
    pass


class Unparametrized(Query):  # error: a query says what its answer is
    pass


class NotOfRows(View[Deposit]):  # error: a view is made of rows
    pass


class Wrong(Aggregate, key="account_id"):
    balance: int = 0

    @decide
    def deposit(self, command: Deposit) -> Deposited:
        self.balnce += command.amount  # error: no such state
        return Deposited(account_id=command.account_id)  # error: a missing field


class Other(Row, key="name"):
    name: str


class Others(View[Other]):
    @answer
    def top(self, query: TopBalances) -> list[Balance]:
        self.put(Balance(account_id="alice"))  # error: another view's row
        print(self.get("x").name)  # error: there may be no such row
        return self.order_by("name")  # error: another view's row


run(opening)  # error: a coroutine, not the function
