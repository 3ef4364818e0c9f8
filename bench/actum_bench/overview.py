"""`bench all`: a look at everything, meant to take less than ten minutes. Stores are smaller than the goals mean them.

What has a goal only at full size is measured without one; `bench goals` measures those, and memory, which takes minutes
to count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec

from actum_bench import micro, quick, recover, scale
from actum_bench.experiments import Outcome, Progress, Suite, counted, suite_of
from actum_bench.extras import MissingExtraError
from actum_bench.goals import grown
from actum_bench.load.settings import Settings
from actum_bench.load.trial import trial
from actum_bench.peers.comparison import Work, suite_of_peers
from actum_bench.peers.peer import ACCOUNTS, CLIENTS, PEERS
from actum_bench.process import VoidRunError
from actum_bench.results import Run, Skipped

#: What can be measured alone.
PARTS: Final = ("quick", "micro", "peers", "load", "recover", "scale")


class Sizes(NamedTuple):
    """How large everything is.

    Attributes:
        quick: what `quick.experiments` takes.
        micro: which benchmarks of the parts, as pytest's -k takes it; all if None.
        clients: of the peers.
        commands: of each peer, in place of its own number.
        load: each run under load.
        recover: what `recover.experiments` takes.
        scale: what `scale.experiments` takes.
    """

    quick: Mapping[str, Any]
    micro: str | None
    clients: int
    commands: int | None
    load: Sequence[Settings]
    recover: Mapping[str, object]
    scale: Mapping[str, object]


#: What two cores and an ordinary disk should do in ten minutes.
REDUCED: Final = Sizes(
    quick={},
    micro=None,
    clients=CLIENTS,
    commands=None,
    load=(
        Settings(workload="a", rate=5_000.0, seconds=4.0, warm_up_seconds=1.0),
        Settings(workload="b", rate=10_000.0, seconds=4.0, warm_up_seconds=1.0),
        Settings(workload="g", clients=64, seconds=4.0, warm_up_seconds=1.0),
    ),
    recover={"events": 100_000, "rows": 100_000, "dirty": 10_000, "parts": ("length", "rebuild", "rows", "window")},
    scale={"least": 1_000, "most": 100_000, "commands": 20_000, "parts": ("events", "aggregates", "rows")},
)


def suites(place: str, repeats: int, sizes: Sizes = REDUCED) -> dict[str, Suite]:
    """Everything, by the name of its part.

    Args:
        place: a directory for stores, on the disk to be measured; those that are filled stay there for the next repeat.
        repeats: how often each.
        sizes: how large.
    """
    work = Work(sizes.clients, ACCOUNTS, place, sizes.commands)
    return {
        "quick": suite_of("beside the floor", quick.experiments(place, repeats=repeats, **sizes.quick)),
        "micro": Suite("the parts", partial(parts_one_by_one, sizes.micro, place)),
        "peers": suite_of_peers("peers", PEERS, work, repeats),
        "load": Suite("under load", partial(loads, sizes.load, place, repeats)),
        "recover": suite_of(
            "opening and checkpoints, reduced", grown(recover.experiments, place, repeats, [sizes.recover])
        ),
        "scale": suite_of("growth, reduced", grown(scale.experiments, place, repeats, [sizes.scale])),
    }


def parts_one_by_one(pattern: str | None, directory: str | None, progress: Progress) -> Outcome:
    """The micro benchmarks, where their checkout is."""
    try:
        return Outcome(micro.measure(pattern, directory, progress), [], [])
    except (micro.NoBenchmarksError, MissingExtraError) as error:
        return Outcome([], [], [Skipped("micro", "the parts", str(error))])
    except VoidRunError as error:
        return Outcome([], [], [Skipped("micro", "the parts", str(error), void=True)])


def loads(settings: Sequence[Settings], directory: str | None, repeats: int, progress: Progress) -> Outcome:
    """Runs under load, one after the other."""
    note = counted(progress, repeats * len(settings))
    runs: list[Run] = []
    skipped: list[Skipped] = []
    for each in settings:
        try:
            runs.append(trial(msgspec.structs.replace(each, directory=directory), repeats, note))
        except VoidRunError as error:
            skipped.append(Skipped("load", each.title, str(error), void=True))
    return Outcome(runs, [], skipped)
