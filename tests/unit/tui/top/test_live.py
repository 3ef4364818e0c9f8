"""A running engine as a source, in this process and in another."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from actum.monitor import Detached, Frame, NoEngine, RecordsRequest, Wanted
from actum_tui.top import live
from actum_tui.top.journal import RemoteJournal
from actum_tui.top.live import LiveSource
from actum_tui.top.source import Found, Lost

from tests.support.bank import Deposit, open_bank
from tests.support.scenes import scene

pytestmark = pytest.mark.usefixtures("sockets")


@scene
async def test_frames_and_answers() -> None:
    """First who it is, then frames; questions go to the engine."""
    async with open_bank(monitor=True) as bank:
        await bank.send(Deposit(account_id="a", amount=1))
        source = LiveSource()
        await source.open()
        frames = source.frames()
        assert isinstance(await anext(frames), Found)
        frame = await anext(frames)
        assert isinstance(frame, Frame)
        assert frame.statistics is not None
        assert frame.statistics.position == 1
        await source.ask(RecordsRequest(1, 1))
        assert await source.journal.head() == 1
        assert [record.key for record in await source.journal.records(1, 10)] == ["a"]
        assert len(await source.journal.history("Account", "a")) == 1
        assert await source.journal.history("Account", "b") == []
        await source.close()
        await source.close()


@scene
async def test_an_engine_that_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is lost, which is said, and found again, with what was wanted of it."""
    monkeypatch.setattr(live, "AGAIN_SECONDS", 0.01)
    source = LiveSource(str(tmp_path / "bank"))
    async with open_bank(tmp_path / "bank", monitor=True):
        await source.open()
        source.watch(Wanted(interval_seconds=60))
        frames = source.frames()
        assert isinstance(await anext(frames), Found)
        assert isinstance(await anext(frames), Frame)
    while isinstance(item := await anext(frames), Frame):
        pass
    assert isinstance(item, Lost)
    assert "waiting until it is opened again" in item.sentence
    with pytest.raises(Detached):
        await source.ask(RecordsRequest(1, 1))
    coming = asyncio.ensure_future(anext(frames))
    async with open_bank(tmp_path / "bank", monitor=True) as bank:
        assert isinstance(await coming, Found)
        await bank.send(Deposit(account_id="a", amount=1))
        assert isinstance(await anext(frames), Frame)
        await source.close()


@scene
async def test_none_is_there() -> None:
    """An error at opening."""
    with pytest.raises(NoEngine):
        await LiveSource("shop").open()


@scene
async def test_the_log_of_an_engine_in_memory() -> None:
    """It is asked for its records, piece by piece."""
    async with open_bank(monitor=True) as bank:
        await bank.send_many([Deposit(account_id=f"a{n % 3}", amount=1) for n in range(2_500)])
        source = LiveSource()
        await source.open()
        assert isinstance(source.journal, RemoteJournal)
        assert [record.position for record in await source.journal.records(1, 9_999)] == list(range(1, 2_501))
        assert len(await source.journal.history("Account", "a1")) == 833
        await source.close()
