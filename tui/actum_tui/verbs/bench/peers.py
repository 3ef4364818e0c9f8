"""`actum bench peers`: the same work by actum and by others, beside each other."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile

import click
import msgspec
from actum_bench import environment
from actum_bench.peers.comparison import RATE, Work, compare
from actum_bench.peers.peer import ACCOUNTS, ACTUM, CLIENTS, PEERS
from actum_bench.repeats import REPEATS_MIN, middle, ratios
from actum_bench.results import Results, Run

from actum_tui.call import Call, verb
from actum_tui.output import Answer, Listing
from actum_tui.verbs.bench.shown import amount, goals_listing, steadiness

NAMES = [peer.name for peer in PEERS if peer is not ACTUM]
LATENCIES = ("ack p50", "ack p99")
FASTER = "actum is"


def register(group: click.Group) -> None:
    """Add the verb."""
    options = (
        click.option(
            "--clients",
            type=click.IntRange(1, 10_000),
            default=CLIENTS,
            show_default=True,
            help="How many wait at once.",
        ),
        click.option(
            "--only",
            multiple=True,
            type=click.Choice(NAMES),
            metavar="NAME",
            help=f"These and actum: {', '.join(NAMES)}.",
        ),
        click.option(
            "--repeats", type=click.IntRange(1), default=REPEATS_MIN, show_default=True, help="How many turns."
        ),
        click.option("--directory", metavar="DIRECTORY", help="The disk to measure; the temporary directory's if not."),
        click.option("--save", metavar="FILE", help="Write the results to a file."),
    )
    made = run
    for option in reversed(options):
        made = option(made)
    verb(group, "peers", store=False)(made)


def run(
    call: Call, *, clients: int, only: tuple[str, ...], repeats: int, directory: str | None, save: str | None
) -> Answer:
    """Do the same work beside other ways to keep events, each set up as its documentation says."""
    if directory is not None:
        need_writable(Path(directory))
    if save is not None:
        need_file(Path(save))
    where = environment.look(Path(directory) if directory else None)
    call.warnings += where.warnings
    if repeats < REPEATS_MIN:
        call.warnings.append(f"with fewer than {REPEATS_MIN} repeats no figure is worth quoting")
    chosen = [peer for peer in PEERS if not only or peer is ACTUM or peer.name in only]
    done, steps = 0, repeats * len(chosen)
    with call.progress("comparing") as progress:

        def note() -> None:
            nonlocal done
            done += 1
            progress(done, steps)

        outcome = compare(chosen, Work(clients, ACCOUNTS, directory), repeats, note)
    results = Results(
        command=" ".join(["actum", *sys.argv[1:]]),
        environment=where,
        runs=outcome.runs,
        goals=outcome.goals,
        skipped=outcome.skipped,
    )
    if save is not None:
        results.save(Path(save))
    return Answer(msgspec.to_builtins(results), shown(results), bad=outcome.failed)


def shown(results: Results) -> list[str | Listing]:
    """The results for people: figures, notes, what was not measured, goals."""
    parts: list[str | Listing] = [results.environment.line, ""]
    if results.runs:
        parts += [results.runs[0].workload, rates_listing(results.runs), ""]
        parts += [f"{run.subject}: {run.note}" for run in results.runs]
    parts += [f"NOT MEASURED: {skipped.subject}: {skipped.reason}" for skipped in results.skipped]
    if results.goals:
        parts += ["", goals_listing(results.goals)]
    return parts


def rates_listing(runs: Sequence[Run]) -> Listing:
    """One line for each peer."""
    numbers = (RATE, *LATENCIES, FASTER)
    made = Listing(("subject", "durability", *numbers, "spread"), frozenset(numbers))
    ours = samples_of(next((run for run in runs if run.subject == ACTUM.title), None), RATE)
    for run in runs:
        rates = samples_of(run, RATE)
        made.add(
            run.subject,
            run.durability,
            amount(middle(rates), ""),
            *(amount(middle(samples_of(run, name)), "s") for name in LATENCIES),
            f"{middle(ratios(ours, rates)):.1f} times" if ours and run.subject != ACTUM.title else "",
            steadiness(rates),
        )
    return made


def samples_of(run: Run | None, name: str) -> list[float]:
    """All samples of a figure; none if there is no such run."""
    figure = run.figure(name) if run is not None else None
    return figure.samples if figure is not None else []


def need_writable(directory: Path) -> None:
    """Better said before a minute of measuring than after it.

    Raises:
        ClickException: nothing can be written there.
    """
    try:
        with TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise click.ClickException(f"{directory} can't be written to: {error.strerror}") from error


def need_file(file: Path) -> None:
    """The same for a file, whose directory is made if it is not there.

    Raises:
        ClickException: it can't be written.
    """
    if file.is_dir():
        raise click.ClickException(f"{file} is a directory")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.ClickException(f"{file.parent} can't be made: {error.strerror}") from error
    need_writable(file.parent)
