"""A store's directory as a source: of an engine that runs, was stopped, was killed; with and without its classes."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import actum
import pytest
from actum.monitor import (
    DeadLetters,
    DeadLettersRequest,
    DeadlinesDue,
    DeadlinesRequest,
    Frame,
    Processes,
    ProcessesRequest,
    Rebuild,
    Records,
    RecordsRequest,
    RowsPage,
    RowsRequest,
    State,
    StateRequest,
    StoreVitals,
    Wanted,
)
from actum_tui.application import Application
from actum_tui.top import stored
from actum_tui.top.condition import condition_of
from actum_tui.top.source import Found, Lost, Past, Unavailable
from actum_tui.top.stored import StoredSource

from tests.support.bank import Account, Activities, Balances, Deposit, HeldAssessor, open_bank
from tests.support.processes import Conversation, run_python
from tests.support.scenes import scene

GOLDEN = Path(__file__).parents[3] / "golden" / "format-1" / "store"
APPLICATION = Application([Account, Balances, Activities], (), [HeldAssessor()], ())
FAST = 0.1


async def fill(path: Path, *accounts: str) -> None:
    """A closed store with a deposit into each of some accounts."""
    async with open_bank(path) as bank:
        for number, account in enumerate(accounts, 1):
            await bank.send(Deposit(account_id=account, amount=number))


@asynccontextmanager
async def looking(path: Path, application: Application | None = None) -> AsyncIterator[StoredSource]:
    """A source, open."""
    source = StoredSource(str(path), application=application)
    source.watch(Wanted(interval_seconds=FAST))
    await source.open()
    try:
        yield source
    finally:
        await source.close()
    assert [each.name for each in threading.enumerate() if each.name.startswith("actum engine beside")] == []


async def next_frame(items: AsyncIterator[Frame | Lost | Found | Past]) -> Frame:
    """The next frame; whatever else comes is passed over."""
    async for item in items:
        if isinstance(item, Frame):
            return item
    raise AssertionError("no frame came")


async def next_vitals(items: AsyncIterator[Frame | Lost | Found | Past]) -> StoreVitals:
    """What the next frame says of the directory."""
    frame = await next_frame(items)
    assert frame.store is not None
    return frame.store


class TestFrames:
    """What comes once an interval."""

    @scene
    async def test_of_a_store_that_was_stopped(self, tmp_path: Path) -> None:
        """What the directory says, and that there is no engine's figure."""
        await fill(tmp_path / "bank", "a-1", "b-1")
        async with looking(tmp_path / "bank") as source:
            items = source.frames()
            first = await anext(items)
            assert isinstance(first, Found)
            assert (first.hello.name, first.hello.store, first.hello.pid) == ("bank", str(tmp_path / "bank"), 0)
            assert [view.name for view in first.hello.views] == ["Balances", "Activities"]
            assert (first.hello.aggregates, first.hello.events) == (("Account",), ("Deposited", "Noted", "Withdrawn"))
            frame = await next_frame(items)
            assert frame.store is not None
            assert (frame.statistics, frame.vitals, frame.store.position) == (None, None, 2)
            assert condition_of(frame.store) == "stopped"

    @scene
    async def test_beside_an_engine_that_runs(self, tmp_path: Path) -> None:
        """Its process is named, what it writes comes; when it is killed that is seen, and nothing is lost."""
        with Conversation(WRITER, tmp_path / "bank") as writer:
            async with looking(tmp_path / "bank") as source:
                items = source.frames()
                vitals = await next_vitals(items)
                assert condition_of(vitals) == f"running in process {writer.first_line}"
                assert writer.ask("5") == "5"
                while vitals.position < 5:
                    vitals = await next_vitals(items)
                os.kill(int(writer.first_line), 9)
                while vitals.writer is not None:
                    vitals = await next_vitals(items)
                assert condition_of(vitals) == "ended without a last checkpoint"
                assert [record.position for record in await source.journal.records(1, 99)] == [1, 2, 3, 4, 5]

    @scene
    async def test_a_store_that_is_compacted_meanwhile(self, tmp_path: Path) -> None:
        """It is said, and it is opened again."""
        await fill(tmp_path / "bank", "a-1", "b-1")
        async with looking(tmp_path / "bank") as source:
            items = source.frames()
            await next_frame(items)
            run_python("import sys, actum; actum.compact_store(sys.argv[1])", tmp_path / "bank")
            found = [await anext(items)]
            while not isinstance(found[-1], Found):
                found.append(await anext(items))
            lost = next(item for item in found if isinstance(item, Lost))
            assert "was compacted, or replaced by another one: it is tried again" in lost.sentence
            assert (await next_vitals(items)).position == 2

    @scene
    async def test_a_store_that_vanishes_and_comes_back(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is said once for each reason, and tried until it is there again: as another one, if it is."""
        monkeypatch.setattr(stored, "AGAIN_SECONDS", 0.01)
        await fill(tmp_path / "bank", "a-1")
        await fill(tmp_path / "other", "a-1", "b-1", "c-1")
        async with looking(tmp_path / "bank") as source:
            items = source.frames()
            await next_frame(items)
            shutil.rmtree(tmp_path / "bank")
            sentences: list[str] = []
            async for item in items:
                if isinstance(item, Lost):
                    sentences.append(item.sentence)
                    if "there is no such directory" in item.sentence:
                        shutil.copytree(tmp_path / "other", tmp_path / "bank")
                elif sentences:
                    break
            assert len(sentences) == len(set(sentences)) <= 4
            assert (await next_vitals(items)).position == 3

    @scene
    async def test_where_there_is_none(self, tmp_path: Path) -> None:
        """As `open_store` says it."""
        source = StoredSource(str(tmp_path / "nothing"))
        with pytest.raises(actum.StoreMismatch, match="no such directory"):
            await source.open()
        await source.close()
        await source.close()


class TestWithout:
    """Without the user's classes."""

    @scene
    async def test_rows_are_those_of_the_checkpoint(self, tmp_path: Path) -> None:
        """With the position as of which they are; filtered, ordered, in pages."""
        await fill(tmp_path / "bank", *(f"a-{number}" for number in range(7)))
        async with looking(tmp_path / "bank") as source:
            page = await source.ask(RowsRequest(view="Balances", order="balance", descending=True, limit=2, offset=1))
            assert isinstance(page, RowsPage)
            assert (page.position, page.key, page.count, page.matched) == (7, "account_id", 7, 7)
            assert [row[0] for row in page.rows] == ["a-5", "a-4"]
            filtered = await source.ask(RowsRequest(view="Balances", filter="balance>5"))
            assert isinstance(filtered, RowsPage)
            assert ([row[2] for row in filtered.rows], filtered.matched) == ([6, 7], 2)
            with pytest.raises(actum.Invalid, match="there is no field 'colour'"):
                await source.ask(RowsRequest(view="Balances", order="colour"))
            with pytest.raises(actum.Invalid, match="--app MODULE:ATTRIBUTE"):
                await source.ask(RowsRequest(view="Balances", position=3))
            with pytest.raises(actum.Invalid, match="no view 'Nothing'"):
                await source.ask(RowsRequest(view="Nothing"))

    @scene
    async def test_rows_in_frames(self, tmp_path: Path) -> None:
        """They come as soon as they have been found; why there are none is said, too."""
        await fill(tmp_path / "bank", "a-1")
        async with looking(tmp_path / "bank") as source:
            source.watch(Wanted(interval_seconds=FAST, rows=RowsRequest(view="Balances")))
            items = source.frames()
            frame = await next_frame(items)
            while frame.rows is None:
                frame = await next_frame(items)
            assert frame.rows.rows == (("a-1", "a", 1),)
            source.watch(Wanted(interval_seconds=FAST, rows=RowsRequest(view="Nothing")))
            while frame.rows_failure is None:
                frame = await next_frame(items)
            assert "no view 'Nothing'" in frame.rows_failure

    @scene
    async def test_states_are_not_there(self, tmp_path: Path) -> None:
        """What would have them is said; so it is for actions."""
        await fill(tmp_path / "bank", "a-1")
        async with looking(tmp_path / "bank") as source:
            with pytest.raises(Unavailable, match="give --app MODULE:ATTRIBUTE, or attach to the running engine"):
                await source.ask(StateRequest(aggregate="Account", key="a-1"))
            with pytest.raises(Unavailable, match="takes no actions"):
                await source.ask(Rebuild("Balances"))

    @scene
    async def test_what_the_log_tells(self, tmp_path: Path) -> None:
        """Records, histories, and what happens by itself."""
        await fill(tmp_path / "bank", "a-1", "b-1", "a-1")
        told: list[tuple[int, int]] = []
        async with looking(tmp_path / "bank") as source:
            assert await source.journal.head() == 3
            assert [record.position for record in await source.journal.history("Account", "a-1")] == [1, 3]
            records = await source.ask(RecordsRequest(2, 9))
            assert isinstance(records, Records)
            assert ([record.position for record in records.records], records.head) == ([2, 3], 3)
            processes = await source.ask(ProcessesRequest(), lambda done, whole: told.append((done, whole)))
            deadlines, letters = await source.ask(DeadlinesRequest()), await source.ask(DeadLettersRequest())
            assert isinstance(processes, Processes)
            assert isinstance(deadlines, DeadlinesDue)
            assert isinstance(letters, DeadLetters)
            assert (processes.count, deadlines.count, letters.count) == (0, 0, 0)

    @scene
    async def test_a_store_of_the_first_release(self, tmp_path: Path) -> None:
        """It is looked at like any other; rows that can't be put together say what to do."""
        shutil.copytree(GOLDEN, tmp_path / "golden")
        async with looking(tmp_path / "golden") as source:
            frame = await next_frame(source.frames())
            assert frame.store is not None
            assert (frame.store.position, frame.store.checkpoint_position) == (16, 16)
            assert [view.name for view in source.hello.views] == ["Balances", "Activities"]
            with pytest.raises(actum.Invalid, match=r"engine.checkpoint\(base=True\)"):
                await source.ask(RowsRequest(view="Balances"))


class TestWithClasses:
    """With `--app`."""

    @scene
    async def test_views_and_states_are_as_of_opening(self, tmp_path: Path) -> None:
        """Of the whole log, also behind the checkpoint; and of now, when that is asked for."""
        await fill(tmp_path / "bank", "a-1")
        async with looking(tmp_path / "bank", APPLICATION) as source:
            run_python(DEPOSITS, tmp_path / "bank", 3)
            page = await source.ask(RowsRequest(view="Balances"))
            assert isinstance(page, RowsPage)
            assert (page.position, page.rows) == (1, (("a-1", "a", 1),))
            await source.renew()
            page = await source.ask(RowsRequest(view="Balances"))
            assert isinstance(page, RowsPage)
            assert (page.position, page.rows) == (4, (("a-1", "a", 4),))
            state = await source.ask(StateRequest(aggregate="Account", key="a-1", version=2))
            assert isinstance(state, State)
            assert (state.version, state.values["balance"]) == (2, 2)
            frame = await next_frame(source.frames())
            assert frame.statistics is not None
            assert (frame.statistics.state, frame.statistics.position) == ("read-only", 4)

    @scene
    async def test_classes_that_do_not_fit(self, tmp_path: Path) -> None:
        """They are refused with the engine's own sentence."""
        await fill(tmp_path / "bank", "a-1")
        source = StoredSource(str(tmp_path / "bank"), application=Application([Balances], (), (), ()))
        with pytest.raises(actum.ActumError):
            await source.open()
        await source.close()

    @scene
    async def test_it_is_opened_again_when_the_store_is(self, tmp_path: Path) -> None:
        """After a compaction the engine beside it reads the new files."""
        await fill(tmp_path / "bank", "a-1")
        async with looking(tmp_path / "bank", APPLICATION) as source:
            items = source.frames()
            await next_frame(items)
            run_python("import sys, actum; actum.compact_store(sys.argv[1])", tmp_path / "bank")
            item = await anext(items)
            while not isinstance(item, Found):
                item = await anext(items)
            state = await source.ask(StateRequest(aggregate="Account", key="a-1"))
            assert isinstance(state, State)
            assert state.values["balance"] == 1


WRITER = """
    import asyncio, os, sys
    from tests.support.bank import Deposit, open_bank

    async def main():
        async with open_bank(sys.argv[1]) as bank:
            print(os.getpid(), flush=True)
            for line in sys.stdin:
                for number in range(int(line)):
                    await bank.send(Deposit(account_id=f"a-{number}", amount=1))
                print(bank.statistics().position, flush=True)

    asyncio.run(main())
"""
DEPOSITS = """
    import asyncio, sys
    from tests.support.bank import Deposit, open_bank

    async def main():
        async with open_bank(sys.argv[1]) as bank:
            for _ in range(int(sys.argv[2])):
                await bank.send(Deposit(account_id="a-1", amount=1))

    asyncio.run(main())
"""
