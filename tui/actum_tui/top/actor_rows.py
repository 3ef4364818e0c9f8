"""Actors as figures and rows: what keeps them busy, those that stand out, and why one is in quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias, cast, get_args

import msgspec
from actum import EngineStatistics
from actum.monitor import Actors, ActorSeen
from rich.text import Text

from actum_tui.safe_text import safe_lines, safe_text
from actum_tui.top import figures
from actum_tui.top.aggregates import commands_of
from actum_tui.top.grid import GridRow
from actum_tui.top.look import Look
from actum_tui.top.overview_grids import Column, Drawing
from actum_tui.top.vital_figures import Row, of_both, of_engine, small_share

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
ACTOR_COLUMNS = (
    Column("actor", 0, right=False),
    Column("state", 12, 90, right=False),
    Column("version", 10, 100),
    Column("mailbox", 8),
    Column("commands/s", 10),
    Column("share", 7, 60),
    Column("slowest", 9),
)
#: Of the list of those in quarantine.
QUARANTINED_COLUMNS = (
    Column("actor", 0, right=False),
    Column("version", 10, 70),
    Column("mailbox", 8),
    Column("why", 0, right=False),
)


def actors_of(actors: Actors | None, standing: Standing) -> Sequence[ActorSeen]:
    """One list."""
    return () if actors is None else getattr(actors, standing)


def actor_data(one: ActorSeen, commands: float | None) -> dict[str, object]:
    """An actor for programs."""
    return {**msgspec.structs.asdict(one), "commands_per_second": None if commands is None else one.share * commands}


def actor_row(one: ActorSeen, commands: float | None, drawing: Drawing) -> GridRow:
    """One actor.

    Args:
        one: the actor.
        commands: of the engine, a second; None while that is not known.
        drawing: how rows are drawn now.
    """
    name = drawing.name(f"{one.aggregate}/{one.key}")
    sent = None if commands is None else one.share * commands
    level: Literal["fine", "warning", "error"] = "error" if one.state == "quarantined" else "fine"
    state = Text(safe_text(one.state), drawing.styles(level) if level == "error" else "", no_wrap=True)
    cells: dict[str, tuple[str | Text, object]] = {
        "actor": (name, name),
        "state": (state, one.state),
        "version": (figures.whole(one.version), one.version),
        "mailbox": (figures.whole(one.mailbox), one.mailbox),
        "commands/s": (figures.rate(sent), sent),
        "share": (small_share(one.share), one.share),
        "slowest": (figures.seconds(one.slowest_seconds or None), one.slowest_seconds),
        "why": (Text(safe_text(one.fault or ""), drawing.styles("error"), no_wrap=True), one.fault),
    }
    return drawing.row(f"{one.aggregate}\n{one.key}", cells, actor_data(one, commands))


def actor_text(one: ActorSeen, *, released: str) -> Text:
    """What there is to say of an actor: for one in quarantine why, and what to do.

    Args:
        one: the actor.
        released: how it is released here.
    """
    name = f"{one.aggregate}/{one.key}"
    if one.state != "quarantined":
        keys = Text("  enter: its past   t: its last trace", style="dim")
        return Text.assemble((safe_text(name), "bold"), f"  version {figures.whole(one.version)}", keys)
    why = "its handlers failed too often, one after the other" if one.fault is None else one.fault
    return Text.assemble(
        (safe_text(name), "bold"),
        "  quarantined: its commands are refused\n",
        (safe_lines(why), "red"),
        "\n",
        (f"Mend the handler and reopen; if the cause has gone: {released}.", "dim"),
    )


def quarantined_count(statistics: EngineStatistics) -> int:
    """How many are refused, of all classes."""
    return sum(len(each.quarantined) for each in statistics.aggregates)
