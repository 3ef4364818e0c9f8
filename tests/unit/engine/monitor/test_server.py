"""An engine's socket: who may come, what they see, and that they can't harm the engine."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import stat
import weakref
from pathlib import Path

import pytest
from actum import Invalid, Overloaded
from actum.monitor import Attached, Detached, Frame, Records, RecordsRequest, Unanswered, Wanted, attach, server, sites
from actum.monitor.requests import Ask, Forget
from actum.monitor.wire import framed

from tests.support.bank import Deposit, Note, open_bank
from tests.support.scenes import scene, turns, until


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory for sockets of this test's own."""
    monkeypatch.setattr(sites, "directory", lambda: tmp_path / "sockets")
    return tmp_path / "sockets"


async def next_frame(attached: Attached) -> Frame:
    """The next one."""
    async for frame in attached.frames():
        return frame
    raise AssertionError("no frame came")


async def raw(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A conversation without manners."""
    return await asyncio.open_unix_connection(str(path))


@scene
async def test_off_unless_wanted(here: Path) -> None:
    """An engine has no socket, and nothing of all this is loaded for it."""
    async with open_bank():
        assert not here.exists()


@scene
async def test_the_socket_is_private(here: Path, tmp_path: Path) -> None:
    """Only its user can connect; it is gone when the engine is closed."""
    async with open_bank(tmp_path / "bank", monitor=True):
        (path,) = sites.sockets()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(here.stat().st_mode) == 0o700
    assert sites.sockets() == []


@scene
async def test_who_it_is(tmp_path: Path) -> None:
    """Its store, its process, its classes and their fields."""
    async with open_bank(tmp_path / "bank", monitor=True), await attach(tmp_path / "bank") as attached:
        hello = attached.hello
        assert (hello.name, hello.store, hello.admin) == ("bank", str(tmp_path / "bank"), False)
        assert hello.aggregates == ("Account",)
        assert [(view.name, view.key) for view in hello.views] == [
            ("Balances", "account_id"),
            ("Activities", "account_id"),
        ]
        balance = {column.name: column for column in hello.views[0].columns}["balance"]
        assert (balance.type, balance.numeric, balance.ordered) == ("int", True, True)
        assert "Deposited" in hello.events


@scene
async def test_frames_show_where_it_stands() -> None:
    """The statistics of that moment, again when they are asked for."""
    async with open_bank(monitor=True) as bank, await attach() as attached:
        first = await next_frame(attached)
        await bank.send(Deposit(account_id="a", amount=1))
        attached.watch(Wanted(interval_seconds=60))
        second = await next_frame(attached)
        assert first.statistics is not None
        assert second.statistics is not None
        assert (first.statistics.position, second.statistics.position) == (0, 1)
        assert second.monotonic_ns > first.monotonic_ns


@scene
async def test_later_is_soon_enough() -> None:
    """An engine that runs already can let others attach; a second time changes nothing."""
    async with open_bank() as bank:
        await bank.monitor()
        await bank.monitor()
        assert len(sites.sockets()) == 1


@scene
async def test_arguments() -> None:
    """What makes no sense is refused with a sentence."""
    with pytest.raises(Invalid, match="monitor=True too"):
        open_bank(admin=True)
    with pytest.raises(Invalid, match="give True or False"):
        open_bank(monitor="yes")  # type: ignore[arg-type]


@scene
async def test_a_slow_client_gets_fewer_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it has not read is not followed by more; when it reads again it learns how many were left out."""
    monkeypatch.setattr(server, "INTERVAL_SECONDS_MIN", 0.001)
    async with open_bank(monitor=True) as bank:
        (path,) = sites.sockets()
        reader, writer = await raw(path)
        writer.write(framed(Wanted(interval_seconds=0.001)))
        assert bank._monitor is not None
        await until(lambda: bank._monitor is None or bank._monitor._sessions)
        (session,) = bank._monitor._sessions
        transport = session._writer.transport
        await until(lambda: transport.get_write_buffer_size() > 0, turns_max=10**9)
        size = transport.get_write_buffer_size()
        left_out = session._left_out
        await until(lambda: session._left_out > left_out + 3, turns_max=10**9)
        assert transport.get_write_buffer_size() == size
        writer.close()
        del reader


@pytest.mark.parametrize("said", [b"\xff\xff\xff\xff", b"\x00\x00\x00\x02hi", b"GET / HTTP/1.1\r\n\r\n"])
@scene
async def test_nonsense_ends_the_conversation(said: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """With a line in the log; the engine and other clients go on."""
    async with open_bank(monitor=True) as bank, await attach() as other:
        (path,) = sites.sockets()
        reader, writer = await raw(path)
        writer.write(said)
        await reader.read()
        writer.close()
        await bank.send(Deposit(account_id="a", amount=1))
        assert isinstance(await other.ask(RecordsRequest(1, 1)), Records)
        assert [line.levelno for line in caplog.records if line.name == "actum.monitor"] == [logging.WARNING]


@scene
async def test_too_many_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more than there is room for is sent away."""
    monkeypatch.setattr(server, "CLIENTS_MAX", 1)
    async with open_bank(monitor=True), await attach() as first:
        with pytest.raises(Detached, match="1 are attached already"):
            await attach(first.path)
        assert isinstance(await first.ask(RecordsRequest(1, 1)), Records)


@scene
async def test_who_does_not_read_is_not_listened_to() -> None:
    """Questions of a client that takes no answers stay with it: the engine keeps a few answers, not all of them."""
    async with open_bank(monitor=True) as bank:
        await bank.send_many([Note(account_id="a", text="x" * 10_000) for _ in range(90)])
        (path,) = sites.sockets()
        reader, writer = await raw(path)
        assert bank._monitor is not None
        await until(lambda: bank._monitor is None or bank._monitor._sessions)
        (session,) = bank._monitor._sessions
        transport = session._writer.transport
        for number in range(500):
            writer.write(framed(Ask(number, RecordsRequest(1, 90))))
            await turns(3)
        await turns(500)
        assert 0 < transport.get_write_buffer_size() < 30_000_000
        assert not session._asked
        writer.close()
        del reader


@scene
async def test_a_frame_that_fails(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told, and the conversation ends: nobody waits for frames that don't come."""
    async with open_bank(monitor=True) as bank, await attach() as attached:
        await next_frame(attached)
        monkeypatch.setattr(type(bank), "statistics", lambda _: 1 / 0)
        attached.watch(Wanted())
        assert [frame async for frame in attached.frames()] == []
        assert "a frame of the monitor failed" in caplog.text


@scene
async def test_too_many_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more than are answered at once is refused."""
    monkeypatch.setattr(server, "QUESTIONS_MAX", 0)
    async with open_bank(monitor=True), await attach() as attached:
        with pytest.raises(Unanswered, match="questions"):
            await attached.ask(RecordsRequest(1, 1))


@scene
async def test_clients_that_vanish_leave_nothing(here: Path) -> None:
    """In the middle of anything: no task, no session."""
    async with open_bank(monitor=True) as bank:
        (path,) = sites.sockets()
        for said in (b"", b"\x00", framed(Ask(1, RecordsRequest(1, 10))), framed(Forget(7))):
            reader, writer = await raw(path)
            writer.write(said)
            await reader.read(10)
            writer.transport.abort()
            del reader, writer
        assert bank._monitor is not None
        sessions = bank._monitor._sessions
        await until(lambda: not sessions)
        await until(lambda: not [task for task in asyncio.all_tasks() if task.get_name().startswith("actum monitor")])


@scene
async def test_closing_with_clients() -> None:
    """They are told by the end of the conversation."""
    bank = open_bank(monitor=True)
    async with bank:
        attached = await attach()
        await next_frame(attached)
    assert [frame async for frame in attached.frames()] == []
    await attached.close()


@scene
async def test_no_place_for_a_socket(here: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The engine opens all the same, and says so."""
    here.mkdir(mode=0o755)
    here.chmod(0o755)
    async with open_bank(monitor=True) as bank:
        await bank.send(Deposit(account_id="a", amount=1))
    assert "nobody can attach" in caplog.text


@scene
async def test_an_engine_that_is_closed_is_forgotten() -> None:
    """Its monitor does not keep it alive."""
    bank = open_bank(monitor=True)
    async with bank, await attach():
        pass
    seen = weakref.ref(bank)
    del bank
    gc.collect()
    assert seen() is None


@scene
async def test_others_are_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process of another user, which the directory keeps out already."""
    monkeypatch.setattr(server, "is_same_user", lambda _: False)
    async with open_bank(monitor=True):
        (path,) = sites.sockets()
        with pytest.raises(Detached):
            await attach(path)


@scene
async def test_who_is_at_the_other_end() -> None:
    """The system says whose process it is."""
    async with open_bank(monitor=True) as bank, await attach():
        assert bank._monitor is not None
        (session,) = bank._monitor._sessions
        assert server.is_same_user(session._writer)
        assert session._writer.get_extra_info("socket").family == socket.AF_UNIX


@scene
async def test_overload_is_told() -> None:
    """An error of the engine comes with its name."""
    async with open_bank(monitor=True) as bank, await attach() as attached:
        assert bank._monitor is not None
        (session,) = bank._monitor._sessions

        async def full(*_: object) -> None:
            raise Overloaded("too much", retry_after_seconds=1)

        session._answers.answer = full  # type: ignore[assignment,method-assign]
        with pytest.raises(Unanswered, match="too much") as raised:
            await attached.ask(RecordsRequest(1, 1))
        assert raised.value.error == "Overloaded"
