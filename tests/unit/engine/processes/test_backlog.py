"""What was read and is not done: lines of entries, and up to where everything has been considered."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from actum.automation.process_step import Entry
from actum.processes.backlog import Backlog
from hypothesis import given
from hypothesis import strategies as st


def entry(position: int) -> Entry:
    """An entry of which only the position matters here."""
    record: Any = None
    return Entry(position, (), record)


def test_each_line_keeps_its_order_and_a_line_that_ended_begins_anew() -> None:
    """Who takes the last entry out of a line ends it; the next one that comes has to be begun again."""
    backlog = Backlog(10)
    assert backlog.considered == 10
    assert backlog.take({"a": [entry(11), entry(14)], "b": [entry(12)]}, 15) == ["a", "b"]
    assert backlog.take({"a": [entry(16)]}, 20) == []
    assert (backlog.considered, len(backlog)) == (10, 4)
    for position in (11, 14, 16):
        first = backlog.first("a")
        assert first is not None
        assert first.position == position
        backlog.done("a")
    assert (backlog.first("a"), backlog.considered) == (None, 11)
    assert backlog.take({"a": [entry(21)]}, 22) == ["a"]
    backlog.done("b")
    backlog.done("a")
    assert (backlog.considered, len(backlog), backlog.read) == (22, 0, 22)


def test_a_position_of_several_instances_is_done_when_all_are() -> None:
    """An upcaster may make events for several of one record."""
    backlog = Backlog(0)
    backlog.take({"a": [entry(1)], "b": [entry(1)]}, 1)
    backlog.done("a")
    assert backlog.considered == 0
    backlog.done("b")
    assert backlog.considered == 1


@given(st.lists(st.lists(st.sampled_from("abcd"), max_size=8), max_size=8), st.randoms(use_true_random=False))
def test_everything_up_to_the_first_that_is_not_done(slices: list[list[str]], random: Any) -> None:
    """In whatever order lines are worked on, and slices come in between."""
    backlog, position, left = Backlog(0), 0, set[int]()
    for keys in slices:
        found = defaultdict(list)
        for key in keys:
            position += random.randint(1, 3)
            found[key].append(entry(position))
            left.add(position)
        backlog.take(found, position)
        for _ in range(random.randint(0, 10)):
            busy = sorted(backlog._lines)
            if busy:
                key = random.choice(busy)
                first = backlog.first(key)
                if first is not None:
                    backlog.done(key)
                    left.discard(first.position)
            assert backlog.considered == (min(left) - 1 if left else position)
            assert len(backlog) == len(left)
