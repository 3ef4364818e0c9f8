"""What every log promises: one suite over `MemoryLog` and `LmdbLog`. A new log is added to `make` and nowhere else."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from actum_storage import (
    GENESIS,
    Batch,
    Fenced,
    Head,
    LmdbLog,
    Log,
    MemoryLog,
    NoSuchPosition,
    PositionConflict,
    StorageError,
    StoreClosed,
    seal,
)

from tests.support.batches import batch, fill, record, records_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Reopen = Callable[[Log], Log]


def make(kind: str, directory: Path) -> tuple[Log, Reopen]:
    """A new log of a kind, and how to close and open it again."""
    if kind == "memory":
        return MemoryLog(), lambda log: log.reopen() if isinstance(log, MemoryLog) else log

    def reopen(log: Log) -> Log:
        log.close()
        return LmdbLog.open(directory, write=True)

    return LmdbLog.open(directory, write=True), reopen


@pytest.fixture(params=["memory", "lmdb"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Log, Reopen]]:
    """A log and how to reopen it."""
    log, reopen = make(request.param, tmp_path / "log")
    opened = [log]

    def remember(log: Log) -> Log:
        opened.append(reopen(log))
        return opened[-1]

    yield log, remember
    for each in opened:
        each.close()


@pytest.fixture
def log(pair: tuple[Log, Reopen]) -> Log:
    """A new, empty log."""
    return pair[0]


@pytest.fixture
def reopen(pair: tuple[Log, Reopen]) -> Reopen:
    """Closes a log and opens it again."""
    return pair[1]


class TestEmpty:
    """A log without a record."""

    def test_head(self, log: Log) -> None:
        """Its head is position 0 with the genesis hash."""
        assert log.head == Head(0, GENESIS)

    def test_frames(self, log: Log) -> None:
        """It has no frames in either direction."""
        assert list(log.frames()) == list(log.frames_backwards()) == []

    @pytest.mark.parametrize("position", [-1, 0, 1])
    def test_no_position(self, log: Log, position: int) -> None:
        """It holds no position, and says so as an IndexError too."""
        with pytest.raises(NoSuchPosition, match=f"position {position}:") as caught:
            log.frame_at(position)
        assert isinstance(caught.value, IndexError)

    def test_no_schemas(self, log: Log) -> None:
        """It has no schemas."""
        assert log.schemas() == {}


class TestAppend:
    """Writing behind the head."""

    def test_returns_the_new_head(self, log: Log) -> None:
        """An append returns the head, which is the last position and its frame's hash."""
        head = log.append(log.acquire(), batch(1, 3))
        assert head == log.head == Head(3, log.frame_at(3).hash)

    def test_frame_is_what_seal_makes(self, log: Log) -> None:
        """The stored frame is byte for byte what `seal` makes of the batch and the hash before."""
        epoch = log.acquire()
        before = log.append(epoch, batch(1, 2))
        log.append(epoch, batch(3, 4))
        assert log.frame_at(3) == seal(batch(3, 4), before.hash)

    def test_records_come_back(self, log: Log) -> None:
        """Every record is read back as it was written."""
        fill(log, 1, 5, 2)
        assert [each for frame in log.frames() for each in records_of(frame)] == [record(n) for n in range(1, 9)]

    @pytest.mark.parametrize("first", [0, 2, 4, 100])
    def test_gap_or_overlap(self, log: Log, first: int) -> None:
        """A batch that doesn't begin right behind the head is refused, and nothing is written."""
        fill(log, 2)
        before = log.head
        with pytest.raises(PositionConflict, match="the next position is 3"):
            log.append(log.acquire(), batch(first) if first else batch(1)._replace(first=0))
        assert log.head == before

    @pytest.mark.parametrize(
        "bad",
        [
            Batch(1, [], b"", b""),
            Batch(1, [0, 5], b"8 bytes!", b"0123456789"),
            Batch(1, [1], b"8 bytes!", b"0123456789"),
            Batch(1, [0], b"8 bytes!", b""),
        ],
    )
    def test_batch_that_does_not_fit(self, log: Log, bad: Batch) -> None:
        """A batch whose parts don't fit together is refused with the numbers, and the log goes on."""
        epoch = log.acquire()
        with pytest.raises(StorageError, match="does not fit together"):
            log.append(epoch, bad)
        assert log.append(epoch, batch(1)).position == 1

    def test_buffer_may_be_reused(self, log: Log) -> None:
        """What the caller does to its buffers afterwards doesn't reach the log."""
        written = batch(1, 2)
        log.append(log.acquire(), written)
        written.records[:] = bytes(len(written.records))  # type: ignore[index]
        assert records_of(log.frame_at(1)) == [record(1), record(2)]

    def test_from_another_thread(self, log: Log) -> None:
        """Appends may come from another thread than the opener's, while this one reads."""
        epoch = log.acquire()
        thread = threading.Thread(target=lambda: [log.append(epoch, batch(n)) for n in range(1, 51)])
        thread.start()
        while thread.is_alive():
            position = log.head.position
            assert sum(frame.count for frame in log.frames(stop=position)) == position
        thread.join()
        assert log.head.position == 50


class TestEpoch:
    """Who may write."""

    def test_without_acquiring(self, log: Log) -> None:
        """Nobody may append without an epoch."""
        with pytest.raises(Fenced):
            log.append(0, batch(1))

    def test_epochs_grow(self, log: Log) -> None:
        """Each acquisition gives a greater epoch."""
        assert log.acquire() < log.acquire() < log.acquire()

    def test_older_epoch_is_fenced(self, log: Log) -> None:
        """The older writer is refused after somebody else acquired the log; the newer one goes on."""
        older, newer = log.acquire(), log.acquire()
        with pytest.raises(Fenced, match=f"epoch {older}"):
            log.append(older, batch(1))
        with pytest.raises(Fenced):
            log.put_schemas(older, {"a": b"1"})
        assert log.append(newer, batch(1)).position == 1


