"""What waits for a slow reader, and how much of it."""

from __future__ import annotations

from typing import Any, cast

import pytest
from actum import ViewBroken, WatchClosed
from actum.watching.buffers import ChangedKeys, Counts, MergedRows, NewestAnswer, QueuedAnswers, QueuedRows
from actum.watching.changes import Answer, RowsChanged


class Served:
    """As much of a live view as a buffer looks at: rows are their own values."""

    def __init__(self) -> None:
        self.table = self
        self.rows: dict[str, int] = {}
        self.position = 0
        self.broken = False

    def __call__(self) -> Any:
        """Itself."""
        return self

    def check(self) -> None:
        """Raise if broken."""
        if self.broken:
            raise ViewBroken("broken", view="", position=1)

    def change(self, buffer: Any, changes: dict[str, int | None]) -> None:
        """A commit."""
        self.position += 1
        self.rows = {key: row for key, row in {**self.rows, **changes}.items() if row is not None}
        buffer.told(self.position, changes)

    def total(self) -> tuple[int, int]:
        """An answer."""
        self.check()
        return self.position, sum(self.rows.values())


def shown(change: RowsChanged[Any] | None) -> tuple[Any, ...] | None:
    """A change as a tuple, short."""
    if change is None:
        return None
    flags = "complete " * change.complete + "missed" * change.missed
    return (change.position, change.put, change.removed, flags.strip())


def test_merged_rows() -> None:
    """All first; then what waits is one change with the newest row of each key."""
    served, counts = Served(), Counts()
    buffer = MergedRows(served, 3, counts, None)
    served.change(buffer, {"a": 1})
    assert shown(buffer.take()) == (1, (1,), (), "complete")
    assert buffer.take() is None
    served.change(buffer, {"b": 2})
    served.change(buffer, {"a": None, "b": 3})
    assert shown(buffer.take()) == (3, (3,), ("a",), "")
    assert buffer.take() is None
    assert counts.coalesced == 2


def test_merged_rows_have_a_bound() -> None:
    """More keys than may wait become the whole state; what one commit changed is never too much by itself."""
    served, counts = Served(), Counts()
    buffer = MergedRows(served, 2, counts, (0, {}))
    assert buffer.take() is None
    served.change(buffer, {"a": 1, "b": 2, "c": 3})
    assert shown(buffer.take()) == (1, (1, 2, 3), (), "")
    for number in range(100):
        served.change(buffer, {f"d{number % 10}": number})
        assert len(buffer._waiting) <= 2
    assert shown(buffer.take()) == (101, (1, 2, 3, *range(90, 100)), (), "complete")
    assert counts.coalesced == 99


def test_merged_rows_since() -> None:
    """What is known to have changed comes first, with the position as of which it is so."""
    served = Served()
    buffer = MergedRows(served, 3, Counts(), (7, {"a": 1, "b": None}))
    assert shown(buffer.take()) == (7, (1,), ("b",), "")


@pytest.mark.parametrize("closes", [False, True])
def test_queued_rows(*, closes: bool) -> None:
    """All first; then each commit's change by itself."""
    served, counts = Served(), Counts()
    buffer = QueuedRows(served, 3, counts, None, closes=closes)
    served.change(buffer, {"a": 1})
    assert shown(buffer.take()) == (1, (1,), (), "complete")
    served.change(buffer, {"b": 2})
    served.change(buffer, {"a": None, "b": 3})
    assert shown(buffer.take()) == (2, (2,), (), "")
    served.change(buffer, {"b": 4})
    assert shown(buffer.take()) == (3, (3,), ("a",), "")
    assert shown(buffer.take()) == (4, (4,), (), "")
    assert buffer.take() is None
    assert counts.dropped == counts.closed == 0


def test_queued_rows_are_dropped() -> None:
    """What waits is left out, and the whole state says so."""
    served, counts = Served(), Counts()
    buffer = QueuedRows(served, 3, counts, (0, {}), closes=False)
    for number in range(10):
        served.change(buffer, {f"a{number}": number})
        assert len(buffer._queue) <= 3
    assert counts.dropped == 10
    assert shown(buffer.take()) == (10, tuple(range(10)), (), "complete missed")
    served.change(buffer, {"b": 1})
    assert shown(buffer.take()) == (11, (1,), (), "")


