"""The rows are not blind: the engine broken on purpose is found out by the row that should, each time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

import pytest

from tests.chaos import faults, flips, inputs, kill, malformed, points, power
from tests.chaos.forked import forked
from tests.chaos.fulfilment import row as fulfilment
from tests.chaos.mutants import MUTANTS, plant
from tests.chaos.row import Outcome

#: A row's `run`: the first case, how many, and the mutant.
Attack = Callable[[int, int, str], Outcome]

#: Who has to find what, in which cases.
FOUND_BY: Iterable[tuple[str, Attack, int, int]] = [
    ("acknowledge_before_commit", points.run, 60, 30),
    ("acknowledge_before_commit", kill.run, 0, 8),
    ("half_commands", points.run, 60, 40),
    ("half_commands", kill.run, 0, 20),
    ("no_dedup", kill.run, 0, 4),
    ("no_dedup", faults.run, 4 * 200, 1),
    ("views_before_commit", faults.run, 120, 20),
    ("ignore_failed_commits", faults.run, 112, 20),
    ("no_sync", power.run, 0, 60),
    ("no_directory_sync", power.run, 0, 60),
    ("manifest_before_log", power.run, 0, 60),
    ("no_frame_hash", flips.run, 0, 40),
    ("no_chunk_hash", flips.run, 0, 60),
    ("no_chain", flips.run, 30, 40),
    ("no_seal", flips.run, 0, 40),
    ("ignore_short_frames", flips.run, 0, 60),
    ("no_page_check", flips.run, 115, 35),
    ("no_page_check", malformed.run, 0, 33),
    ("no_foreign_check", malformed.run, 20, 5),
    ("no_event_check", inputs.run, 0, 300),
    ("no_cut_back", inputs.run, 0, 300),
    ("keep_state_after_a_bug", inputs.run, 0, 300),
    ("no_quarantine", inputs.run, 0, 300),
    ("steps_twice", fulfilment.run, 0, 2),
    ("steps_forgotten", fulfilment.run, 0, 2),
    ("effects_apart", fulfilment.run, 0, 3),
]


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("name", "attack", "first", "count"),
    [pytest.param(*found, id=f"{found[0]}-{found[1].__module__.rpartition('.')[2]}") for found in FOUND_BY],
)
def test_a_mutant_is_found(name: str, attack: Attack, first: int, count: int) -> None:
    """Its row reports violations."""

    def work() -> str:
        return json.dumps(attack(first, count, name))

    cases, violations, counts = json.loads(forked(work, seconds=100))
    assert violations, f"{name} was not found in {cases} cases: {counts}"


def test_every_mutant_is_looked_for() -> None:
    """By one row at least."""
    assert {name for name, *_ in FOUND_BY} == set(MUTANTS)


def test_planting_nothing_breaks_nothing() -> None:
    """The empty name is the whole engine."""

    def work() -> str:
        plant("")
        return "whole"

    assert forked(work) == "whole"
