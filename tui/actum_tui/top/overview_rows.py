"""The figures of the overview: what is asked of the engine, and how fast it answers."""

from __future__ import annotations

from actum_tui.top.aggregates import commands_of
from actum_tui.top.look import Look
from actum_tui.top.vital_figures import Limits, Row, of_both, of_engine, quantile_figures
from actum_tui.top.vital_rows import ROWS

WORK = "Work"


def events_per_second(look: Look) -> float | None:
    """By the engine's position, or else by the directory's."""
    rate = look.statistics_rate(lambda now: now.position)
    return look.store_rate(lambda now: now.position) if rate is None else rate


def taken_over(name: str) -> Row:
    """A figure of the storage or the loop that the overview has as well."""
    return next(row for row in ROWS if row.name == name)


#: In the first line of tiles, whatever the size.
FIRST: tuple[Row, ...] = (
    Row(
        WORK,
        "commands/s",
        "engine",
        "Commands answered a second, with a receipt or with an error.",
        of_both("commands_per_second", "per second", lambda look: look.statistics_rate(commands_of)),
    ),
    Row(
        WORK,
        "events/s",
        "engine",
        "Events that became durable a second.",
        of_both("events_per_second", "per second", events_per_second),
    ),
    Row(
        WORK,
        "acknowledged",
        "vitals",
        "From send to the answer: waiting, deciding, and the commit that makes it durable.",
        quantile_figures("acknowledge_seconds", "seconds", lambda vitals: vitals.acknowledge),
        Limits(0.05, 0.5),
        drawn=1,
        short="ack",
    ),
    taken_over("commit"),
    taken_over("write and fsync"),
)

#: In a second line, where there is room.
SECOND: tuple[Row, ...] = (
    taken_over("loop lag"),
    taken_over("CPU"),
    taken_over("memory"),
    Row(
        WORK,
        "queue",
        "engine",
        "Commands accepted and not answered yet: waiting, being decided, or being committed.",
        of_engine("pending", "count", lambda now: now.pending),
    ),
    Row(
        WORK,
        "awake",
        "engine",
        "Actors: aggregates whose state is in memory.",
        of_engine("awake", "count", lambda now: now.awake),
    ),
)

OVERVIEW_ROWS: tuple[Row, ...] = (*FIRST, *SECOND)
