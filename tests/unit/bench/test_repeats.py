"""Repeats: who is measured when."""

from __future__ import annotations

from actum_bench.repeats import Measure, rotated, take_turns
from actum_bench.results import Sample


def test_another_one_begins_each_turn() -> None:
    """All are measured once before any is measured again, and the place in a turn is everybody's in turn."""
    order: list[str] = []

    def measure_of(name: str) -> Measure:
        def measure() -> Sample:
            order.append(name)
            return Sample({"place": len(order)})

        return measure

    samples = take_turns({name: measure_of(name) for name in "abc"}, 4, lambda: None)
    assert "".join(order) == "abc" + "bca" + "cab" + "abc"
    assert list(samples) == ["a", "b", "c"]
    assert [sample.values["place"] for sample in samples["a"]] == [1, 6, 8, 10]


def test_nobody_takes_turns() -> None:
    """Where nobody is left there is no turn."""
    assert rotated([], 3) == []
