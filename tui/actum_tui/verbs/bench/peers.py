"""`actum bench peers`: the same work by actum and by others, beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from actum_bench.amounts import amount, steadiness
from actum_bench.peers.comparison import RATE, Work, suite_of_peers
from actum_bench.peers.peer import ACCOUNTS, ACTUM, CLIENTS, PEERS
from actum_bench.repeats import middle, ratios
from actum_bench.results import Run
from actum_bench.stores import workplace

from actum_tui.call import Call, verb
from actum_tui.output import Answer, Listing
from actum_tui.verbs.bench.options import SHARED, decorated
from actum_tui.verbs.bench.session import answer, begun, measured

NAMES = [peer.name for peer in PEERS if peer is not ACTUM]
LATENCIES = ("ack p50", "ack p99")
FASTER = "actum is"


def register(group: click.Group) -> None:
    """Add the verb."""
    clients = click.option(
        "--clients", type=click.IntRange(1, 10_000), default=CLIENTS, show_default=True, help="How many wait at once."
    )
    only = click.option(
        "--only", multiple=True, type=click.Choice(NAMES), metavar="NAME", help=f"These and actum: {', '.join(NAMES)}."
    )
    verb(group, "peers", store=False)(decorated(run, clients, only, *SHARED))


def run(
    call: Call, *, clients: int, only: tuple[str, ...], directory: str | None, repeats: int, save: Path | None
) -> Answer:
    """Do the same work beside other ways to keep events, each set up as its documentation says."""
    chosen = [peer for peer in PEERS if not only or peer is ACTUM or peer.name in only]
    with workplace(directory) as place:
        suite = suite_of_peers("comparing", chosen, Work(clients, ACCOUNTS, place), repeats)
        (results,) = measured(call, [suite], begun(call, directory, repeats))
    return answer(results, shown(results.runs), save)


def shown(runs: Sequence[Run]) -> list[str | Listing]:
    """Figures, and a note for each peer."""
    if not runs:
        return []
    return [runs[0].workload, rates_listing(runs), "", *(f"{run.subject}: {run.note}" for run in runs)]


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
