"""One machine, two logs: whatever is done to `MemoryLog` and `LmdbLog`, also with reopenings between, they agree.

The reference model is so small that it is right by reading; the durable log has pieces, caches and transactions to get
wrong.
Both are asked the same, including what is refused, and errors must be of the same class.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from actum_storage import LmdbLog, Log, MemoryLog, StorageError, lmdb_log, recent
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.support.batches import batch

if TYPE_CHECKING:
    from collections.abc import Callable

POSITIONS = st.integers(min_value=-1, max_value=60)
NAMES = st.sampled_from(["", "a", "b", "c", "n" * 600])


class LogAgreement(RuleBasedStateMachine):
    """Does the same to both logs."""

    @initialize()
    def open(self) -> None:
        """Start with two empty logs; small pieces and caches make every boundary near."""
        self.patches = pytest.MonkeyPatch()
        self.patches.setattr(lmdb_log, "PIECE_FRAMES_MAX", 2)
        self.patches.setattr(recent, "CACHE_FRAMES_MAX", 2)
        self.patches.setattr(recent, "VERIFIED_FRAMES_MAX", 3)
        self.directory = Path(tempfile.mkdtemp(prefix="log-agreement-"))
        self.memory = MemoryLog()
        self.lmdb = self.open_lmdb(write=True)
        self.acquire()

    def open_lmdb(self, *, write: bool) -> LmdbLog:
        """The durable log; nothing is synced, since no power is cut here."""
        return LmdbLog.open(self.directory / "log", write=write, durability="relaxed")

    def both(self, call: Callable[[Log], Any]) -> None:
        """Ask both, and compare answers or refusals."""
        assert outcome(call, self.lmdb) == outcome(call, self.memory)

    @rule()
    def acquire(self) -> None:
        """Become the writer."""
        self.memory_epoch, self.lmdb_epoch = self.memory.acquire(), self.lmdb.acquire()

    @rule(count=st.integers(1, 5), size=st.sampled_from([24, 700, 5_000]))
    def append(self, count: int, size: int) -> None:
        """Append what fits."""
        written = batch(self.memory.head.position + 1, count, size=size)
        assert self.lmdb.append(self.lmdb_epoch, written) == self.memory.append(self.memory_epoch, written)

    @rule(shift=st.integers(-2, 2), age=st.integers(0, 2))
    def append_perhaps_wrong(self, shift: int, age: int) -> None:
        """Append in the wrong place, or with an older epoch."""
        written = batch(1)._replace(first=self.memory.head.position + 1 + shift)
        found = outcome(lambda log: log.append(self.lmdb_epoch - age, written), self.lmdb)
        assert found == outcome(lambda log: log.append(self.memory_epoch - age, written), self.memory)

    @rule(documents=st.dictionaries(NAMES, st.binary(max_size=3), max_size=3))
    def put_schemas(self, documents: dict[str, bytes]) -> None:
        """Store schemas, perhaps bad ones."""
        found = outcome(lambda log: log.put_schemas(self.lmdb_epoch, documents), self.lmdb)
        assert found == outcome(lambda log: log.put_schemas(self.memory_epoch, documents), self.memory)
        self.both(lambda log: log.schemas())

    @rule(positions=st.lists(POSITIONS, min_size=1, max_size=6))
    def frame_at(self, positions: list[int]) -> None:
        """Read single frames, some of them again."""
        for position in positions:
            self.both(lambda log, position=position: log.frame_at(position))  # type: ignore[misc]

    @rule(start=POSITIONS, stop=POSITIONS | st.none())
    def frames(self, start: int, stop: int | None) -> None:
        """Read a range in both directions."""
        self.both(lambda log: list(log.frames(start, stop)))
        self.both(lambda log: list(log.frames_backwards(start, stop)))

    @rule()
    def reopen(self) -> None:
        """Close and open both; the writer begins anew."""
        self.memory = self.memory.reopen()
        self.lmdb.close()
        self.lmdb = self.open_lmdb(write=True)
        self.acquire()

    @rule()
    def read_only(self) -> None:
        """Close, look at the durable log read-only, and open it again."""
        self.lmdb.close()
        reader = self.open_lmdb(write=False)
        assert (reader.head, list(reader.frames())) == (self.memory.head, list(self.memory.frames()))
        reader.close()
        self.reopen()

    @invariant()
    def same_head(self) -> None:
        """The heads agree after every step."""
        if hasattr(self, "lmdb"):
            assert self.lmdb.head == self.memory.head

    def teardown(self) -> None:
        """Close everything and delete the directory."""
        if hasattr(self, "lmdb"):
            self.lmdb.close()
            self.patches.undo()
            shutil.rmtree(self.directory)


def outcome(call: Callable[[Log], Any], log: Log) -> tuple[Any, type[StorageError] | None]:
    """The answer, or the class of the refusal."""
    try:
        return call(log), None
    except StorageError as error:
        return None, type(error)


TestLogAgreement = LogAgreement.TestCase
TestLogAgreement.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
