"""`bench goals`: everything that actum wants to reach, measured at the sizes that are meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

from actum_bench import quick, recover, scale
from actum_bench.experiments import Experiment, Outcome, Progress, Suite, Wish, suite_of, value
from actum_bench.measurements import demo
from actum_bench.peers.comparison import Work, suite_of_peers
from actum_bench.peers.peer import ACCOUNTS, CLIENTS, PEERS
from actum_bench.results import Skipped

EVENTS_PER_SECOND_MIN: Final = 150_000.0
DEMO_NOTE = "512 clients in the same loop, who read the year as they go and are part of the cost; five views"


class Sizes(NamedTuple):
    """How large everything is.

    Attributes:
        part: of the usual number of commands and queries beside the floor.
        query_rows: of the view that is asked.
        rebuild_events: that are folded in a rebuild beside the floor.
        recover: what `recover.experiments` takes.
        scale: what `scale.experiments` takes, once for each call.
        clients: of the peers.
        commands: of each peer, in place of its own number.
        receipts: of the demo's year; all if None.
    """

    part: float
    query_rows: int
    rebuild_events: int
    recover: Mapping[str, object]
    scale: Sequence[Mapping[str, object]]
    clients: int
    commands: int | None
    receipts: int | None


#: The sizes that the goals are about.
FULL: Final = Sizes(
    part=2.0,
    query_rows=1_000_000,
    rebuild_events=200_000,
    recover={"parts": ("rows", "window", "interval")},
    scale=({"parts": ("events",), "most": 10_000_000}, {"parts": ("aggregates", "working", "memory")}),
    clients=CLIENTS,
    commands=None,
    receipts=None,
)


def suites(place: str, repeats: int, sizes: Sizes = FULL) -> dict[str, Suite]:
    """Everything that has a goal, by the name of its part.

    Args:
        place: a directory for stores, on the disk to be measured; those that are filled stay there for the next repeat.
        repeats: how often each.
        sizes: how large.
    """
    floor = quick.experiments(
        place, rows=sizes.query_rows, events=sizes.rebuild_events, part=sizes.part, repeats=repeats
    )
    work = Work(sizes.clients, ACCOUNTS, place, sizes.commands)
    return {
        "floor": suite_of("beside the floor", floor),
        "recover": suite_of("opening and checkpoints", grown(recover.experiments, place, repeats, [sizes.recover])),
        "scale": suite_of("growth and memory", grown(scale.experiments, place, repeats, sizes.scale)),
        "peers": suite_of_peers("peers", PEERS, work, repeats),
        "demo": demo_suite(place, repeats, sizes.receipts),
    }


#: What can be measured alone.
PARTS: Final = ("floor", "recover", "scale", "peers", "demo")


def grown(
    experiments: Callable[..., Iterator[Experiment]],
    workspace: str,
    repeats: int,
    calls: Sequence[Mapping[str, object]],
) -> Iterator[Experiment]:
    """The experiments of several calls."""
    for given in calls:
        yield from experiments(workspace, repeats=repeats, **given)


def demo_suite(directory: str | None, repeats: int, receipts: int | None) -> Suite:
    """The demo's year, where its checkout and its data are."""
    suite = suite_of("the demo", [demo_experiment(directory, repeats, receipts)])

    def carry_out(progress: Progress) -> Outcome:
        if why := demo.lacking():
            return Outcome([], [], [Skipped("demo", "a year of grocery orders", why)])
        return suite.carry_out(progress)

    return Suite(suite.title, carry_out)


def demo_experiment(directory: str | None, repeats: int, receipts: int | None) -> Experiment:
    """A year of orders, in events a second."""
    much = "a year of grocery orders" if receipts is None else f"the first {receipts:,} of a year's grocery orders"
    wish = Wish(f"events/s, {much}", EVENTS_PER_SECOND_MIN, "higher", "1/s", value("actum", "events/s"))
    return Experiment(
        "demo",
        much,
        "full",
        {"actum": partial(demo.replay, directory=directory, receipts=receipts)},
        [wish] * (receipts is None),
        repeats,
        DEMO_NOTE,
    )
