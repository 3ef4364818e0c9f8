"""A forked child gets nothing that its parent opened."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING

import pytest
from actum_storage import StoreForked
from actum_storage.fork import ForkGuard

from tests.support.processes import run_python

if TYPE_CHECKING:
    from pathlib import Path


def test_owner_passes() -> None:
    """The process that opened it is let through."""
    guard = ForkGuard()
    guard.check()
    assert not guard.forked


def test_another_pid(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another pid is refused, also where fork left no mark."""
    guard = ForkGuard()
    monkeypatch.setattr(os, "getpid", lambda: -1)
    with pytest.raises(StoreForked, match="spawn"):
        guard.check()


def test_mark_with_the_same_pid() -> None:
    """A marked guard refuses whatever the pid, and releases what it holds once."""
    released: list[bool] = []
    guard = ForkGuard(lambda: released.append(True))
    guard.mark()
    with pytest.raises(StoreForked):
        guard.check()
    assert released == [True]


def test_guards_are_not_kept_alive() -> None:
    """What is closed and forgotten is not marked in later children."""
    guard = ForkGuard(lambda: pytest.fail("released after it was forgotten"))
    del guard
    gc.collect()


def test_child_is_refused(tmp_path: Path) -> None:
    """Every use in a forked child is refused, the parent goes on, and the child's exit changes nothing."""
    code = """
        import os, sys
        from actum_storage import Chunk, StoreDirectory, StoreForked
        from tests.support.batches import batch, fill
        store = StoreDirectory.open(sys.argv[1], write=True)
        log = store.log
        epoch = log.acquire()
        log.append(epoch, batch(1))
        checkpoint = store.derived.begin(base=True)
        child = os.fork()
        if not child:
            calls = [lambda: log.append(epoch, batch(2)), lambda: log.frame_at(1), log.frames, log.schemas, log.acquire,
                     lambda: store.derived.begin(base=True), store.derived.read, store.derived.clear,
                     lambda: checkpoint.write(Chunk("rows", 1, b"x"))]
            refused = 0
            for call in calls:
                try:
                    call()
                except StoreForked:
                    refused += 1
            store.close()
            checkpoint.abort()
            os._exit(refused)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        checkpoint.write(Chunk("rows", 1, b"x"))
        checkpoint.close(b"done")
        print(log.append(epoch, batch(2)).position, len(store.derived.read()))
        store.close()
        with StoreDirectory.open(sys.argv[1], write=True) as store:
            print(store.log.head.position)
    """
    assert run_python(code, tmp_path / "store").split() == ["9", "2", "1", "2"]


def test_child_does_not_hold_the_lock(tmp_path: Path) -> None:
    """A live child doesn't keep a store locked that its parent has closed."""
    code = """
        import os, sys
        from actum_storage import StoreDirectory, StoreInUse
        store = StoreDirectory.open(sys.argv[1], write=True)
        ready, go = os.pipe(), os.pipe()
        child = os.fork()
        if not child:
            os.write(ready[1], b"x")
            os.read(go[0], 1)
            os._exit(0)
        os.read(ready[0], 1)
        try:
            StoreDirectory.open(sys.argv[1], write=True)
        except StoreInUse:
            print("held")
        store.close()
        with StoreDirectory.open(sys.argv[1], write=True):
            print("free")
        os.write(go[1], b"x")
        os.waitpid(child, 0)
    """
    assert run_python(code, tmp_path / "store").split() == ["held", "free"]
