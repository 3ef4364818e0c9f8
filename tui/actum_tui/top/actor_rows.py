"""Actors as figures and rows: what keeps them busy, those that stand out, and why one is in quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias, cast, get_args

import msgspec
from actum import EngineStatistics
from actum.monitor import Actors, ActorSeen

from actum_tui.top.aggregates import commands_of
from actum_tui.top.look import Look
from actum_tui.top.vital_figures import Row, of_both, of_engine

#: The lists of those that stand out.
Standing: TypeAlias = Literal["hottest", "deepest", "slowest", "quarantined"]
STANDINGS = cast("tuple[Standing, ...]", get_args(Standing))

ACTORS = "Actors"


def hit_share(look: Look) -> float | None:
    """The share of the commands that found their actor awake; None while there are no commands."""
    commands, woken = look.statistics_rate(commands_of), look.statistics_rate(lambda now: now.activations)
    return None if not commands or woken is None else max(0.0, 1 - woken / commands)


def slept_per_second(look: Look) -> float | None:
    """Actors put to sleep a second."""
    return look.statistics_rate(lambda now: now.passivations)


ACTIVITY_ROWS: tuple[Row, ...] = (
    Row(
        ACTORS,
        "commands/s",
        "engine",
        "Commands answered a second, with a receipt or with an error.",
        of_both("commands_per_second", "per second", lambda look: look.statistics_rate(commands_of)),
    ),
    Row(
        ACTORS,
        "awake",
        "engine",
        "Aggregates whose state is in memory.",
        of_engine("awake", "count", lambda now: now.awake),
    ),
    Row(
        ACTORS,
        "woken/s",
        "engine",
        "Activations: states that were read from snapshot and log.",
        of_both("activations_per_second", "per second", lambda look: look.statistics_rate(lambda now: now.activations)),
    ),
    Row(
        ACTORS,
        "put to sleep/s",
        "engine",
        "Passivations: states that were dropped from memory, because nothing came for a while.",
        of_both(
            "passivations_per_second", "per second", lambda look: look.statistics_rate(lambda now: now.passivations)
        ),
        short="asleep/s",
    ),
    Row(
        ACTORS,
        "found awake",
        "engine",
        "The share of the commands that did not have to wake their actor. Low: raise actors_max or passivate_seconds.",
        of_both("hit_share", "share", hit_share),
        short="hits",
    ),
)


#: Of the lists of actors, as `columns_for` takes them.
def actors_of(actors: Actors | None, standing: Standing) -> Sequence[ActorSeen]:
    """One list."""
    return () if actors is None else getattr(actors, standing)


def actor_data(one: ActorSeen, commands: float | None) -> dict[str, object]:
    """An actor for programs."""
    return {**msgspec.structs.asdict(one), "commands_per_second": None if commands is None else one.share * commands}


def quarantined_count(statistics: EngineStatistics) -> int:
    """How many are refused, of all classes."""
    return sum(len(each.quarantined) for each in statistics.aggregates)
