"""Bad inputs through every public door: refused with a sentence, nothing changed, and the engine goes on.

Each case makes one wrong call on a running engine: values of wrong types and sizes in commands, keys, ids, queries,
cursors, options and paths; calls with wrong parameters; handlers that give or raise nonsense. What comes back must be
an answer or an `ActumError`; a `TypeError` only for a wrong number or name of parameters. After each, a canary command
works, and the state and the views are as before.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Any

import actum
from actum import ActumError, CommandFailed, Engine, MemoryLog, Options, Quarantined

from tests.chaos.mutants import plant
from tests.chaos.power import memory
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
    open_bank,
)
from tests.support.fragile import Do, Fragile, FragmentView

#: A call that takes longer hangs.
SECONDS_MAX = 5.0
#: After so many something is broken for good.
VIOLATIONS_MAX = 20
#: What file systems allow.
NAME_BYTES_MAX = 255

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

    def __init__(self, seed: int, place: Path) -> None:
        """The same for the same seed; files belong into a place."""
        self.random = Random(seed)
        self.place = place

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

    def path(self) -> Any:
        """A path that leads nowhere, or where nothing may be written, or to what is there."""
        random, place = self.random, self.place
        name = self.text()
        return random.choice(
            [
                "",
                "/dev/null",
                "/proc/nowhere",
                place,
                place / "bank",
                place / "bank" / "inside",
                str(place / "store"),
                place / "none" / "there",
                place / f"new {random.randrange(100)}",
                place / (name if is_a_name(name) else "name"),
            ]
        )

    def no_path(self) -> Any:
        """What no path can be."""
        return self.random.choice([None, 5, b"bytes", Hostile(), "a" * 300, "\0", "\ud800", ["a"], object()])


def is_a_name(text: str) -> bool:
    """Whether a file can have it."""
    return text.isprintable() and 0 < len(text.encode()) <= NAME_BYTES_MAX


def is_hashable(value: object) -> bool:
    """Whether the user's own handler can look it up in a dict."""
    try:
        hash(value)
    except (TypeError, HostileError):
        return False
    return True


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
    return await bank.send(Glance(account_id="target"), **chosen)


async def many(bank: Engine, wrong: Wrong) -> object:
    """A list with wrong things in it, or no list."""
    if wrong.random.random() < 0.3:
        value: Any = wrong.random.choice(
            [None, 5, {}, {1: 2}, {1, 2}, iter([Glance(account_id="target")]), Hostile(), len]
        )
        return await bank.send_many(value)
    answers = await bank.send_many([Glance(account_id="target"), wrong.value(), wrong.value()])
    assert len(answers) == 3  # one for each
    return answers


async def question(bank: Engine, wrong: Wrong) -> object:
    """Queries with wrong fields, and what is no query."""
    kind: Any = wrong.random.choice([TopBalances, BalanceOf, BranchBalances, AllBalances, None])
    fields: dict[str, Any] = {} if kind is None else {name: wrong.value() for name in kind.__struct_fields__}
    if kind is BalanceOf and not is_hashable(fields["account_id"]):
        return None  # the user's own handler would raise
    return await bank.ask(wrong.value() if kind is None else kind(**fields))


async def later(bank: Engine, wrong: Wrong) -> object:
    """A position that is none, or does not come."""
    return await bank.ask(AllBalances(), after=wrong.value())


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
    """Views and aggregates that are none."""
    value = wrong.value()
    match wrong.random.randrange(6):
        case 0:
            await bank.rebuild(value)
            return None
        case 1:
            return bank.rows(value)
        case 2:
            return await bank.verify_view(value)
        case 3:
            return await bank.verify_snapshots(value)
        case 4:
            return await bank.checkpoint(base=value)
        case _:
            return bank.release(wrong.random.choice([Account, value]), wrong.value())


async def backup(bank: Engine, wrong: Wrong) -> object:
    """Backups to nowhere, and to where they can be."""
    return await bank.backup(wrong.random.choice([wrong.path, wrong.no_path])())


