"""A recording as a source, and any source recorded: what was seen is what is seen again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from actum.monitor import Frame, RowsRequest, StateRequest, Wanted
from actum_tui.top.player import Player
from actum_tui.top.recorded import RecordedSource
from actum_tui.top.recorder import Recorder
from actum_tui.top.recording import RecordingSource
from actum_tui.top.recording_file import RecordingFile
from actum_tui.top.recording_format import Moment
from actum_tui.top.source import Found, Lost, Past, Unavailable
from actum_tui.top.stored import StoredSource

from tests.support.bank import Deposit, open_bank
from tests.support.moments import HELLO, SECOND_NS, moment
from tests.support.processes import run_python
from tests.support.scenes import scene

Item = Frame | Lost | Found | Past


def recorded(path: Path, count: int = 30) -> Path:
    """A recording of so many seconds; another engine from the tenth on."""
    recorder = Recorder(path)
    recorder.write(Moment(hello=HELLO), 0)
    for number in range(1, count + 1):
        if number == 10:
            recorder.write(Moment(lost="it has ended"), number * SECOND_NS)
            recorder.write(Moment(hello=HELLO.__replace__(pid=8)), number * SECOND_NS)
        recorder.write(moment(number), number * SECOND_NS)
    recorder.close()
    return path


@asynccontextmanager
async def playing(path: Path) -> AsyncIterator[tuple[RecordingSource, AsyncIterator[Item]]]:
    """A recording, open, standing still at its beginning."""
    source = RecordingSource(path)
    await source.open()
    source.player.playing = False
    try:
        yield source, source.frames()
    finally:
        await source.close()


async def until_frame(items: AsyncIterator[Item]) -> tuple[list[Item], Frame]:
    """What comes up to the next frame."""
    before: list[Item] = []
    async for item in items:
        if isinstance(item, Frame):
            return before, item
        before.append(item)
    raise AssertionError("no frame came")


class TestPlaying:
    """Where it is, and what it shows."""

    @scene
    async def test_step_by_step(self, tmp_path: Path) -> None:
        """Each moment, its records, and who was looked at; forward it only goes on."""
        async with playing(recorded(tmp_path / "file")) as (source, items):
            assert (source.kind, source.hello) == ("recording", HELLO)
            assert [type(await anext(items)) for _ in range(3)] == [Found, Past, Found]
            source.player.step(1)
            before, frame = await until_frame(items)
            assert (before, frame.time_ns // SECOND_NS) == ([], 1)
            assert [record.position for record in await source.journal.records(1, 99)] == [1]
            source.player.step(2)
            before, frame = await until_frame(items)
            assert [type(item) for item in before] == [Found, Past]
            assert isinstance(before[1], Past)
            assert ([each.time_ns // SECOND_NS for each in before[1].frames], frame.time_ns) == ([1, 2], 3 * SECOND_NS)
            assert await source.journal.head() == 3

    @scene
    async def test_jumping(self, tmp_path: Path) -> None:
        """The lines of the last minutes are there at once, but not those of the engine before."""
        async with playing(recorded(tmp_path / "file")) as (source, items):
            await anext(items)
            source.player.go_to_share(0.5)
            before, frame = await until_frame(items)
            found, past = before[-2:]
            assert isinstance(found, Found)
            assert isinstance(past, Past)
            assert (frame.time_ns // SECOND_NS, found.hello.pid) == (15, 8)
            assert [each.time_ns // SECOND_NS for each in past.frames] == [10, 11, 12, 13, 14]
            assert [record.position for record in await source.journal.records(12, 14)] == [12, 13, 14]
            source.player.go(0)
            source.player.step(1)
            _, frame = await until_frame(items)
            assert frame.time_ns == SECOND_NS

    @scene
    async def test_what_was_lost_is_lost_again(self, tmp_path: Path) -> None:
        """As it was said then."""
        async with playing(recorded(tmp_path / "file")) as (source, items):
            await anext(items)
            source.player.go(10)
            found = [item async for item in first(items, 5)]
            assert Lost("it has ended") in found

    @scene
    async def test_it_holds_what_was_seen_and_no_more(self, tmp_path: Path) -> None:
        """What would have it is said."""
        async with playing(recorded(tmp_path / "file")) as (source, _):
            for request in (RowsRequest(view="Balances"), StateRequest(aggregate="Account", key="a")):
                with pytest.raises(Unavailable, match="actum top /var/bank"):
                    await source.ask(request)
            with pytest.raises(Unavailable, match="not the history"):
                await source.journal.history("Account", "a")

    @scene
    async def test_the_end_of_a_damaged_one(self, tmp_path: Path) -> None:
        """It is played up to there, and why it ends is said."""
        path = recorded(tmp_path / "file")
        path.write_bytes(path.read_bytes()[:-5])
        async with playing(path) as (source, items):
            source.player.go(99)
            _, frame = await until_frame(items)
            assert frame.time_ns == 29 * SECOND_NS
            item = await anext(items)
            assert isinstance(item, Lost)
            assert "the recording ends here: its last" in item.sentence


async def first(items: AsyncIterator[Item], count: int) -> AsyncIterator[Item]:
    """So many of them."""
    for _ in range(count):
        yield await anext(items)


class TestPlayer:
    """Moving it."""

    @scene
    async def test_it_keeps_the_recording_s_pace(self, tmp_path: Path) -> None:
        """A moment stays as long as it did; the end is looked at again."""
        recorder = Recorder(tmp_path / "file")
        recorder.write(Moment(hello=HELLO), 0)
        recorder.write(moment(1), SECOND_NS // 20)
        player = Player(RecordingFile(tmp_path / "file"))
        loop = asyncio.get_running_loop()
        started = loop.time()
        assert await player.next(0) == 1
        assert loop.time() - started >= 0.04
        following = asyncio.create_task(player.next(1))
        recorder.write(moment(2), SECOND_NS)
        assert await following == 2
        recorder.close()
        player.file.close()

    def test_moves(self, tmp_path: Path) -> None:
        """By moments, by seconds, by a share of the whole; never beyond an end."""
        player = Player(RecordingFile(recorded(tmp_path / "file", 8)))
        moves: list[tuple[Callable[[], None], int]] = [
            (lambda: player.step(3), 3),
            (lambda: player.step(-9), 0),
            (lambda: player.skip(5), 5),
            (lambda: player.skip(-2), 3),
            (lambda: player.skip(0.1), 4),
            (lambda: player.skip(99), 8),
            (lambda: player.go_to_share(0.5), 4),
            (lambda: player.go_to_share(7.0), 8),
        ]
        for move, number in moves:
            move()
            assert player.number == number
        assert (player.seconds, player.playing, player.at_end) == (8.0, False, True)
        player.toggle()
        assert (player.number, player.playing) == (0, True)
        player.file.close()


class TestRecorded:
    """What lies between a source and the screens."""

    @scene
    async def test_a_store_that_is_looked_at(self, tmp_path: Path) -> None:
        """Its frames and its newest records are in the file before they are shown."""
        async with open_bank(tmp_path / "bank") as bank:
            await bank.send(Deposit(account_id="a-1", amount=1))
        source = StoredSource(str(tmp_path / "bank"))
        await source.open()
        between = RecordedSource(source, Recorder(tmp_path / "file"))
        between.watch(Wanted(interval_seconds=0.1))
        items = between.frames()
        _, frame = await until_frame(items)
        run_python(DEPOSITS, tmp_path / "bank", 9)
        frames = [frame]
        while frames[-1].store is None or frames[-1].store.position < 10:
            _, frame = await until_frame(items)
            frames.append(frame)
        assert (between.kind, between.hello, between.journal) == ("store", source.hello, source.journal)
        await between.close()
        file = RecordingFile(tmp_path / "file")
        moments = [file.moment(number) for number in range(len(file))]
        file.close()
        assert [each.frame for each in moments if each.frame is not None] == frames
        assert moments[0].hello == source.hello
        records = [record.position for each in moments for record in each.records]
        assert records == sorted(set(records))
        assert records[-1] == 10
        assert len(records) + sum(each.left_out for each in moments) == 9

    @scene
    async def test_the_end_is_said_once(self, tmp_path: Path) -> None:
        """A recording that may not grow any more ends; what is looked at goes on."""
        async with open_bank(tmp_path / "bank") as bank:
            await bank.send(Deposit(account_id="a-1", amount=1))
        source = StoredSource(str(tmp_path / "bank"))
        await source.open()
        between = RecordedSource(source, Recorder(tmp_path / "file", bytes_max=600))
        between.watch(Wanted(interval_seconds=0.1))
        said: list[str] = []
        between.tell = said.append
        items = between.frames()
        for _ in range(4):
            await until_frame(items)
        await between.close()
        assert len(said) == 1
        assert "and may have 600" in said[0]


DEPOSITS = """
    import asyncio, sys
    from tests.support.bank import Deposit, open_bank

    async def main():
        async with open_bank(sys.argv[1]) as bank:
            for _ in range(int(sys.argv[2])):
                await bank.send(Deposit(account_id="a-1", amount=1))

    asyncio.run(main())
"""
