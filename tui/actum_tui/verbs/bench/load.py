"""`actum bench load`: a named workload at a given rate, latency from the intended time, checked after every run."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click
import msgspec
from actum_bench.experiments import counted
from actum_bench.files import replace_file
from actum_bench.load.histogram import percentile_lines
from actum_bench.load.reading import INTENDED, SERVICE
from actum_bench.load.trial import title_of, trial
from actum_bench.process import VoidRunError
from actum_bench.results import Results, Run, Skipped
from actum_bench.stores import workplace

from actum_tui.call import Call, verb
from actum_tui.output import Answer
from actum_tui.verbs.bench.files import unsaved
from actum_tui.verbs.bench.latencies import run_shown
from actum_tui.verbs.bench.load_options import LOAD, RATES, duration, settings_of
from actum_tui.verbs.bench.options import decorated, file_option, finite
from actum_tui.verbs.bench.session import begun, is_void
from actum_tui.verbs.bench.shown import gaps

CLIENTS_MAX = 100_000
CLIENTS = 64
RATE = 1_000.0


def register(group: click.Group) -> None:
    """Add the verb."""
    verb(group, "load", store=False)(
        decorated(
            run,
            click.option(
                "--rate",
                type=RATES,
                callback=finite,
                metavar="PER-SECOND",
                help=f"Operations per second, whatever becomes of them: an open loop. Default: {RATE:g}.",
            ),
            click.option("--closed", is_flag=True, help="A closed loop: clients that wait for each answer."),
            click.option(
                "--clients", type=click.IntRange(1, CLIENTS_MAX), help=f"Of the closed loop. Default: {CLIENTS}."
            ),
            duration(10.0),
            *LOAD,
            file_option("--hgrm", "Also write the percentiles there, as HdrHistogram does."),
        )
    )


def run(call: Call, **given: Any) -> Answer:  # noqa: ANN401  # click passes options by name
    """Run a workload at a rate, and show what callers wait.

    Commands and queries are sent at times that are fixed before the run. Latency is counted from those times, so it
    holds the waiting that slow answers cause; the latency from the sending is shown beside it. After every run sums,
    counts and views are checked; a run that fails them is void and shows no figure.
    """
    settings, repeats = settings_of(given | sending_of(given)), given["repeats"]
    results = begun(call, settings.directory, repeats)
    with workplace(settings.directory) as place, call.progress("measuring") as progress:
        try:
            results.runs.append(
                trial(msgspec.structs.replace(settings, directory=place), repeats, counted(progress, repeats))
            )
        except VoidRunError as error:
            results.skipped.append(Skipped("load", title_of(settings, repeats), str(error), void=True))
    return answered(results, given["save"], given["hgrm"])


def sending_of(given: dict[str, Any]) -> dict[str, Any]:
    """The rate of an open loop, or the clients of a closed one."""
    if given["closed"]:
        if given["rate"] is not None:
            raise click.UsageError("a closed loop has no rate: leave --rate or --closed away")
        return {"clients": given["clients"] or CLIENTS}
    if given["clients"] is not None:
        raise click.UsageError("an open loop has no clients: leave --clients away, or say --closed")
    return {"rate": given["rate"] or RATE}


def answered(results: Results, save: Path | None, hgrm: Path | None) -> Answer:
    """The answer, and the files that were asked for. A void run shows no figure and saves why."""
    failures = [unsaved(save, results.save)]
    if is_void(results):
        return Answer(msgspec.to_builtins(results), [*gaps(results.skipped)], bad=True, unsaved=failures[0])
    failures += [unsaved(hgrm, partial(write_percentiles, results.runs[0]))]
    shown = [results.environment.line, "", *run_shown(results.runs[0])]
    return Answer(msgspec.to_builtins(results), shown, unsaved="; ".join(filter(None, failures)))


def write_percentiles(run: Run, path: Path) -> None:
    """The percentiles as text, in milliseconds."""
    replace_file(path, "\n".join([*percentile_lines(histogram_of(run)), ""]).encode())


def histogram_of(run: Run) -> str:
    """What callers waited, as far as the run can tell."""
    return run.histograms.get(INTENDED) or run.histograms[SERVICE]