class TestRead:
    """Reading frames."""

    @pytest.fixture(autouse=True)
    def three_frames(self, log: Log) -> None:
        """Positions 1 to 3, 4, and 5 to 9."""
        fill(log, 3, 1, 5)

    def test_frame_at(self, log: Log) -> None:
        """Each position is in the frame that covers it, asked in any order and repeatedly."""
        expected = {1: 1, 2: 1, 3: 1, 4: 4, 5: 5, 6: 5, 7: 5, 8: 5, 9: 5}
        for position in [*expected, *reversed(expected), 1, 9, 1, 9]:
            assert log.frame_at(position).first == expected[position]

    def test_frame_at_behind_the_head(self, log: Log) -> None:
        """A position behind the head is an error that names what there is."""
        with pytest.raises(NoSuchPosition, match="positions 1 to 9"):
            log.frame_at(10)

    @pytest.mark.parametrize(
        ("start", "stop", "firsts"),
        [
            (1, None, [1, 4, 5]),
            (3, None, [1, 4, 5]),
            (4, None, [4, 5]),
            (6, None, [5]),
            (9, 9, [5]),
            (10, None, []),
            (1, 0, []),
            (1, 1, [1]),
            (3, 4, [1, 4]),
            (4, 4, [4]),
            (2, 5, [1, 4, 5]),
            (5, 1000, [5]),
            (6, 5, []),
        ],
    )
    def test_range(self, log: Log, start: int, stop: int | None, firsts: list[int]) -> None:
        """A range gives every frame that has a record in it, in order, and backwards in the other."""
        assert [frame.first for frame in log.frames(start, stop)] == firsts
        assert [frame.first for frame in log.frames_backwards(start, stop)] == firsts[::-1]

    def test_start_before_the_beginning(self, log: Log) -> None:
        """A range that begins before 1 is an error at the call, not at the first frame."""
        for read in (log.frames, log.frames_backwards):
            with pytest.raises(NoSuchPosition, match="begins at position 1"):
                read(0)

    def test_frames_appended_meanwhile(self, log: Log) -> None:
        """An iterator ends where the head was when it was made."""
        iterator = log.frames()
        fill(log, 2)
        assert [frame.first for frame in iterator] == [1, 4, 5]

    def test_chained(self, log: Log) -> None:
        """Each frame carries the hash of the one before it, the first one the genesis hash."""
        frames = list(log.frames())
        assert [frame.previous for frame in frames] == [GENESIS, *(frame.hash for frame in frames[:-1])]


class TestSchemas:
    """Documents by name."""

    def test_round_trip(self, log: Log) -> None:
        """What is put is there, together with what was put before."""
        epoch = log.acquire()
        log.put_schemas(epoch, {"Deposited@1": b'{"a": 1}', "ünïcode": b""})
        log.put_schemas(epoch, {"Deposited@2": b"\x00\xff"})
        assert log.schemas() == {"Deposited@1": b'{"a": 1}', "ünïcode": b"", "Deposited@2": b"\x00\xff"}

    def test_same_again(self, log: Log) -> None:
        """The same bytes under the same name are not an error."""
        epoch = log.acquire()
        for _ in range(2):
            log.put_schemas(epoch, {"a": b"1"})
        assert log.schemas() == {"a": b"1"}

    def test_never_overwritten(self, log: Log) -> None:
        """Other bytes under a stored name are refused, and nothing of that call is stored."""
        epoch = log.acquire()
        log.put_schemas(epoch, {"a": b"1"})
        with pytest.raises(StorageError, match="'a' is stored with other bytes"):
            log.put_schemas(epoch, {"b": b"2", "a": b"other"})
        assert log.schemas() == {"a": b"1"}

    @pytest.mark.parametrize("name", ["", "n" * 512])
    def test_bad_name(self, log: Log, name: str) -> None:
        """A name that is empty or too long is refused, and the limit is named."""
        with pytest.raises(StorageError, match="1 to 511 bytes"):
            log.put_schemas(log.acquire(), {name: b"1"})

    def test_head_does_not_move(self, log: Log) -> None:
        """Schemas take no position."""
        fill(log, 2)
        before = log.head
        log.put_schemas(log.acquire(), {"a": b"1"})
        assert log.head == before


class TestReopen:
    """Closing, and opening again."""

    def test_everything_is_there(self, log: Log, reopen: Reopen) -> None:
        """A reopened log has the same head, frames and schemas, and goes on from there."""
        fill(log, 3, 4)
        log.put_schemas(log.acquire(), {"a": b"1"})
        head, frames = log.head, list(log.frames())
        again = reopen(log)
        assert (again.head, list(again.frames()), again.schemas()) == (head, frames, {"a": b"1"})
        assert fill(again, 1).position == 8

    def test_closed(self, log: Log) -> None:
        """A closed log refuses everything but closing again; its head can still be reported."""
        epoch, head = log.acquire(), fill(log, 1)
        log.close()
        log.close()
        for call in (
            log.acquire,
            lambda: log.append(epoch, batch(2)),
            lambda: log.frame_at(1),
            log.frames,
            log.frames_backwards,
            log.schemas,
            lambda: log.put_schemas(epoch, {}),
        ):
            with pytest.raises(StoreClosed):
                call()
        assert log.head == head

    def test_repr(self, log: Log) -> None:
        """Its repr tells head and state."""
        fill(log, 7)
        assert "head 7" in repr(log)
        log.close()
        assert "closed" in repr(log)
