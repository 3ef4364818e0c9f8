"""States at versions, for who moves through them quickly."""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path
from typing import Any

import pytest
from actum import Aggregate, Command, Engine, Event, Invalid, MemoryLog, decide, evolve
from actum.monitor import Unanswered, attach, pace
from actum.monitor import states as states_module
from actum.monitor.requests import State, StateRequest
from actum.monitor.states import States
from actum.monitor.values import state_values

from tests.support.bank import Account, Deposit, DepositEach, HeldAssessor, Note, Withdraw, open_bank
from tests.support.clocks import FakeClock
from tests.support.errands import idle
from tests.support.fulfilment import AddStock, CancelOrder, Fulfilment, PlaceOrder, open_shop
from tests.support.scenes import scene, until


def states_of(engine: Engine) -> States:
    """Somebody who asks an open engine."""
    core = engine._core
    assert core is not None
    return States(core)


def of(key: str, version: int | None = None, aggregate: str = "Account") -> StateRequest:
    """A question about an account."""
    return StateRequest(aggregate=aggregate, key=key, version=version)


async def agree(engine: Engine, states: States, key: str, versions: list[int]) -> None:
    """At each of these versions the answer is what the engine itself says."""
    for version in versions:
        answer = await states.answer(of(key, version))
        assert answer.version == version
        assert answer.values == state_values(await engine.state(Account, key, version=version))[0]


class Divide(Command):
    """Something that its event can't bear."""

    name: str
    by: int


class Divided(Event):
    """It was decided by code of yesterday."""

    name: str
    by: int


class Fraction(Aggregate, key="name"):
    """Fails while it is folded, if it is told to."""

    value: float = 1.0
    careful: bool = True

    @decide
    def divide(self, command: Divide) -> Divided:
        """Always."""
        return Divided(name=command.name, by=command.by)

    @evolve
    def divided(self, event: Divided) -> None:
        """Today's code has forgotten about 0."""
        if event.by or not STRICT:
            self.value /= event.by or 1
            return
        self.value /= event.by


STRICT: list[bool] = []


class TestStates:
    """Aggregates."""

    @scene
    async def test_the_state_at_each_version_is_the_engines(self, tmp_path: Path) -> None:
        """Forward, backward and jumping, with marks every 128 events, asleep or awake."""
        chance = random.Random(7)
        async with open_bank(tmp_path) as bank:
            for _ in range(40):
                await bank.send(DepositEach(account_id="ann", amounts=[chance.randint(1, 9) for _ in range(9)]))
                await bank.send(Withdraw(account_id="ann", amount=1))
                await bank.send(Note(account_id="ann", text="x"))
                await bank.send(Deposit(account_id="bob", amount=1))
            states = states_of(bank)

            await agree(bank, states, "ann", [0, 1, 2, 3, 440, 439, 438, 129, 128, 127, 0])
            await agree(bank, states, "ann", [chance.randint(0, 440) for _ in range(60)])
            answer = await states.answer(of("ann"))

        assert answer.version == 440
        assert [column.name for column in answer.columns] == ["balance", "movements", "notes"]
        assert answer.columns[0].numeric

    @scene
    async def test_a_stream_that_grows_is_read_on(self) -> None:
        """The last version is the last durable one at each question, whatever was learnt before."""
        async with open_bank() as bank:
            states = states_of(bank)
            for version in range(1, 20):
                await bank.send(Deposit(account_id="ann", amount=version))
                answer = await states.answer(of("ann"))
                assert (answer.version, answer.values["balance"]) == (version, sum(range(version + 1)))
            await agree(bank, states, "ann", list(range(20)))

    @scene
    async def test_neighbours_are_cheap(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A step back decodes no more events than lie between two marks; a step forward one."""
        decoded: list[int] = []
        async with open_bank() as bank:
            for _ in range(30):
                await bank.send(DepositEach(account_id="ann", amounts=[1] * 100))
            core = bank._core
            assert core is not None
            streams = core.directory.streams["Account"]
            read = type(streams).records

            def counting(self: Any, positions: Any, *more: Any) -> Any:
                decoded.append(len(positions))
                return read(self, positions, *more)

            monkeypatch.setattr(type(streams), "records", counting)
            states = states_of(bank)
            for version in (3000, 2999, 2998, 2500, 2501, 1):
                await states.answer(of("ann", version))

        assert decoded[0] == 3000
        assert all(count <= states_module.SPACING_EVENTS for count in decoded[1:])
        assert decoded[4] == 1

    @scene
    async def test_what_is_kept_is_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Too many marks, or too large ones: every other goes; streams that were looked at long ago go too."""
        monkeypatch.setattr(states_module, "KEPT_STATES_MAX", 4)
        monkeypatch.setattr(states_module, "SPACING_EVENTS", 10)
        async with open_bank() as bank:
            for key in "abcdef":
                await bank.send(DepositEach(account_id=key, amounts=[1] * 100))
            states = states_of(bank)
            for key in "abcdef":
                await agree(bank, states, key, [100, 99, 50])
            monkeypatch.setattr(states_module, "KEPT_BYTES_MAX", 1)
            await states.answer(of("a"))
            await agree(bank, states, "a", [100, 99, 5])

            assert len(states._streams) == states_module.STREAMS_MAX
            assert sorted(states._streams["Account", "f"]._kept) == [40, 80]
            assert not states._streams["Account", "a"]._kept

    @scene
    async def test_long_work_says_how_far_it_is_and_can_be_cancelled(self, tmp_path: Path) -> None:
        """In slices; after a cancelled answer the next one is right."""
        async with open_bank(tmp_path) as bank:
            for _ in range(20):
                await bank.send(DepositEach(account_id="ann", amounts=[2] * 100))
            told: list[tuple[int, int]] = []
            states = states_of(bank)
            asked = asyncio.create_task(states.answer(of("ann"), lambda done, whole: told.append((done, whole))))
            await until(lambda: len(told) == 14)
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)

            assert told == sorted(told)
            assert all(done <= whole == 4000 for done, whole in told)
            assert asked.cancelled()
            await agree(bank, states, "ann", [2000, 1, 700, 701])

    @scene
    async def test_a_state_of_any_size_is_answered(self) -> None:
        """With the beginning of what is too long, which is named."""
        async with open_bank() as bank:
            for _ in range(100):
                await bank.send(Note(account_id="ann", text="x" * 5_000))
            answer = await states_of(bank).answer(of("ann"))

        assert answer.cut == ("notes",)
        assert 0 < len(answer.values["notes"]) < 100
        assert answer.values["movements"] == 0

    @scene
    async def test_questions_at_once_take_turns(self) -> None:
        """Each has its own answer."""
        async with open_bank() as bank:
            await bank.send(DepositEach(account_id="ann", amounts=[1] * 900))
            states = states_of(bank)
            versions = [900, 3, 500, 499, 0, 899]
            answers = await asyncio.gather(*(states.answer(of("ann", version)) for version in versions))

            assert [answer.values["balance"] for answer in answers] == versions

    @scene
    async def test_what_is_not_there_is_named(self) -> None:
        """A class, a version, a key; a stream without events is before its first."""
        async with open_bank() as bank:
            await bank.send(Deposit(account_id="ann", amount=1))
            states = states_of(bank)
            with pytest.raises(Invalid, match="'Acount' is neither an aggregate nor a process .*: it has Account"):
                await states.answer(of("ann", aggregate="Acount"))
            with pytest.raises(Invalid, match="Account/ann has no version 2: it is at 1"):
                await states.answer(of("ann", 2))
            with pytest.raises(Invalid, match="has no version -1"):
                await states.answer(of("ann", -1))
            with pytest.raises(Invalid, match="key must not be empty"):
                await states.answer(of(""))
            nobody = await states.answer(of("nobody"))

        assert (nobody.version, nobody.values) == (0, {"balance": 0, "movements": 0, "notes": []})

    @scene
    async def test_a_handler_that_fails_is_named_and_spoils_nothing(self) -> None:
        """The versions before are shown still, and all of them once it is mended."""
        async with Engine.open(MemoryLog(), Fraction) as engine:
            for by in (2, 0, 2):
                await engine.send(Divide(name="a", by=by))
            states = states_of(engine)
            STRICT.append(True)
            try:
                with pytest.raises(Invalid, match="past version 1: the event at position 2 fails: ZeroDivisionError"):
                    await states.answer(of("a", 3, "Fraction"))
                before = await states.answer(of("a", 1, "Fraction"))
            finally:
                STRICT.clear()
            after = await states.answer(of("a", 3, "Fraction"))

        assert (before.values["value"], after.values["value"]) == (0.5, 0.25)


