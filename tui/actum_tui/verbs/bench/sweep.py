"""`actum bench sweep`: the highest rate at which a workload meets an objective, and every rate that was tried."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
import msgspec
from actum_bench.amounts import amount
from actum_bench.experiments import counted
from actum_bench.load.reading import INTENDED
from actum_bench.load.settings import OPERATIONS_MAX, Settings
from actum_bench.load.slo import NoObjectiveError, Objective, objective_of
from actum_bench.load.sustained import HIGHEST, Reach, Sustained, at_least_words, found_title, sustained
from actum_bench.process import VoidRunError
from actum_bench.repeats import middle
from actum_bench.results import Run, Skipped
from actum_bench.stores import workplace

from actum_tui.call import Call, verb
from actum_tui.output import Answer, Listing
from actum_tui.verbs.bench.files import unsaved
from actum_tui.verbs.bench.latencies import run_shown
from actum_tui.verbs.bench.load_options import LOAD, RATES, duration, settings_of
from actum_tui.verbs.bench.options import decorated, finite
from actum_tui.verbs.bench.session import begun
from actum_tui.verbs.bench.shown import gaps

#: Runs that a search takes about, for the bar.
STEPS_ABOUT = 12
#: A run of fewer operations has no latency worth the name.
OPERATIONS_MIN = 10
SHOWN_SHARES = ("p50", "p99", "p99.9", "max")


def objectives_of(_context: click.Context, _option: click.Parameter, texts: Sequence[str]) -> list[Objective]:
    """Read the objectives."""
    try:
        return [objective_of(text) for text in texts]
    except NoObjectiveError as error:
        raise click.BadParameter(str(error)) from error


def register(group: click.Group) -> None:
    """Add the verb."""
    verb(group, "sweep", store=False)(
        decorated(
            run,
            click.option(
                "--slo",
                "objectives",
                callback=objectives_of,
                multiple=True,
                default=["p99=5ms"],
                metavar="SHARE=TIME",
                help="What callers may wait, from the intended time; may be given several times. Default: p99=5ms.",
            ),
            click.option(
                "--from",
                "first",
                type=RATES,
                callback=finite,
                default=1_000.0,
                metavar="PER-SECOND",
                help="Default: 1000.",
            ),
            click.option(
                "--to",
                "highest",
                type=RATES,
                callback=finite,
                default=1e6,
                metavar="PER-SECOND",
                help="Default: 1000000.",
            ),
            click.option(
                "--precision",
                type=click.FloatRange(0.001, 1),
                callback=finite,
                default=0.05,
                metavar="SHARE",
                help="How near the rate that breaks has to be to the one that holds. Default: 0.05.",
            ),
            duration(5.0),
            *LOAD,
        )
    )


def run(call: Call, **given: Any) -> Answer:  # noqa: ANN401  # click passes options by name
    """Find the highest rate at which a workload meets an objective.

    The rate is doubled until the objective breaks, or there are errors, or a queue grows; then the highest rate that
    holds is narrowed down, a run for each step, and measured again --repeats times. What is found has held in the
    median of those.
    """
    settings = settings_of(given)
    objectives: Sequence[Objective] = given["objectives"]
    if given["first"] > given["highest"]:
        raise click.UsageError("--from is above --to")
    highest = min(given["highest"], OPERATIONS_MAX / max(settings.seconds, settings.warm_up_seconds))
    first = min(given["first"], highest)
    reach = Reach(
        first=first,
        lowest=min(first, OPERATIONS_MIN / settings.seconds),
        highest=highest,
        precision=given["precision"],
        repeats=given["repeats"],
    )
    results = begun(call, settings.directory, reach.repeats)
    with workplace(settings.directory) as place, call.progress("looking for the highest rate") as progress:
        there = msgspec.structs.replace(settings, directory=place)
        try:
            found = sustained(there, objectives, reach, counted(progress, STEPS_ABOUT + reach.repeats))
        except VoidRunError as error:
            results.skipped.append(
                Skipped("sweep", found_title(settings, objectives, reach.repeats), str(error), void=True)
            )
            failure = unsaved(given["save"], results.save)
            return Answer(msgspec.to_builtins(results), [*gaps(results.skipped)], bad=True, unsaved=failure)
    results.runs.extend(found.runs)
    if found.found is not None:
        results.runs.append(found.found)
    if found.at_least and highest < given["highest"]:
        call.warnings.append(
            f"rates above {amount(highest, '1/s')} were not tried: a run has {OPERATIONS_MAX:,} operations at most; "
            "choose a shorter --duration and --warm-up to try more"
        )
    shown = [results.environment.line, "", *found_shown(settings, objectives, found)]
    return Answer(
        msgspec.to_builtins(results), shown, bad=found.rate is None, unsaved=unsaved(given["save"], results.save)
    )


def found_shown(settings: Settings, objectives: Sequence[Objective], found: Sustained) -> list[str | Listing]:
    """Every step, and what came of them."""
    wanted = " and ".join(each.words for each in objectives)
    what = f"{found.runs[-1].workload.partition(', open loop')[0]} · actum · durability {settings.durability}"
    shown: list[str | Listing] = [what, f"objective: {wanted}, no errors, no growing queue", "", steps_listing(found)]
    if found.rate is None:
        return [*shown, "", "no rate that was tried meets the objective"]
    rate = at_least_words(found.rate) if found.at_least else amount(found.rate, "1/s")
    return [*shown, "", f"{HIGHEST}: {rate}", "", *run_shown(found.runs[-1])]


def steps_listing(found: Sustained) -> Listing:
    """Every rate that was tried."""
    columns = ("rate", "achieved", *SHOWN_SHARES, "repeats")
    made = Listing((*columns, ""), frozenset(columns))
    for step, tried in zip(found.steps, found.runs, strict=True):
        latencies = [amount(median(tried, f"{INTENDED} {share}"), "s") for share in SHOWN_SHARES]
        achieved = amount(median(tried, "achieved"), "1/s")
        verdict = f"breaks: {step.broken}" if step.broken else "holds"
        made.add(amount(step.rate, "1/s"), achieved, *latencies, step.repeats, verdict)
    return made


def median(run: Run, name: str) -> float:
    """The median of a figure."""
    figure = run.figure(name)
    return middle(figure.samples) if figure is not None else 0.0