def test_queued_rows_close() -> None:
    """The reader is told up to where it has come."""
    served, counts = Served(), Counts()
    buffer = QueuedRows(served, 3, counts, (0, {}), closes=True)
    served.change(buffer, {"a": 1})
    buffer.take()
    for number in range(5):
        served.change(buffer, {"a": number})
    with pytest.raises(WatchClosed, match="more than buffer_max=3 rows waited") as closed:
        buffer.take()
    assert closed.value.position == 1
    assert counts.closed == 1
    assert not buffer._queue


@pytest.mark.parametrize("kind", ["merged", "dropped", "closed"])
def test_a_rebuilt_or_broken_view(kind: str) -> None:
    """The whole state follows instead of what waits, or the reason why there is none."""
    served = Served()
    buffer: Any = MergedRows(served, 3, Counts(), (0, {}))
    if kind != "merged":
        buffer = QueuedRows(served, 3, Counts(), (0, {}), closes=kind == "closed")
    served.change(buffer, {"a": 1})
    buffer.renewed()
    served.rows = {"b": 2}
    assert shown(buffer.take()) == (1, (2,), (), "complete")
    served.broken = True
    buffer.renewed()
    with pytest.raises(ViewBroken):
        buffer.take()


def test_newest_answer() -> None:
    """The answer when it is taken, if it is another one; asked once for all that waited."""
    served, counts = Served(), Counts()
    asked: list[int] = []

    def evaluate() -> tuple[int, int]:
        asked.append(served.position)
        return served.total()

    buffer = NewestAnswer(evaluate, counts, known=False)
    assert buffer.take() == Answer(0, 0)
    assert buffer.take() is None
    for number in range(3):
        served.change(buffer, {"a": number})
    assert buffer.take() == Answer(3, 2)
    served.change(buffer, {"b": 0})
    assert buffer.take() is None
    assert asked == [0, 3, 4]
    assert counts.coalesced == 2
    buffer.renewed()
    served.broken = True
    with pytest.raises(ViewBroken):
        buffer.take()


def test_an_answer_that_is_known() -> None:
    """Nothing until it is another."""
    served = Served()
    buffer = NewestAnswer(served.total, Counts(), known=True)
    assert buffer.take() is None
    served.change(buffer, {"a": 0})
    assert buffer.take() is None
    served.change(buffer, {"a": 1})
    assert buffer.take() == Answer(2, 1)


@pytest.mark.parametrize("known", [False, True])
def test_queued_answers(*, known: bool) -> None:
    """Each that differs from the one before."""
    served, counts = Served(), Counts()
    buffer = QueuedAnswers(served.total, 5, counts, known=known, closes=False)
    for number in (0, 1, 1, 2):
        served.change(buffer, {"a": number})
    first = [] if known else [Answer(0, 0)]
    assert [*iter(buffer.take, None)] == [*first, Answer(2, 1), Answer(4, 2)]
    assert counts.dropped == 0


def test_queued_answers_are_dropped() -> None:
    """The oldest is; the next one says so."""
    served, counts = Served(), Counts()
    buffer = QueuedAnswers(served.total, 2, counts, known=True, closes=False)
    for number in range(1, 6):
        served.change(buffer, {"a": number})
        assert len(buffer._queue) <= 2
    assert [*iter(buffer.take, None)] == [Answer(4, 4, missed=True), Answer(5, 5)]
    assert counts.dropped == 3


def test_queued_answers_close() -> None:
    """What waits is not given any more: the reader may begin again where it was."""
    served, counts = Served(), Counts()
    buffer = QueuedAnswers(served.total, 2, counts, known=True, closes=True)
    for number in range(1, 6):
        served.change(buffer, {"a": number})
    with pytest.raises(WatchClosed, match="more than buffer_max=2 answers waited") as closed:
        buffer.take()
    assert closed.value.position is None
    assert counts.closed == 1


def test_queued_answers_end_with_an_error() -> None:
    """After those that waited; the one who told of the change doesn't notice."""
    served = Served()
    buffer = QueuedAnswers(served.total, 2, Counts(), known=False, closes=True)
    served.broken = True
    served.change(buffer, {"a": 1})
    served.broken = False
    served.change(buffer, {"a": 2})
    buffer.renewed()
    assert buffer.take() == Answer(0, 0)
    with pytest.raises(ViewBroken):
        buffer.take()


def test_changed_keys() -> None:
    """Each once, until they are taken."""
    buffer = ChangedKeys()
    buffer.told(1, {"a": 1, "b": None})
    buffer.told(2, cast("dict[str, int]", {"a": None}))
    buffer.renewed()
    assert buffer.take() == {"a", "b"}
    assert buffer.take() == set()
