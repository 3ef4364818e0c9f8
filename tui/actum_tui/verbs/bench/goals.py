"""`actum bench goals`: everything that actum wants to reach, at full size."""

from __future__ import annotations

from pathlib import Path

import click
from actum_bench import goals
from actum_bench.stores import workplace

from actum_tui.call import Call, verb
from actum_tui.output import Answer
from actum_tui.verbs.bench.options import SHARED, decorated, part_option
from actum_tui.verbs.bench.session import answer, begun, measured, together


def register(group: click.Group) -> None:
    """Add the verb."""
    verb(group, "goals", store=False)(decorated(run, part_option(goals.PARTS), *SHARED))


def run(call: Call, *, parts: tuple[str, ...], directory: str | None, repeats: int, save: Path | None) -> Answer:
    """Measure every goal at full size, which takes long, and gigabytes of disk and memory.

    \b
    floor    commands, queries, rebuilding and importing beside the floor
    recover  opening from a checkpoint, and checkpoints under load
    scale    ten million events, a million aggregates; memory of an aggregate and a row
    peers    the same work by others
    demo     the real year of `make demo`, in a checkout

    A goal that is missed is an answer; one whose run is void makes the exit code 1.
    """  # noqa: D301  # click takes the backspace for "leave these lines as they are"
    with workplace(directory) as place:
        suites = goals.suites(place, repeats)
        chosen = [suites[part] for part in parts or goals.PARTS]
        results = together(measured(call, chosen, begun(call, directory, repeats)))
    return answer(results, [], save)
