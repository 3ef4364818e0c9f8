"""One run of a verb: its results, with command and environment, and how they are measured, answered and saved."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from actum_bench import environment
from actum_bench.amounts import reached
from actum_bench.experiments import Suite
from actum_bench.repeats import REPEATS_MIN, middle, unstable
from actum_bench.results import Results

from actum_tui.call import Call
from actum_tui.output import Answer, Listing
from actum_tui.verbs.bench.files import unsaved
from actum_tui.verbs.bench.shown import gaps, goals_listing


def begun(call: Call, directory: str | None, repeats: int = REPEATS_MIN) -> Results:
    """Results without a figure: what was typed, where it is measured; what makes figures worth less is warned of.

    Args:
        call: of the verb.
        directory: on whose disk is measured; the system's temporary directory if None.
        repeats: how often each is measured.
    """
    where = environment.look(Path(directory) if directory else None)
    call.warnings += where.warnings
    if repeats < REPEATS_MIN:
        call.warnings.append(f"{repeats} of at least {REPEATS_MIN} repeats: these medians are not to be quoted")
    return Results(command=shlex.join(["actum", *sys.argv[1:]]), environment=where)


def measured(
    call: Call, suites: Sequence[Suite], results: Results, keep: Callable[[list[Results]], object] | None = None
) -> list[Results]:
    """Carry out suites, with a bar that shows which one it is, and how far.

    Args:
        call: of the verb.
        suites: one after the other.
        results: what each begins with.
        keep: is given what there is after each of them.
    """
    found: list[Results] = []
    for number, suite in enumerate(suites, start=1):
        title = f"{number} of {len(suites)}: {suite.title}" if len(suites) > 1 else suite.title
        with call.progress(title) as progress:
            runs, goals, skipped = suite.carry_out(progress)
        found.append(msgspec.structs.replace(results, runs=runs, goals=goals, skipped=skipped))
        if keep is not None:
            keep(found)
    return found


def together(parts: Sequence[Results]) -> Results:
    """The figures of several suites of one call."""
    return msgspec.structs.replace(
        parts[0],
        runs=[run for part in parts for run in part.runs],
        goals=[goal for part in parts for goal in part.goals],
        skipped=[gap for part in parts for gap in part.skipped],
    )


def answer(results: Results, shown: Sequence[str | Listing], save: Path | None) -> Answer:
    """Save what was measured, and show it: where, the figures, the goals, and what gives none. Void is a bad answer."""
    parts: list[str | Listing] = [results.environment.line, "", *shown]
    if results.goals:
        parts += ["", goals_listing(results.goals)]
    shown = [*parts, *gaps(results.skipped)]
    return Answer(content_of(results), shown, bad=is_void(results), unsaved=unsaved(save, results.save))


def content_of(results: Results) -> dict[str, Any]:
    """Results for programs: as they are saved, with what came of each goal, and all ratios by name."""
    content: dict[str, Any] = msgspec.to_builtins(results)
    for goal, given in zip(results.goals, content["goals"], strict=True):
        given |= {"median": middle(goal.samples), "reached": reached(goal), "unstable": unstable(goal.samples)}
    ratios = {goal.name: middle(goal.samples) for goal in results.goals if goal.unit == "ratio"}
    return content | {"ratios": ratios}


def is_void(results: Results) -> bool:
    """Whether something failed, or did not hold what was checked."""
    return any(gap.void for gap in results.skipped)
