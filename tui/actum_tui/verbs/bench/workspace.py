"""Verbs that fill large stores: in a workspace on the disk to be measured, which is deleted at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import click
from actum_bench.experiments import Experiment, suite_of
from actum_bench.results import Results
from actum_bench.stores import workplace

from actum_tui.call import Call
from actum_tui.verbs.bench.session import begun, measured

SIZE = click.IntRange(10, 100_000_000)


def measured_in_workspace(
    call: Call, experiments: Callable[..., Iterator[Experiment]], parts: Sequence[str], given: dict[str, Any]
) -> Results:
    """Carry out the experiments that were asked for.

    Args:
        call: of the verb.
        experiments: makes them, given a workspace, parts, repeats and sizes.
        parts: all there are.
        given: options by name; beside `directory` and `parts` they are what `experiments` takes.
    """
    sizes: dict[str, Any] = given | {"parts": given["parts"] or parts}
    directory = sizes.pop("directory")
    with workplace(directory) as place:
        suite = suite_of("measuring", experiments(place, **sizes))
        (results,) = measured(call, [suite], begun(call, directory, sizes["repeats"]))
    return results
