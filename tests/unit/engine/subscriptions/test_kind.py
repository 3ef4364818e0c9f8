"""The reading of subscription classes: every fault with its fix, and what is wanted from the log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from actum import (
    Aggregate,
    Bookmark,
    CatalogueError,
    Command,
    DeadLetter,
    Engine,
    Event,
    Invalid,
    MemoryLog,
    Record,
    Subscription,
    decide,
    evolve,
    handle,
    upcast,
)
from actum.kinds.catalogue import Catalogue

from tests.support.bank import Account, Deposited, HeldAssessor, Withdrawn
from tests.support.scenes import scene


class Paid(Event, tag="Paid.1"):
    """What was paid once, in one amount for several."""

    key: str
    amounts: list[int]


class PaidToday(Event, tag="Paid.2", renamed_from="Given"):
    """What is paid today."""

    key: str
    amount: int


class Swift(Event, array_like=True):
    """An event without names."""

    key: str
    amount: int


class Hurry(Command):
    """Leads to one."""

    key: str


class Runner(Aggregate, key="key"):
    """Writes events without names."""

    runs: int = 0

    @decide
    def hurry(self, command: Hurry) -> Swift:
        """One more."""
        return Swift(key=command.key, amount=self.runs)

    @evolve
    def ran(self, event: Swift) -> None:
        """One more."""
        self.runs += 1


def faults_of(*subscriptions: type[Subscription]) -> list[str]:
    """What opening says about subscriptions of a bank."""
    with pytest.raises(CatalogueError) as refused:
        Catalogue.build([Account, *subscriptions], [HeldAssessor()])
    return refused.value.faults


def test_every_fault_is_named() -> None:
    """Names, handlers, parameters, hooks and constructors."""

    class Nothing(Subscription):
        pass

    class Path(Subscription, name="../up"):
        @handle
        def deposited(self, event: Deposited) -> None:
            pass

    class Twice(Subscription):
        @handle
        def deposited(self, event: Deposited) -> None:
            pass

        @handle
        def again(self, event: Deposited) -> Iterator[int]:
            yield 1

        @handle
        def needy(self, event: Withdrawn, needed: Iterator[int]) -> None:
            pass

    class Half(Subscription):
        def __init__(self, address: str) -> None:
            self.address = address

        async def save_bookmark(self, bookmark: Bookmark) -> None:
            pass

        @handle
        def deposited(self, event: Deposited) -> None:
            pass

    class Same(Subscription, name="Half"):
        @handle
        def deposited(self, event: Deposited) -> None:
            pass

    faults = "\n".join(faults_of(Nothing, Path, Twice, Half, Same))
    for expected in (
        "Nothing handles nothing: mark a method with @handle",
        "the name of Path, which is also that of a file",
        "Twice.again: Twice handles Deposited twice: keep one handler",
        "Twice.again yields: a @handle handler is called or awaited",
        "Twice.needy: ",
        "Half overrides one of load_bookmark and save_bookmark: override both, or neither",
        "Half.__init__ takes 'address': it is made without arguments; take services instead",
        "the subscriptions Half and Same are both stored as 'Half': give one another name=",
    ):
        assert expected in faults


def test_options_are_checked_when_the_class_is_made() -> None:
    """Each with its value and what is allowed."""
    for option, value in {
        "start": "end",
        "batch_max": 0,
        "on_failure": "ignore",
        "retry_max": -1,
        "retry_seconds_min": "1",
        "retry_seconds_max": -1.0,
        "dead_letters_max": 0,
    }.items():
        with pytest.raises(Invalid, match=f"Wrong: {option}="):
            type("Wrong", (Subscription,), {}, **{option: value})
    with pytest.raises(Invalid, match="start="):
        type("Wrong", (Subscription,), {}, start=-1)


def test_old_tags_are_wanted_too() -> None:
    """Those that upcasters, and renamed types, lead to what is handled."""

    @upcast
    def each(event: Paid) -> list[PaidToday]:
        return [PaidToday(key=event.key, amount=amount) for amount in event.amounts]

    class Payments(Subscription):
        @handle
        def paid(self, event: PaidToday) -> None:
            pass

    catalogue = Catalogue.build([Payments], (), [each])
    (kind,) = catalogue.subscriptions
    assert kind.tags(catalogue.upcasts) == {"Paid.1", "Paid.2", "Given"}


@scene
async def test_several_events_of_one_record() -> None:
    """What an upcaster made several events of is handled one by one, with the record of each."""
    seen: list[tuple[int, int, str]] = []

    class Old(Aggregate, key="key", name="Payer"):
        paid: int = 0

        @decide
        def hurry(self, command: Hurry) -> Paid:
            return Paid(key=command.key, amounts=[3, 4])

        @evolve
        def was_paid(self, event: Paid) -> None:
            pass

    class Payer(Aggregate, key="key"):
        paid: int = 0

        @evolve
        def was_paid(self, event: PaidToday) -> None:
            self.paid += event.amount

    class Payments(Subscription):
        @handle
        async def paid(self, event: PaidToday, record: Record) -> None:
            assert record.event is event
            seen.append((record.position, event.amount, record.key))

    @upcast
    def each(event: Paid) -> list[PaidToday]:
        return [PaidToday(key=event.key, amount=amount) for amount in event.amounts]

    log = MemoryLog()
    async with Engine.open(log, Old) as engine:
        await engine.send(Hurry(key="a"))
    async with Engine.open(log.reopen(), Payer, Payments, upcasters=[each]) as engine:
        await engine.subscription(Payments).caught_up()
        assert seen == [(1, 3, "a"), (1, 4, "a")]
        assert engine.subscription(Payments).statistics().handled == 1


@scene
async def test_events_without_names() -> None:
    """Events that are arrays are found as others are."""
    seen: list[int] = []

    class Runs(Subscription):
        @handle
        def ran(self, event: Swift) -> None:
            seen.append(event.amount)

    async with Engine.open(MemoryLog(), Runner, Runs) as engine:
        for _ in range(3):
            await engine.send(Hurry(key="a"))
        await engine.subscription(Runs).caught_up()
    assert seen == [0, 1, 2]


def test_dead_letters_are_kept_with_the_bookmark() -> None:
    """Who keeps dead letters overrides all three methods and keeps the bookmark; a class may find faults of its own."""

    class Half(Subscription, name="half"):
        @classmethod
        def faults(cls, services: Sequence[object]) -> list[str]:
            return [f"{cls.__name__} is half done, with {len(services)} services"]

        async def save_dead_letter(self, letter: DeadLetter) -> None: ...

        @handle
        def deposited(self, event: Deposited) -> None: ...

    assert faults_of(Half) == [
        (
            "Half overrides some of load_dead_letters, save_dead_letter, drop_dead_letter: override all three, "
            "load_bookmark and save_bookmark as well, or none"
        ),
        "Half is half done, with 1 services",
    ]
