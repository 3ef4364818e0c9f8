"""The front door: open, send, ask, close, and what each says when it can't."""

from __future__ import annotations

import asyncio
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import actum
import pytest
from actum import (
    CatalogueError,
    CommandFailed,
    CommandTimeout,
    Engine,
    EngineClosed,
    Invalid,
    MemoryLog,
    Options,
    Overloaded,
    Receipt,
    Rejected,
    StoreForked,
    StoreInUse,
    StoreMismatch,
)

from tests.support.bank import (
    Account,
    Activities,
    AllBalances,
    Balances,
    Deposit,
    DepositEach,
    Glance,
    HeldAssessor,
    Lend,
    Withdraw,
    open_bank,
)
from tests.support.fragile import Do, Fragile, open_fragile
from tests.support.logs import FaultyLog, intercepted
from tests.support.scenes import engine_threads, scene, turns, until


def deposit(amount: int, account_id: str = "ann") -> Deposit:
    """Money for Ann, or for somebody else."""
    return Deposit(account_id=account_id, amount=amount)


class TestOpening:
    """What opens and what does not."""

    @pytest.mark.parametrize("as_text", [False, True])
    @scene
    async def test_a_directory_is_made(self, tmp_path: Path, *, as_text: bool) -> None:
        """With its parents, for its owner only; a path or a string."""
        store = tmp_path / "deep" / "bank"
        async with open_bank(str(store) if as_text else store) as bank:
            await bank.send(deposit(1))
        assert stat.S_IMODE(store.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in store.rglob("*") if path.is_file()} == {0o600}

    @scene
    async def test_a_second_one_for_writing_is_told_who_holds_it(self, tmp_path: Path) -> None:
        """StoreInUse names the process; the first is not disturbed, and a reader is welcome beside it."""
        store = tmp_path / "bank"
        async with open_bank(store) as bank:
            await bank.send(deposit(1))
            with pytest.raises(StoreInUse, match=str(os.getpid())):
                await open_bank(store)
            assert (await bank.send(deposit(1))).version == 2
        async with open_bank(store) as bank:
            assert await bank.ask(AllBalances()) == {"ann": 2}

    @scene
    async def test_a_foreign_directory_is_refused(self, tmp_path: Path) -> None:
        """Something else lies there: nothing is touched."""
        (tmp_path / "letter.txt").write_text("not a store")
        with pytest.raises(StoreMismatch):
            await open_bank(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]

    def test_faults_in_the_classes_are_told_before_anything_is_touched(self, tmp_path: Path) -> None:
        """`Engine.open` raises at once, without `await`."""
        with pytest.raises(CatalogueError, match="needs a service"):
            Engine.open(tmp_path / "bank", Account, Balances)
        assert not (tmp_path / "bank").exists()

    @scene
    async def test_without_async_with(self, tmp_path: Path) -> None:
        """`await` opens too; `close` is the caller's then."""
        bank = await open_bank(tmp_path / "bank")
        assert (await bank.send(deposit(1))).position == 1
        await bank.close()

    @scene
    async def test_an_engine_opens_once(self) -> None:
        """Neither again while it is open nor after it was closed."""
        bank = open_bank()
        async with bank:
            with pytest.raises(EngineClosed, match="open already: make another one"):
                await bank
        with pytest.raises(EngineClosed, match="closed already"):
            await bank

    @scene
    async def test_a_failed_opening_leaves_nothing_behind(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """No thread and no lock, wherever it fails; the next one opens."""
        for place in ("actum.core.Codec", "actum.core.Streams", "actum.recovery.recovery.Recovery.restore"):
            with monkeypatch.context() as patch:
                patch.setattr(place, failing)
                with pytest.raises(ZeroDivisionError):
                    await open_bank(tmp_path / "bank")
                assert engine_threads() == [], place
        async with open_bank(tmp_path / "bank") as bank:
            assert (await bank.send(deposit(1))).position == 1

    @scene
    async def test_a_cancelled_opening_leaves_nothing_behind(self, tmp_path: Path) -> None:
        """As a failed one."""
        async with open_bank(tmp_path / "bank", frame_events_max=1) as bank:
            await bank.send_many([deposit(1)] * 20)
            core = bank._core
            assert core is not None
            core.checkpointer = None  # closing saves nothing: the next opening has to replay
        opening = asyncio.ensure_future(open_bank(tmp_path / "bank", replay_slice_events=1).__aenter__())
        await turns(5)
        assert not opening.done()
        opening.cancel()
        await asyncio.wait([opening])
        assert opening.cancelled()
        assert engine_threads() == []
        async with open_bank(tmp_path / "bank") as bank:
            assert await bank.ask(AllBalances()) == {"ann": 20}

    @scene
    async def test_the_defaults(self) -> None:
        """Without options the engine has its own, and the machine's clock."""
        async with Engine.open(MemoryLog(), Account, Balances, services=[HeldAssessor()]) as bank:
            assert bank.statistics().durability == "full"
            await bank.send(deposit(1))
            (record,) = await bank.history(Account, "ann")
            assert record.timestamp.year >= 2024

    @pytest.mark.parametrize(
        "given",
        [{"services": None}, {"services": "abc"}, {"upcasters": 5}, {"middleware": [5]}, {"options": {}}, {"log": 5}],
        ids=str,
    )
    def test_what_is_no_argument(self, given: dict[str, Any]) -> None:
        """Refused at once, by its name; no options are not the default ones."""
        name = next(iter(given))
        with pytest.raises(Invalid, match="store" if name == "log" else name):
            Engine.open(given.pop("log", None) or MemoryLog(), Account, **{"services": [HeldAssessor()], **given})


def failing(*_: Any, **__: Any) -> Any:
    """Something that breaks."""
    raise ZeroDivisionError


class TestSending:
    """`send` and its parameters."""

    @scene
    async def test_ids_of_all_kinds(self) -> None:
        """UUIDs and text, each where it belongs."""
        some_id = UUID(int=5)
        async with open_bank() as bank:
            receipt = await bank.send(
                deposit(1), command_id=some_id, user_id=some_id, correlation_id="c", causation_id="d"
            )
            assert receipt.command_id == some_id
            (record,) = await bank.history(Account, "ann")
            assert (record.user_id, record.correlation_id, record.causation_id) == (str(some_id), "c", "d")

    @pytest.mark.parametrize(
        ("parameters", "words"),
        [
            ({"command_id": ""}, "command_id must not be empty"),
            ({"command_id": 7}, "command_id must be a string, not 7"),
            ({"user_id": "x" * 201}, "user_id has 201 bytes"),
            ({"correlation_id": 7}, "correlation_id must be a string"),
            ({"causation_id": "\ud800"}, "causation_id is not valid Unicode"),
            ({"expected_version": -1}, "expected_version=-1 is not a version"),
            ({"expected_version": "1"}, "expected_version='1' is not a version"),
        ],
    )
    @scene
    async def test_bad_parameters_are_invalid(self, parameters: dict[str, Any], words: str) -> None:
        """The message names the parameter; nothing is written, nobody is woken."""
        async with open_bank() as bank:
            with pytest.raises(Invalid, match=words):
                await bank.send(deposit(1), **parameters)
            assert bank.statistics().position == 0

    @scene
    async def test_a_timeout_in_the_mailbox_drops_the_command(self) -> None:
        """CommandTimeout, which is a TimeoutError; the command has no effect."""
        assessor = HeldAssessor(held=True)
        async with open_bank(assessor=assessor) as bank:
            loan = asyncio.create_task(bank.send(Lend(account_id="ann", amount=1)))
            await until(lambda: assessor.asked)
            with pytest.raises(CommandTimeout, match="no answer to Deposit within 0.001 s") as caught:
                await bank.send(deposit(100), timeout=0.001)
            assert isinstance(caught.value, TimeoutError)
            assessor.free.set()
            await loan
            assert (await bank.send(deposit(10))).version == 2
            assert (await bank.state(Account, "ann")).balance == 11

    @scene
    async def test_a_timeout_after_the_command_was_taken(self) -> None:
        """It completes; sending it again with the same id tells."""
        log = FaultyLog(MemoryLog())
        async with open_bank(log) as bank:
            log.hold()
            with pytest.raises(CommandTimeout, match="if it had been taken it completes"):
                await bank.send(deposit(5), timeout=0.001, command_id="one")
            again = asyncio.create_task(bank.send(deposit(5), command_id="one"))
            await turns(5)
            log.release()
            assert (await again).version == 1
            assert await bank.ask(AllBalances()) == {"ann": 5}

    @scene
    async def test_an_answer_within_the_timeout(self) -> None:
        """Is the answer, be it a receipt or an error."""
        async with open_bank() as bank:
            assert (await bank.send(deposit(5), timeout=10)).version == 1
            with pytest.raises(Rejected):
                await bank.send(deposit(0), timeout=10)

    @scene
    async def test_a_caller_s_own_timeout_stays_his(self) -> None:
        """`asyncio.timeout` around `send` raises TimeoutError there, and a cancelled caller is cancelled."""
        assessor = HeldAssessor(held=True)
        async with open_bank(assessor=assessor) as bank:
            with pytest.raises(TimeoutError) as caught:
                async with asyncio.timeout(0.001):
                    await bank.send(Lend(account_id="ann", amount=1), timeout=60)
            assert not isinstance(caught.value, CommandTimeout)
            assessor.free.set()


class TestSendingMany:
    """`send_many`."""

    @scene
    async def test_each_on_its_own_in_order(self) -> None:
        """Receipts and errors where the commands stood; one's failure is nobody else's."""
        async with open_bank() as bank:
            commands: list[Any] = [
                deposit(5), deposit(0), Withdraw(account_id="ann", amount=5), deposit(1, ""), "nonsense", deposit(2,
                "bob"), DepositEach(account_id="bob", amounts=[1, 2]), Glance(account_id="bob"),
            ]  # fmt: skip
            outcomes = await bank.send_many(commands)
            assert [type(outcome) for outcome in outcomes] == [
                Receipt, Rejected, Receipt, Invalid, Invalid, Receipt, Receipt, Receipt,
            ]  # fmt: skip
            assert [outcome.version for outcome in outcomes if isinstance(outcome, Receipt)] == [1, 2, 1, 3, 3]
            assert outcomes[6].position == bank.statistics().position  # type: ignore[union-attr]

    @scene
    async def test_none(self) -> None:
        """An empty list gives an empty list."""
        async with open_bank() as bank:
            assert await bank.send_many([]) == []

    @pytest.mark.parametrize(
        "commands", [None, 5, {}, iter([deposit(1)])], ids=["None", "a number", "a dict", "an iterator"]
    )
    @scene
    async def test_what_is_no_sequence(self, commands: Any) -> None:
        """Refused as a whole: an iterator may have no end."""
        async with open_bank() as bank:
            with pytest.raises(Invalid, match="is not a sequence: give a list"):
                await bank.send_many(commands)
            assert bank.statistics().pending == 0

    @scene
    async def test_too_many(self) -> None:
        """What would fill the memory with its answers is refused as a whole; so is a billion services."""
        many: Any = range(10**9)
        async with open_bank() as bank:
            with pytest.raises(Invalid, match="1,000,000,000 commands are too many"):
                await bank.send_many(many)
        with pytest.raises(Invalid, match="services: 1,000,000,000 are too many"):
            Engine.open(MemoryLog(), Account, services=many)

    @scene
    async def test_more_than_a_mailbox_takes(self) -> None:
        """They are sent in parts, in order, without overloading by themselves."""
        async with open_bank(mailbox_size_max=7) as bank:
            outcomes = await bank.send_many([deposit(number + 1) for number in range(50)])
            assert [outcome.version for outcome in outcomes if isinstance(outcome, Receipt)] == list(range(1, 51))

    @scene
    async def test_overload_is_an_answer(self) -> None:
        """What finds a full mailbox is told so; the rest is done."""
        assessor = HeldAssessor(held=True)
        async with open_bank(assessor=assessor, mailbox_size_max=3) as bank:
            loan = asyncio.create_task(bank.send(Lend(account_id="ann", amount=1)))
            await until(lambda: assessor.asked)
            one = asyncio.create_task(bank.send_many([deposit(1), deposit(2)]))
            await turns(2)
            two = asyncio.create_task(bank.send_many([deposit(3), deposit(4), deposit(5, "bob")]))
            await turns(20)
            assert not one.done()
            assessor.free.set()
            await loan
            assert [type(outcome) for outcome in await two] == [Receipt, Overloaded, Receipt]
            assert [type(outcome) for outcome in await one] == [Receipt, Receipt]

    @scene
    async def test_cancelling_drops_what_is_in_mailboxes(self) -> None:
        """What was taken completes."""
        assessor = HeldAssessor(held=True)
        async with open_bank(assessor=assessor) as bank:
            many = asyncio.create_task(
                bank.send_many([deposit(1), Lend(account_id="ann", amount=1), deposit(10), deposit(100)])
            )
            await until(lambda: assessor.asked)
            many.cancel()
            await asyncio.wait([many])
            assert many.cancelled()
            assessor.free.set()
            assert (await bank.send(deposit(1_000))).version == 3
            assert (await bank.state(Account, "ann")).balance == 1_002

    @scene
    async def test_on_a_closing_engine(self) -> None:
        """What comes after the close is refused, also the later parts of a call that had begun."""
        log = FaultyLog(MemoryLog())
        bank = await open_bank(log, mailbox_size_max=2)
        log.hold()
        many = asyncio.create_task(bank.send_many([deposit(1)] * 6))
        await until(log.arrived.is_set)
        closing = asyncio.create_task(bank.close())
        await turns(5)
        log.release()
        await closing
        with pytest.raises(EngineClosed):
            await many
        with pytest.raises(EngineClosed):
            await bank.send_many([deposit(1)])
        assert log.head.position == 2


class TestAsking:
    """`ask` and `after`."""

    @scene
    async def test_after_a_position_that_is_there(self) -> None:
        """Answered at once."""
        async with open_bank() as bank:
            receipt = await bank.send(deposit(1))
            for after in (0, 1, receipt.position):
                assert await bank.ask(AllBalances(), after=after) == {"ann": 1}

    @scene
    async def test_after_a_position_to_come(self) -> None:
        """The answer waits until the views show it, each question for its own position."""
        async with open_bank() as bank:
            asked = [asyncio.create_task(bank.ask(AllBalances(), after=after)) for after in (3, 1, 2)]
            await turns(5)
            await bank.send(deposit(1))
            await until(asked[1].done)
            assert await asked[1] == {"ann": 1}
            assert not asked[0].done()
            assert not asked[2].done()
            await bank.send(DepositEach(account_id="ann", amounts=[1, 1]))
            assert await asked[0] == await asked[2] == {"ann": 3}

    @scene
    async def test_a_position_that_does_not_come(self) -> None:
        """CommandTimeout names the option; nothing is left waiting."""
        async with open_bank(ask_after_seconds_max=0.001) as bank:
            with pytest.raises(
                CommandTimeout,
                match=r"position 9 did not come within 0.001 s \(ask_after_seconds_max\); the log is at 0",
            ):
                await bank.ask(AllBalances(), after=9)
            core = bank._core
            assert core is not None
            assert core.awaited.waiting == []

    @pytest.mark.parametrize("after", [-1, "1", 1.5])
    @scene
    async def test_what_is_no_position_is_invalid(self, after: Any) -> None:
        """The message says what to give."""
        async with open_bank() as bank:
            with pytest.raises(Invalid, match="is not a position: give a receipt's position"):
                await bank.ask(AllBalances(), after=after)

    @scene
    async def test_a_cancelled_question_leaves_nothing(self) -> None:
        """The next batch has nobody to tell."""
        async with open_bank() as bank:
            asked = asyncio.create_task(bank.ask(AllBalances(), after=1))
            await turns(3)
            asked.cancel()
            await bank.send(deposit(1))
            await asyncio.wait([asked])
            assert asked.cancelled()

    @scene
    async def test_a_question_that_waits_when_the_engine_closes(self) -> None:
        """EngineClosed: the position can't come any more. It is not a cancellation, nobody asked for that."""
        bank = await open_bank()
        asked = asyncio.create_task(bank.ask(AllBalances(), after=1))
        await turns(3)
        await bank.close()
        await until(asked.done)
        assert not asked.cancelled()
        assert isinstance(asked.exception(), EngineClosed)


class TestClosing:
    """`close`, and an engine that is closed."""

    @scene
    async def test_again_does_nothing(self, tmp_path: Path) -> None:
        """As often as one likes, also before opening."""
        bank = open_bank(tmp_path / "bank")
        await bank.close()
        async with bank:
            await bank.send(deposit(1))
        await bank.close()
        await bank.close()

    @scene
    async def test_nothing_is_taken_any_more(self, tmp_path: Path) -> None:
        """Every door says where the engine is in its life."""
        bank = open_bank(tmp_path / "bank")
        with pytest.raises(EngineClosed, match="the engine is new, not open"):
            await bank.send(deposit(1))
        with pytest.raises(EngineClosed, match="new"):
            bank.statistics()
        async with bank:
            pass
        for call in (
            bank.send(deposit(1)), bank.send_many([deposit(1)]), bank.ask(AllBalances()), bank.rebuild(Balances),
            bank.checkpoint(), bank.history(Account, "ann"),
        ):  # fmt: skip
            with pytest.raises(EngineClosed, match="the engine is closed, not open"):
                await call
        with pytest.raises(EngineClosed):
            bank.release(Account, "ann")
        assert bank.statistics().state == "closed"

    @scene
    async def test_it_is_closed_when_the_block_fails(self, tmp_path: Path) -> None:
        """The error goes on, what was sent is there, and the store is free."""
        with pytest.raises(ZeroDivisionError):  # noqa: PT012  # the block's own failure is the point
            async with open_bank(tmp_path / "bank") as bank:
                await bank.send(deposit(1))
                raise ZeroDivisionError
        async with open_bank(tmp_path / "bank") as bank:
            assert await bank.ask(AllBalances()) == {"ann": 1}

    @scene
    async def test_cancelling_the_caller_does_not_stop_it(self, tmp_path: Path) -> None:
        """The closing goes on to its end before the cancellation is felt."""
        bank = open_bank(tmp_path / "bank")
        log = intercepted(bank)
        await bank
        log.hold()
        paid = asyncio.create_task(bank.send(deposit(1)))
        await until(log.arrived.is_set)
        closing = asyncio.create_task(bank.close())
        await turns(5)
        closing.cancel()
        await turns(5)
        assert not closing.done()
        log.release()
        await asyncio.wait([closing])
        assert closing.cancelled()
        assert (await paid).version == 1
        assert bank.statistics().state == "closed"
        async with open_bank(tmp_path / "bank") as bank:
            assert await bank.ask(AllBalances()) == {"ann": 1}

    @scene
    async def test_no_thread_and_no_task_is_left(self, tmp_path: Path) -> None:
        """Writer, checkpointer and housekeeping end."""
        tasks = asyncio.all_tasks()
        async with open_bank(tmp_path / "bank") as bank:
            await bank.send(deposit(1))
            await bank.checkpoint()
            assert engine_threads() == ["actum-disk_0", "actum-writer"]
        await turns(3)
        assert engine_threads() == []
        assert asyncio.all_tasks() == tasks

    @scene
    async def test_the_store_is_released_whatever_fails(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A bug in the last checkpoint comes out of `close`, and the next engine opens."""
        bank = await open_bank(tmp_path / "bank")
        await bank.send(deposit(1))
        with monkeypatch.context() as patch:
            patch.setattr("actum.recovery.checkpoints.Checkpointer.checkpoint", failing)
            with pytest.raises(ZeroDivisionError):
                await bank.close()
        assert bank.statistics().state == "closed"
        async with open_bank(tmp_path / "bank") as bank:
            assert await bank.ask(AllBalances()) == {"ann": 1}


class TestStatistics:
    """The only source of figures."""

    @scene
    async def test_what_was_counted(self, tmp_path: Path) -> None:
        """Accepted, rejected, asked, awake, commits, rows: as it was."""
        async with open_bank(tmp_path / "bank") as bank:
            fresh = bank.statistics()
            assert (fresh.state, fresh.durability, fresh.position, fresh.accepted, fresh.commits) == (
                "open",
                "relaxed",
                0,
                0,
                0,
            )
            await bank.send(deposit(1))
            await bank.send_many([deposit(1, name) for name in ("ann", "bob", "eve")])
            await bank.send(Glance(account_id="ann"))
            with pytest.raises(Rejected):
                await bank.send(deposit(0))
            await bank.ask(AllBalances())
            statistics = bank.statistics()
            assert (statistics.position, statistics.accepted, statistics.rejected, statistics.queries) == (4, 5, 1, 1)
            assert (statistics.awake, statistics.activations, statistics.passivations, statistics.pending) == (
                3,
                3,
                0,
                0,
            )
            assert (statistics.commits, statistics.commit_losses) == (2, 0)
            assert 0 < statistics.commit_seconds_max <= statistics.commit_seconds
            assert statistics.open_seconds > 0
            (account,) = statistics.aggregates
            assert (account.name, account.awake, account.snapshots, account.quarantined) == ("Account", 3, 0, ())
            balances, activities = statistics.views
            assert (balances.name, balances.rows, balances.position, balances.lag) == ("Balances", 3, 4, 0)
            assert (activities.state, activities.failure) == ("live", None)

    @scene
    async def test_they_cost_the_same_however_many_actors_are_awake(self) -> None:
        """Nobody walks over a hundred thousand actors in one turn of the loop because a screen wants figures."""

        class Unwalked(dict[str, Any]):
            def __iter__(self) -> Any:  # never
                raise AssertionError("all actors were looked at")

            values = items = keys = __iter__

        async with open_fragile(quarantine_failures_max=1) as engine:
            for key, how in (("c", "badly"), ("b", "badly"), ("a", "well")):
                with suppress(CommandFailed):
                    await engine.send(Do(key=key, how=how))
            assert engine._core is not None
            streams = engine._core.directory.streams["Fragile"]
            for key in ("d", "e"):  # a failure alone is no quarantine
                with suppress(CommandFailed):
                    await engine.send(Do(key=key, how="badly"))
                engine.release(Fragile, key)
            actors, streams.actors = streams.actors, Unwalked(streams.actors)
            (fragile,) = [kind for kind in engine.statistics().aggregates if kind.name == "Fragile"]
            assert (fragile.awake, fragile.quarantined) == (5, ("b", "c"))
            streams.actors = actors
        assert all(kind.quarantined == () for kind in engine.statistics().aggregates)

    @scene
    async def test_they_are_frozen(self) -> None:
        """One moment, not a live object."""
        async with open_bank() as bank:
            statistics: Any = bank.statistics()
            with pytest.raises(AttributeError):
                statistics.position = 7
            await bank.send(deposit(1))
            assert statistics.position == 0

    @scene
    async def test_an_engine_shows_itself(self, tmp_path: Path) -> None:
        """Store, state and position."""
        log = MemoryLog()
        bank = Engine.open(log, Account, Balances, Activities, services=[HeldAssessor()], options=Options())
        assert repr(bank) == f"<Engine {log!r} new>"
        async with bank:
            await bank.send(deposit(1))
            assert repr(bank) == f"<Engine {log!r} open @1>"
        assert repr(bank) == f"<Engine {log!r} closed @1>"


def test_a_forked_child_is_refused(tmp_path: Path) -> None:
    """The writer's thread does not exist there: the child is told so, and the parent goes on."""

    async def main() -> None:
        async with open_bank(tmp_path / "bank") as bank:
            await bank.send(deposit(1))
            reading, writing = os.pipe()
            child = os.fork()
            if child == 0:
                try:
                    bank.send(deposit(1)).send(None)
                except StoreForked:
                    os.write(writing, b"refused")
                except BaseException as error:  # noqa: BLE001  # the child must end here, whatever happens
                    os.write(writing, repr(error).encode())
                os._exit(0)
            os.waitpid(child, 0)
            assert os.read(reading, 1_000) == b"refused"
            os.close(reading)
            os.close(writing)
            assert (await bank.send(deposit(1))).version == 2

    actum.run(main())
