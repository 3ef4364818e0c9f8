"""Actors as the screen draws them: cells of a table, and one in words."""

from __future__ import annotations

from actum.monitor import ActorSeen
from rich.text import Text

from actum_tui.safe_text import safe_lines, safe_text
from actum_tui.top import figures
from actum_tui.top.actor_rows import actor_data
from actum_tui.top.grid import GridRow
from actum_tui.top.overview_grids import Column, Drawing
from actum_tui.top.vital_figures import Level, small_share

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


def actor_row(one: ActorSeen, commands: float | None, drawing: Drawing) -> GridRow:
    """One actor.

    Args:
        one: the actor.
        commands: of the engine, a second; None while that is not known.
        drawing: how rows are drawn now.
    """
    name = drawing.name(f"{one.aggregate}/{one.key}")
    sent = None if commands is None else one.share * commands
    level: Level = "error" if one.state == "quarantined" else "fine"
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