class TestProcesses:
    """Instances of processes."""

    @scene
    async def test_an_instance_at_each_of_its_versions(self) -> None:
        """By the process's name, and as the log has it; what the engine says, whatever happened in between."""
        async with open_shop(clock=FakeClock()) as shop:
            await shop.send(AddStock(product_id="tea", quantity=5))
            for order, product in (("o", "tea"), ("b", "buggy")):
                await shop.send(PlaceOrder(order_id=order, product_id=product))
                await idle(shop)
            await shop.send(CancelOrder(order_id="o", reason="changed my mind"))
            await shop.cancel_process(Fulfilment, "b")
            await idle(shop)
            states = states_of(shop)
            for key, entries in (("o", 2), ("b", 2)):
                for version in range(entries + 1):
                    expected = state_values(await shop.state(Fulfilment, key, version=version))[0]
                    named = await states.answer(of(key, version, "Fulfilment"))
                    logged = await states.answer(of(f"Fulfilment/{key}", version, "actum.Processes"))
                    assert named.values == logged.values == expected
                    assert named.version == logged.version == version
            last = await states.answer(of("o", aggregate="Fulfilment"))

        assert (last.version, last.values["quantity"]) == (2, 1)

    @scene
    async def test_a_process_that_is_gone_shows_its_stream(self) -> None:
        """The class of an instance is not given any more: what the engine itself keeps is shown."""
        async with open_shop() as shop:
            answer: State = await states_of(shop).answer(of("Gone/o", 0, "actum.Processes"))

        assert "number" in answer.values


@scene
async def test_an_attached_client_is_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the engine's socket, and refused with the reason."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    async with Engine.open(MemoryLog(), Account, services=[HeldAssessor()], monitor=True) as bank:
        await bank.send(DepositEach(account_id="ann", amounts=[1, 2]))
        async with await attach(os.getpid()) as attached:
            answer = await attached.ask(of("ann", 1))
            with pytest.raises(Unanswered, match="has no version 3"):
                await attached.ask(of("ann", 3))

    assert isinstance(answer, State)
    assert answer.values["balance"] == 1


@scene
async def test_events_that_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop has its turn when some time has passed, not after so many events: one may take as long as hundreds."""
    async with open_bank() as bank:
        await bank.send_many([Deposit(account_id="a", amount=1) for _ in range(50)])
        passed = 0

        async def others() -> None:
            nonlocal passed
            while True:
                await asyncio.sleep(0)
                passed += 1

        monkeypatch.setattr(pace, "SLICE_NS", 0)  # each takes as long as a slice may
        running = asyncio.create_task(others())
        await states_of(bank).answer(of("a"))
        running.cancel()
        assert passed >= 100  # fifty to find them, fifty to fold them
