"""The background: disk work beside the loop, without starving it or being starved."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from actum import background as background_module
from actum.background import ThreadBackground

from tests.support.scenes import engine_threads, scene, turns, until


@contextmanager
def working() -> Iterator[ThreadBackground]:
    """A background at work, stopped at the end."""
    background = ThreadBackground(asyncio.get_running_loop(), gate_seconds=0.0005)
    try:
        yield background
    finally:
        background.stop()


class Held:
    """Work that waits until it is let go, and notes where it is done."""

    def __init__(self) -> None:
        """Not begun."""
        self.begun = threading.Event()
        self.let_go = threading.Event()
        self.thread = ""

    def __call__(self) -> str:
        """The work."""
        self.thread = threading.current_thread().name
        self.begun.set()
        assert self.let_go.wait(20), "a test held work and never let it go"
        return "result"


def commit(background: ThreadBackground, work: Callable[[], object]) -> list[str]:
    """Begin a commit; the list gets the name of the thread in which it was told to be done."""
    told: list[str] = []

    def do() -> None:
        work()

    background.commit(do, lambda: told.append(threading.current_thread().name))
    return told


class TestCommitting:
    """Commits have a thread of their own."""

    @scene
    async def test_is_told_in_the_loop_when_it_is_done(self) -> None:
        """Not before, whatever the loop does."""
        work = Held()
        with working() as background:
            told = commit(background, work)
            await until(work.begun.is_set)
            await turns(20)
            assert told == []
            work.let_go.set()
            await until(lambda: told)
            assert (work.thread, told) == ("actum-writer", [threading.current_thread().name])

    @scene
    async def test_a_hanging_disk_is_looked_at_now_and_then(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """After many blocked gates the loop no longer blocks each turn, and the end is still noticed."""
        monkeypatch.setattr(background_module, "GATES_MAX", 3)
        monkeypatch.setattr(background_module, "HANGING_POLL_SECONDS", 0.001)
        work = Held()
        with working() as background:
            told = commit(background, work)
            await turns(100)
            assert told == []
            work.let_go.set()
            await until(lambda: told, turns_max=1_000_000)

    @scene
    async def test_the_next_one_may_begin_when_the_last_is_told(self) -> None:
        """From within `done` too: that is how one commit follows another."""
        done: list[int] = []
        with working() as background:

            def again() -> None:
                done.append(len(done))
                if len(done) < 3:
                    background.commit(lambda: None, again)

            background.commit(lambda: None, again)
            await until(lambda: len(done) == 3)


class TestOtherWork:
    """Checkpoints and long reading have another thread."""

    @scene
    async def test_gives_the_result_or_the_error(self) -> None:
        """Done in order, in the other thread, beside a commit."""

        def fail() -> None:
            raise OSError(5, "input/output error")

        held = Held()
        with working() as background:
            told = commit(background, held)
            assert await background.run(lambda: threading.current_thread().name) == "actum-disk_0"
            with pytest.raises(OSError, match="input/output error"):
                await background.run(fail)
            assert told == []
            held.let_go.set()
            await until(lambda: told)

    @scene
    async def test_work_that_was_begun_ends_when_its_caller_is_cancelled(self) -> None:
        """And what comes next waits for it."""
        held, done = Held(), list[str]()
        with working() as background:
            first = background.run(lambda: done.append(held()))
            await until(held.begun.is_set)
            second = background.run(lambda: done.append("second"))
            dropped = background.run(lambda: done.append("dropped"))
            first.cancel()
            dropped.cancel()
            await turns()
            held.let_go.set()
            await second
        assert done == ["result", "second"]


class TestThreads:
    """They come when they are needed, and go."""

    @scene
    async def test_start_with_the_first_work_and_end_with_stop(self) -> None:
        """One for commits, one for the rest, however much there is of it."""
        before = engine_threads()
        with working() as background:
            assert engine_threads() == before
            for _ in range(3):
                told = commit(background, lambda: None)
                await until(lambda told=told: told)  # type: ignore[misc]  # bound now
            assert engine_threads() == sorted([*before, "actum-writer"])
            assert repr(background) == "<ThreadBackground idle>"
            for _ in range(3):
                await background.run(lambda: None)
            assert engine_threads() == sorted([*before, "actum-disk_0", "actum-writer"])
        assert engine_threads() == before

    @scene
    async def test_stop_waits_for_what_was_begun(self) -> None:
        """Nothing is cut off in the middle."""
        done: list[str] = []
        with working() as background:
            background.commit(lambda: done.append("commit"), lambda: None)
            work = background.run(lambda: done.append("work"))
        await work
        assert sorted(done) == ["commit", "work"]
        await turns()
