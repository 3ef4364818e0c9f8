"""An engine's socket: who may come, what they see, and that they can't harm the engine."""

from __future__ import annotations

import asyncio
import gc
import logging
import math
import socket
import stat
import weakref
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
import uvloop
from actum import Invalid, Overloaded
from actum.monitor import (
    Attached,
    DeadlinesRequest,
    Detached,
    Frame,
    Records,
    RecordsRequest,
    RowsRequest,
    Unanswered,
    Wanted,
    attach,
    server,
    sites,
)
from actum.monitor.requests import Ask, Forget
from actum.monitor.wire import framed

from tests.support.bank import Deposit, Note, open_bank
from tests.support.scenes import engine_threads, scene, turns, until


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


def tasks_of_monitors() -> list[str]:
    """What runs for those who are attached."""
    return [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("actum monitor")]


@scene
async def test_a_question_that_is_taken_back_at_once() -> None:
    """Before work for it has begun: it does not count as one that is being answered."""
    async with open_bank(monitor=True), await attach() as attached:
        _, writer = await raw(attached.path)
        for number in range(2 * server.QUESTIONS_MAX):
            writer.write(framed(Ask(number, RecordsRequest(1, 1))) + framed(Forget(number)))
        for _ in range(2 * server.QUESTIONS_MAX):
            asking = asyncio.create_task(attached.ask(RecordsRequest(1, 1)))
            await asyncio.sleep(0)
            asking.cancel()
        await turns(200)
        assert isinstance(await attached.ask(RecordsRequest(1, 1)), Records)
        assert "actum monitor answer" not in tasks_of_monitors()
        writer.close()


@scene
async def test_answers_that_are_there_at_once() -> None:
    """Where the application's tasks begin at once, an answer may be there before its task is."""
    if not hasattr(asyncio, "eager_task_factory"):
        pytest.skip("tasks begin at once from Python 3.12 on")
    async with open_bank(monitor=True), await attach() as attached:
        loop = asyncio.get_running_loop()
        loop.set_task_factory(asyncio.eager_task_factory)
        try:
            for _ in range(2 * server.QUESTIONS_MAX):
                await attached.ask(DeadlinesRequest())
        finally:
            loop.set_task_factory(None)


@scene
async def test_one_number_for_many_questions(caplog: pytest.LogCaptureFixture) -> None:
    """It would be a way round the limit: such a client is sent away, and what it asked ends."""
    async with open_bank(monitor=True) as bank:
        await bank.send_many([Deposit(account_id="a", amount=1) for _ in range(500)])
        (path,) = sites.sockets()
        reader, writer = await raw(path)
        writer.write(framed(Ask(1, RowsRequest(view="Balances", position=500))) * 50)
        await reader.read()
        writer.close()
        assert "another number" in caplog.text
        await until(lambda: not tasks_of_monitors())


@scene
async def test_many_messages_at_once_hold_nobody_up() -> None:
    """One is taken in each turn of the loop, however many are there."""
    async with open_bank(monitor=True) as bank, await attach() as attached:
        assert bank._monitor is not None
        (session,) = bank._monitor._sessions
        taken: list[int] = []
        take, ticks = session._take, 0

        def count(message: Wanted | Ask | Forget) -> None:
            taken.append(ticks)
            take(message)

        session._take = count  # type: ignore[method-assign]
        for _ in range(101):  # for the first of them it waits already
            attached.watch(Wanted())
        while len(taken) < 100:
            ticks += 1
            await asyncio.sleep(0)
        assert max(map(taken.count, taken)) <= 2


@scene
async def test_watching_again_and_again() -> None:
    """A frame comes soon, but not one for each time."""
    async with open_bank(monitor=True) as bank, await attach() as attached:
        shown = 0
        statistics = bank.statistics

        def count() -> object:
            nonlocal shown
            shown += 1
            return statistics()

        bank.statistics = count  # type: ignore[method-assign,assignment]
        loop = asyncio.get_running_loop()
        end = loop.time() + 4 * server.CHANGED_SECONDS_MIN
        while loop.time() < end:
            attached.watch(Wanted())
            await asyncio.sleep(0)
        assert 1 <= shown <= 6


@pytest.mark.parametrize(
    ("wanted", "given"), [(math.nan, 60.0), (math.inf, 60.0), (-math.inf, 0.5), (0.0, 0.5), (-0.0, 0.5), (2.0, 2.0)]
)
def test_the_interval_of_a_watch(wanted: float, given: float) -> None:
    """Is a time that a timer can have, whatever is wanted."""
    assert server.interval_of(Wanted(interval_seconds=wanted)) == given


@pytest.mark.parametrize("factory", [asyncio.new_event_loop, None])
def test_closing_with_one_who_does_not_read(here: Path, factory: None) -> None:
    """It is not waited for, as for a dashboard that was stopped by Ctrl-Z; nothing of it is left."""
    del here

    async def close() -> list[str]:
        bank = await open_bank(monitor=True)
        await bank.send_many([Note(account_id="a", text="x" * 10_000) for _ in range(90)])
        (path,) = sites.sockets()
        with socket.socket(socket.AF_UNIX) as stuck:
            stuck.connect(str(path))
            stuck.sendall(b"".join(framed(Ask(number, RecordsRequest(1, 90))) for number in range(5)))
            assert bank._monitor is not None
            await until(lambda: bank._monitor is None or bank._monitor._sessions)
            (session,) = bank._monitor._sessions
            await until(lambda: session._writer.transport.get_write_buffer_size() > 0)
            async with asyncio.timeout(10):
                await bank.close()
            return [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()]

    loop_factory = factory or uvloop.new_event_loop
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        assert runner.run(close()) == []


@scene
async def test_a_socket_that_stays(tmp_path: Path, here: Path, caplog: pytest.LogCaptureFixture) -> None:
    """That it can't be removed is told, and the engine closes."""
    async with open_bank(tmp_path / "bank", monitor=True) as bank:
        (path,) = sites.sockets()
        path.unlink()
        path.mkdir()
        await bank.close()
        assert "can't be removed" in caplog.text
        assert engine_threads() == []
        path.rmdir()
    async with open_bank(tmp_path / "bank"):
        assert list(here.iterdir()) == []


@scene
async def test_a_copy_that_nobody_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not know its version, and opens all the same."""

    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(server, "version", missing)
    async with open_bank(monitor=True), await attach() as attached:
        assert attached.hello.version == "unknown"


@scene
async def test_opening_that_ends_while_the_socket_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was opened by then is closed: the store can be opened again."""

    async def end(_: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as changed:
        changed.setattr(server.Server, "start", end)
        with pytest.raises(asyncio.CancelledError):
            await open_bank(tmp_path / "bank", monitor=True)
    assert engine_threads() == []
    async with open_bank(tmp_path / "bank") as bank:
        await bank.send(Deposit(account_id="a", amount=1))


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
async def test_what_stood_in_the_way_is_gone(here: Path) -> None:
    """An engine that nobody could attach to can let them come after all."""
    here.mkdir(mode=0o755)
    here.chmod(0o755)
    async with open_bank(monitor=True) as bank:
        here.chmod(0o700)
        assert sites.sockets() == []
        await bank.monitor()
        assert len(sites.sockets()) == 1


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
