"""The rows are not blind: the engine broken on purpose is found out by the row that should, each time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from tests.chaos import faults, flips, points, power
from tests.chaos.forked import forked
from tests.chaos.mutants import MUTANTS, plant
from tests.chaos.row import Outcome

Attack = Callable[[], Outcome]

#: Who has to find what, in which cases.
FOUND_BY: dict[str, Attack] = {
    "acknowledge_before_commit": partial(points.run, 60, 60, "acknowledge_before_commit"),
    "ignore_failed_commits": partial(faults.run, 80, 60, "ignore_failed_commits"),
    "no_sync": partial(power.run, 0, 60, "no_sync"),
    "no_directory_sync": partial(power.run, 0, 60, "no_directory_sync"),
    "manifest_before_log": partial(power.run, 0, 60, "manifest_before_log"),
    "half_commands": partial(points.run, 60, 40, "half_commands"),
    "views_before_commit": partial(faults.run, 80, 60, "views_before_commit"),
    "no_frame_hash": partial(flips.run, 0, 100, "no_frame_hash"),
    "ignore_short_frames": partial(flips.run, 0, 100, "ignore_short_frames"),
    "no_chunk_hash": partial(flips.run, 0, 150, "no_chunk_hash"),
    "no_page_check": partial(flips.run, 0, 150, "no_page_check"),
    "no_dedup": partial(faults.run, 4 * 200, 1, "no_dedup"),
}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_found(name: str) -> None:
    """Its row reports violations."""
    outcome = FOUND_BY[name]()
    assert outcome.violations, f"{name} was not found in {outcome.cases} cases: {outcome.counts}"


def test_planting_nothing_breaks_nothing() -> None:
    """The empty name is the whole engine."""

    def work() -> str:
        plant("")
        return "whole"

    assert forked(work) == "whole"
