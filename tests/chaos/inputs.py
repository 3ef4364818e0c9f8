"""Bad inputs through every public door: refused with a sentence, nothing changed, and the engine goes on.

Each case makes one wrong call on a running engine: values of wrong types and sizes in commands, keys, ids, queries,
cursors and options; handlers that give or raise nonsense; stored bytes that are no events. Whatever comes back must be
an answer or an `ActumError`, or the `TypeError` of a call with wrong parameters. After each, a canary command works,
and the state and the views are as before.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import uuid
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import actum
from actum import ActumError, Engine, MemoryLog, Options, Rejected
from msgspec import MsgspecError

from tests.chaos.row import Outcome, Row, Violation
from tests.support.bank import (
    Account,
    Activities,
    AllBalances,
    BalanceOf,
    Balances,
    BranchBalances,
    Deposit,
    DepositEach,
    Glance,
    HeldAssessor,
    Lend,
    Note,
    TopBalances,
    Withdraw,
)
from tests.support.fragile import Do, Fragile, FragmentView

Door = Callable[[Engine, "Wrong"], Awaitable[object]]


class Text(str):
    """A string that is not one."""

    __slots__ = ()


class Number(int):
    """A number that is not one."""

    __slots__ = ()


class HostileError(Exception):
    """Somebody asked a hostile value for something."""


class Hostile:
    """Raises whatever is done with it."""

    def __eq__(self, other: object) -> bool:
        """Not even that."""
        raise HostileError

    def __hash__(self) -> int:
        """Nor that."""
        raise HostileError

    def __repr__(self) -> str:
        """Nor that."""
        raise HostileError


class Wrong:
    """Draws wrong values from a seed."""

    def __init__(self, seed: int) -> None:
        """The same for the same seed."""
        self.random = Random(seed)

    def value(self) -> Any:
        """Anything at all."""
        random = self.random
        make: list[Callable[[], Any]] = [
            lambda: None,
            lambda: random.choice([True, False]),
            lambda: random.choice([0, -1, 1 << 63, 1 << 64, -(1 << 63) - 1, 10**400]),
            lambda: random.choice([float("nan"), float("inf"), -0.0, 1e308]),
            self.text,
            lambda: random.randbytes(random.randint(0, 300)),
            lambda: Text("text"),
            lambda: Number(5),
            Hostile,
            object,
            lambda: deep(random.choice([10, 1_000, 100_000])),
            lambda: [self.text() for _ in range(random.randint(0, 5))],
            lambda: {self.text(): random.random()},
            lambda: {1: 2, "1": 2},
            lambda: {1, 2, 3},
            lambda: (1, "2", b"3"),
            lambda: 1j,
            lambda: Deposit,
            lambda: Deposit(account_id="a", amount=1),
            lambda: uuid.UUID(int=random.getrandbits(128)),
            lambda: range(10**9),
            lambda: iter(()),
            lambda: len,
        ]
        return random.choice(make)()

    def text(self) -> str:
        """Texts of all sizes and kinds."""
        random = self.random
        return random.choice(
            [
                "",
                "a",
                "a" * 200,
                "a" * 201,
                "a" * 10_000,
                "\0",
                "\ud800",
                "\x1b[2J",
                "ä" * 100,
                "\u202e",
                " ",
                "a/b",
                "..",
                "🂡",
            ]
        )


def deep(depth: int) -> list[Any]:
    """A list in a list in a list."""
    found: list[Any] = []
    for _ in range(depth):
        found = [found]
    return found


async def command(bank: Engine, wrong: Wrong) -> object:
    """Commands with wrong fields."""
    kind: Any = wrong.random.choice([Deposit, DepositEach, Withdraw, Glance, Note, Lend])
    fields = {name: wrong.value() for name in kind.__struct_fields__}
    if wrong.random.random() < 0.6:
        fields["account_id"] = "target"
    return await bank.send(kind(**fields))


async def no_command(bank: Engine, wrong: Wrong) -> object:
    """What is no command."""
    return await bank.send(wrong.value())


async def beside(bank: Engine, wrong: Wrong) -> object:
    """Wrong ids, versions and timeouts beside a good command."""
    names = ["command_id", "user_id", "correlation_id", "causation_id", "expected_version", "timeout"]
    chosen: dict[str, Any] = {name: wrong.value() for name in wrong.random.sample(names, wrong.random.randint(1, 3))}
    if isinstance(chosen.get("timeout"), float):
        chosen["timeout"] = wrong.random.choice([-1.0, 0.0])
    return await bank.send(Glance(account_id="target"), **chosen)


async def many(bank: Engine, wrong: Wrong) -> object:
    """A list with wrong things in it."""
    answers = await bank.send_many([Glance(account_id="target"), wrong.value(), wrong.value()])
    assert len(answers) == 3  # one for each
    return answers


async def question(bank: Engine, wrong: Wrong) -> object:
    """Queries with wrong fields, and what is no query."""
    kind: Any = wrong.random.choice([TopBalances, BalanceOf, BranchBalances, AllBalances, None])
    query = wrong.value() if kind is None else kind(**{name: wrong.value() for name in kind.__struct_fields__})
    return await bank.ask(query)


async def later(bank: Engine, wrong: Wrong) -> object:
    """A position that is none."""
    value = wrong.value()
    return await bank.ask(AllBalances(), after=value if not isinstance(value, int) else -1)


async def past(bank: Engine, wrong: Wrong) -> object:
    """The history and the state of what is not there."""
    aggregate: Any = wrong.random.choice([Account, Account, Fragile, Balances, wrong.value()])
    key: Any = wrong.random.choice(["target", wrong.text(), wrong.value()])
    match wrong.random.randrange(4):
        case 0:
            return await bank.history(aggregate, key)
        case 1:
            return await bank.state(aggregate, key, version=wrong.value())
        case 2:
            return await bank.state(aggregate, key, at=wrong.value())
        case _:
            return await bank.outcome(wrong.value())


async def operation(bank: Engine, wrong: Wrong) -> object:
    """Views that are none, backups to nowhere."""
    value = wrong.value()
    match wrong.random.randrange(4):
        case 0:
            await bank.rebuild(value)
            return None
        case 1:
            return bank.rows(value)
        case 2:
            return await bank.verify_view(value)
        case _:
            return bank.release(value, wrong.value())


async def handler(bank: Engine, wrong: Wrong) -> object:
    """Handlers that give or raise nonsense."""
    how = wrong.random.choice(["badly", "half", "unknown", "mistyped", "cancelled", "well", "nothing"])
    return await bank.send(Do(key=f"fragile {wrong.random.randrange(10**9)}", how=how, number=1))


async def option(bank: Engine, wrong: Wrong) -> object:
    """Options that are none."""
    del bank
    name = wrong.random.choice(list(Options.__struct_fields__))
    return Options(**{name: wrong.value()})


async def opening(bank: Engine, wrong: Wrong) -> object:
    """Engines of what are no classes."""
    del bank
    given: dict[str, Any] = {wrong.random.choice(["services", "upcasters"]): [wrong.value()]}
    return Engine.open(MemoryLog(), wrong.random.choice([Account, wrong.value()]), **given)


async def page(bank: Engine, wrong: Wrong) -> object:
    """Reads of a view with forged cursors, wrong limits, wrong indexes."""
    core = bank._core
    assert core is not None
    view: Any = core.views["Balances"].view
    match wrong.random.randrange(4):
        case 0:
            return view.page("balance", limit=wrong.value(), cursor=wrong.random.choice([None, wrong.text()]))
        case 1:
            return view.order_by(wrong.value(), limit=wrong.value())
        case 2:
            return view.where(**{wrong.random.choice(["branch", "nothing"]): wrong.value()})
        case _:
            return view.get(wrong.value())


DOORS: list[Door] = [
    command, command, no_command, beside, many, question, later, past, operation, handler, option, opening, page,
]  # fmt: skip

#: What a wrong call may raise: our errors, Python's for wrong parameters, and the struct library's for wrong fields.
EXPECTED = (ActumError, TypeError, ValueError, MsgspecError)


async def cases(first: int, count: int, violations: list[Violation]) -> int:
    """So many wrong calls on one engine; how many were refused."""
    refused = 0
    options = Options(gc_policy="none", ask_after_seconds_max=0.0, dedup_commands_max=8)
    components = (Account, Balances, Activities, Fragile, FragmentView)
    async with Engine.open(MemoryLog(), *components, services=[HeldAssessor()], options=options) as bank:
        for number in range(first, first + count):
            wrong = Wrong(number)
            door = DOORS[number % len(DOORS)]
            before = await answers(bank)
            position = bank.statistics().position
            try:
                await asyncio.wait_for(door(bank, wrong), 10)
            except EXPECTED as error:
                refused += 1
                if not str(error):
                    violations.append(Violation(number, f"{door.__name__}: an error without a sentence: {error!r}"))
                if bank.statistics().position != position and not isinstance(error, Rejected):
                    violations.append(Violation(number, f"{door.__name__}: refused, and yet written: {error!r}"))
                if await answers(bank) != before:
                    violations.append(Violation(number, f"{door.__name__}: refused, and yet a view changed: {error!r}"))
            except HostileError:
                if door not in (question, page):  # there it meets the user's own handler, whose errors are the caller's
                    violations.append(Violation(number, f"{door.__name__}: something was done with a hostile value"))
            except BaseException as error:  # noqa: BLE001  # it is a finding
                violations.append(Violation(number, f"{door.__name__}: {type(error).__name__}: {error}"))
            try:
                await canary(bank)
            except Exception as error:  # noqa: BLE001  # it is a finding
                violations.append(Violation(number, f"{door.__name__}: afterwards the canary died: {error!r}"))
                return refused
        for view in (Balances, Activities):
            differences = await bank.verify_view(view)
            if not differences.ok:
                violations.append(Violation(first, f"at the end {view.__name__} differs: {differences}"))
    return refused


async def answers(bank: Engine) -> dict[str, int]:
    """What the bank says."""
    return await bank.ask(AllBalances())


async def canary(bank: Engine) -> None:
    """A command and a query that work."""
    receipt = await bank.send(Deposit(account_id="canary", amount=1))
    assert await bank.ask(BalanceOf(account_id="canary")) == receipt.version


def run(first: int, count: int) -> Outcome:
    """So many wrong calls."""
    logging.disable(logging.CRITICAL)
    sys.unraisablehook = lambda _complaint: None
    violations: list[Violation] = []
    refused = actum.run(cases(first, count, violations))
    return Outcome(count, violations, {"refused": refused})


ROW = Row(
    name="inputs",
    title="bad inputs through every public door: crashes, errors without a sentence, changes by what was refused",
    unit="inputs",
    short=5_000,
    full=500_000,
    part=5_000,
    run=run,
)