async def store(bank: Engine, wrong: Wrong) -> object:
    """Stores that are none, through every door that takes a path."""
    del bank
    path = wrong.random.choice([wrong.path, wrong.no_path])()
    match wrong.random.randrange(6):
        case 0:
            with actum.open_store(path) as opened:
                return opened.verify(head=wrong.value())
        case 1:
            return actum.restore_store(path, wrong.path())
        case 2:
            return actum.restore_store(wrong.place / "store", wrong.place / "cut", position=wrong.value())
        case 3:
            return actum.compact_store(path)
        case 4:
            return actum.diagnose(path)
        case _:
            async with Engine.open(path, Account, services=[HeldAssessor()], read_only=True) as reader:
                return reader.statistics()


async def schema(bank: Engine, wrong: Wrong) -> object:
    """Schemas of what are no classes, and locks that are none compared."""
    del bank
    if wrong.random.random() < 0.5:
        locks = [actum.schema_lock(Account), {}, {"actum": 2}, {"events": 5}, {"events": {"X": 7}}, wrong.value()]
        return actum.schema_changes(wrong.random.choice(locks), wrong.random.choice(locks))
    return actum.schema_lock(
        *[wrong.random.choice([Account, wrong.value()]) for _ in range(wrong.random.randint(0, 2))]
    )


async def handler(bank: Engine, wrong: Wrong) -> object:
    """Handlers that give or raise nonsense; the state is what the events make of it, whatever came before."""
    how = wrong.random.choice(HOWS)
    key = f"fragile {wrong.random.randrange(50)}"
    try:
        return await bank.send(Do(key=key, how=how, number=1))
    finally:
        bank.release(Fragile, key)
        receipt = await bank.send(Do(key=key, how="counted"))
        assert [event.number for event in receipt.events] == [receipt.version - 1]  # type: ignore[attr-defined]
        assert len(await bank.history(Fragile, key)) == receipt.version


async def quarantine(bank: Engine, wrong: Wrong) -> object:
    """Handlers that fail again and again: the aggregate is refused until it is released."""
    key = f"quarantined {wrong.random.randrange(50)}"
    errors: list[ActumError] = []
    for _ in range(bank._options.quarantine_failures_max + 1):
        try:
            await bank.send(Do(key=key, how=wrong.random.choice(["badly", "half", "unevolvable"])))
        except ActumError as error:
            errors.append(error)
    assert [type(error) for error in errors] == [*[CommandFailed] * (len(errors) - 1), Quarantined]
    assert bank.release(Fragile, key)
    return await bank.send(Do(key=key))


async def option(bank: Engine, wrong: Wrong) -> object:
    """Options that are none."""
    del bank
    name = wrong.random.choice(list(Options.__struct_fields__))
    return Options(**{name: wrong.value()})


async def opening(bank: Engine, wrong: Wrong) -> object:
    """Engines of what are no classes, no stores, no services."""
    del bank
    name = wrong.random.choice(["services", "upcasters", "middleware", "options"])
    value = wrong.value()
    given: dict[str, Any] = {name: value if name == "options" or wrong.random.random() < 0.5 else [value]}
    log: Any = wrong.random.choice([MemoryLog(), value])
    if isinstance(log, str):
        log = None  # a relative path is a good one
    return Engine.open(log, wrong.random.choice([Account, value]), **given)


async def parameters(bank: Engine, wrong: Wrong) -> object:
    """Calls with a wrong number or name of parameters."""
    calls: list[Callable[..., Any]] = [
        bank.send,
        lambda: bank.send(Glance(account_id="target"), nonsense=1),  # type: ignore[call-arg]
        lambda: bank.send(Glance(account_id="target"), "command"),  # type: ignore[call-arg]
        bank.ask,
        lambda: bank.history(Account),  # type: ignore[call-arg]
        lambda: Options(nonsense=1),  # type: ignore[call-arg]
        lambda: Deposit(account_id="target"),  # type: ignore[call-arg]
        Engine.open,
        lambda: Engine.open(MemoryLog(), Account, nonsense=1),  # type: ignore[call-arg]
    ]
    return await wrong.random.choice(calls)()


