"""Attaching: which engine is meant, questions and their ends."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from actum import Invalid
from actum.monitor import (
    Detached,
    NoEngine,
    Records,
    RecordsRequest,
    RowsRequest,
    Unanswered,
    Wanted,
    attach,
    client,
    engines,
    server,
    silent,
    sites,
)
from actum.monitor.frames import Hello
from actum.monitor.wire import framed

from tests.support.bank import Deposit, open_bank
from tests.support.scenes import scene, turns

NOBODY = Hello(
    protocol=99,
    version="9",
    name="x",
    store=None,
    store_id="",
    pid=1,
    python="3",
    loop="asyncio",
    opened_ns=1,
    durability="full",
    admin=False,
)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory for sockets of this test's own."""
    monkeypatch.setattr(sites, "directory", lambda: tmp_path / "sockets")
    return tmp_path / "sockets"


@scene
async def test_which_one_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By directory, also relative; by its name; by its socket; by the process, if it has one engine."""
    async with open_bank(tmp_path / "bank", monitor=True):
        monkeypatch.chdir(tmp_path)
        (path,) = sites.sockets()
        for target in (None, "bank", "./bank", tmp_path / "bank", os.getpid(), str(os.getpid()), path):
            async with await attach(target) as attached:
                assert attached.hello.store == str(tmp_path / "bank")
        async with open_bank(tmp_path / "other", monitor=True):
            with pytest.raises(NoEngine, match="more than one engine is meant.*bank.*other"):
                await attach()
            async with await attach("other") as attached:
                assert attached.hello.name == "other"
            assert sorted(hello.name for _, hello in await engines()) == ["bank", "other"]


@scene
async def test_none_is_there(here: Path) -> None:
    """The sentence says how to have one."""
    with pytest.raises(NoEngine, match=r"no engine 'shop'.*there are: none.*monitor=True"):
        await attach("shop")
    with pytest.raises(Detached, match="can't be reached"):
        await attach(here / "shop-1-1.sock")
    with pytest.raises(Invalid, match="give a directory"):
        await attach(1.5)  # type: ignore[arg-type]
    assert await engines() == []


@scene
async def test_a_socket_without_an_engine(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that says nothing, says something else, or speaks another version: refused, not waited for."""
    monkeypatch.setattr(client, "HELLO_SECONDS_MAX", 0.05)
    said = [b"", b"\x00\x00\x00\x02hi", framed(NOBODY)]

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said[0])
        await reader.read()
        writer.close()

    sites.private(here)
    path = here / f"odd-{os.getpid()}-1.sock"
    serving = await asyncio.start_unix_server(talk, str(path))
    with pytest.raises(Detached, match="does not answer"):
        await attach(path)
    with pytest.raises(NoEngine, match=r"there are: none; .*odd-.*does not answer.*held by something"):
        await attach("odd")
    assert [(at, "does not answer" in why) for at, why in (await silent()).items()] == [(path, True)]
    assert await engines() == []
    del said[0]
    with pytest.raises(Invalid, match="not a message"):
        await attach(path)
    del said[0]
    with pytest.raises(Invalid, match="another version"):
        await attach(path)
    assert await engines() == []
    serving.close()
    await turns(20)


@scene
async def test_asking_while_it_ends() -> None:
    """In the moment between the end of the connection and its being noticed a question is answered by the end too."""
    async with open_bank(monitor=True), await attach() as attached:
        attached._writer.transport.abort()
        await asyncio.sleep(0)
        attached.watch(Wanted())
        with pytest.raises(Detached):
            await attached.ask(RecordsRequest(1, 1))


@scene
async def test_questions() -> None:
    """Each gets its own answer; a refusal is an error with a sentence."""
    async with open_bank(monitor=True) as bank, await attach() as attached:
        for number in range(1, 6):
            await bank.send(Deposit(account_id="a", amount=number))
        answers = await asyncio.gather(*(attached.ask(RecordsRequest(n, n)) for n in range(1, 6)))
        assert [answer.records[0].position for answer in answers if isinstance(answer, Records)] == [1, 2, 3, 4, 5]
        with pytest.raises(Unanswered):
            await attached.ask(RowsRequest(view="No such view"))


@scene
async def test_a_question_that_is_given_up() -> None:
    """The engine stops working for it; the next one is answered."""
    async with open_bank(monitor=True) as bank, await attach() as attached:
        assert bank._monitor is not None
        (session,) = bank._monitor._sessions
        ended = asyncio.Event()

        async def forever(*_: object) -> None:
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                ended.set()

        answer = session._answers.answer
        session._answers.answer = forever  # type: ignore[assignment,method-assign]
        asking = asyncio.create_task(attached.ask(RecordsRequest(1, 1)))
        await turns(50)
        asking.cancel()
        await ended.wait()
        session._answers.answer = answer  # type: ignore[method-assign]
        assert isinstance(await attached.ask(RecordsRequest(1, 1)), Records)


@scene
async def test_the_newest_frame_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who does not take frames finds the last one, not a queue of them."""
    monkeypatch.setattr(server, "CHANGED_SECONDS_MIN", 0.0)
    async with open_bank(monitor=True) as bank, await attach() as attached:
        for number in range(3):
            await bank.send(Deposit(account_id="a", amount=1))
            attached.watch(Wanted(interval_seconds=60))
            await turns(200)
            del number
        async for frame in attached.frames():
            assert frame.statistics is not None
            assert frame.statistics.position == 3
            break


@scene
async def test_an_engine_that_ends() -> None:
    """Frames end, and so does who waits for an answer."""
    bank = open_bank(monitor=True)
    async with bank:
        attached = await attach()
    assert len([frame async for frame in attached.frames()]) <= 1
    with pytest.raises(Detached):
        await attached.ask(RecordsRequest(1, 1))
    assert "ended" in repr(attached)
    await attached.close()
    await attached.close()