async def page(bank: Engine, wrong: Wrong) -> object:
    """Reads of a view with forged cursors, wrong limits, wrong indexes, wrong bounds."""
    core = bank._core
    assert core is not None
    view: Any = core.views["Balances"].view
    value = wrong.value()
    match wrong.random.randrange(6):
        case 0:
            return view.page("balance", limit=value, cursor=wrong.random.choice([None, wrong.text()]))
        case 1:
            return view.order_by(value, limit=wrong.value())
        case 2:
            return view.order_by("balance", limit=value)
        case 3:
            return view.order_by("balance", start=value, stop=wrong.value())
        case 4:
            return view.where(**{wrong.random.choice(["branch", "nothing"]): value})
        case _:
            return view.get(value) if is_hashable(value) else None


DOORS: list[Door] = [
    command, command, no_command, beside, many, question, later, past, operation, handler, handler, quarantine, option,
    opening, parameters, page, page, schema,
]  # fmt: skip
#: Doors that copy files; every so many cases one of them.
SLOW_DOORS: list[Door] = [backup, store, store]
SLOW_EVERY = 25

#: What `Do` does: see `Fragile`.
HOWS = [
    "badly", "half", "unknown", "mistyped", "cancelled", "well", "nothing", "twice", "unevolvable",
    "unevolvable-rejected", "unevolvable-invalid", "unevolvable-cancelled",
]  # fmt: skip


def door_of(number: int) -> Door:
    """Which door a case goes through."""
    if number % SLOW_EVERY == 0:
        return SLOW_DOORS[number // SLOW_EVERY % len(SLOW_DOORS)]
    return DOORS[number % len(DOORS)]


async def cases(first: int, count: int, place: Path, violations: list[Violation]) -> int:
    """So many wrong calls on one engine; how many were refused."""
    refused = 0
    async with open_bank(place / "store") as whole:
        await canary(whole)
    components = (Fragile, FragmentView)
    options: dict[str, Any] = {"ask_after_seconds_max": 0.0, "dedup_commands_max": 8, "frame_events_max": 100}
    async with open_bank(place / "bank", *components, **options) as bank:
        for number in range(first, first + count):
            door = door_of(number)
            found = await called(bank, door, Wrong(number, place))
            refused += found is not None
            if found:
                violations.append(Violation(number, f"{door.__name__}: {found}"))
            try:
                await asyncio.wait_for(canary(bank), SECONDS_MAX)
            except Exception as error:  # noqa: BLE001  # it is a finding
                violations.append(Violation(number, f"{door.__name__}: afterwards the canary died: {error!r}"))
            if len(violations) >= VIOLATIONS_MAX:
                return refused
        for view in (Balances, Activities, FragmentView):
            try:
                differences = await bank.verify_view(view)
            except ActumError as error:
                violations.append(Violation(first, f"at the end {view.__name__} can't be made again: {error!r}"))
            else:
                if not differences.ok:
                    violations.append(Violation(first, f"at the end {view.__name__} differs: {differences}"))
    return refused


async def called(bank: Engine, door: Door, wrong: Wrong) -> str | None:
    """One wrong call: what was wrong about its answer, "" for a right refusal, None for an answer."""
    before = await answers(bank)
    position = bank.statistics().position
    expected = (ActumError, TypeError) if door is parameters else ActumError
    try:
        await asyncio.wait_for(door(bank, wrong), SECONDS_MAX)
    except expected as error:
        if not str(error):
            return f"an error without a sentence: {error!r}"
        if bank.statistics().position != position and door not in (handler, quarantine):
            return f"refused, and yet written: {error!r}"
        if await answers(bank) != before:
            return f"refused, and yet a view changed: {error!r}"
        return ""
    except BaseException as error:  # noqa: BLE001  # it is a finding
        return f"{type(error).__name__}: {error}"
    return None


async def answers(bank: Engine) -> dict[str, int]:
    """What the bank says."""
    return await bank.ask(AllBalances())


async def canary(bank: Engine) -> None:
    """A command and a query that work."""
    receipt = await bank.send(Deposit(account_id="canary", amount=1))
    assert await bank.ask(BalanceOf(account_id="canary")) == receipt.version


def run(first: int, count: int, mutant: str = "") -> Outcome:
    """So many wrong calls. For processes of their own."""
    plant(mutant)
    logging.disable(logging.CRITICAL)
    sys.unraisablehook = lambda _complaint: None
    violations: list[Violation] = []
    with tempfile.TemporaryDirectory(dir=memory()) as directory:
        refused = actum.run(cases(first, count, Path(directory), violations))
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
