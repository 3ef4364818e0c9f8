"""The report as Markdown: goals first, then figures."""

from __future__ import annotations

import re
from collections.abc import Iterator

from actum_bench.report.merge import Merged
from actum_bench.report.plain_text import plain_text
from actum_bench.report.tables import (
    RULES,
    Table,
    environment_table,
    figures_tables,
    goals_table,
    notes_of,
    void_table,
)

#: What Markdown, or HTML within it, would take for more than text.
SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")


def markdown(merged: Merged) -> str:
    """The whole page."""
    return "\n".join(lines(merged)).rstrip() + "\n"


def lines(merged: Merged) -> Iterator[str]:
    """Its lines."""
    results = merged.results
    yield "# Benchmarks of actum"
    yield ""
    yield f"By {code(results.command)}: {text(results.environment.line)}."
    yield ""
    yield from (f"> **Warning**: {text(warning)}\n" for warning in merged.warnings)
    if results.goals:
        yield from table(goals_table(results.goals))
    yield "## Figures"
    yield ""
    for part in figures_tables(merged.counted):
        yield from table(part, level=3)
    notes = notes_of(merged.counted)
    if notes:
        yield from (f"- {text(note)}" for note in notes)
        yield ""
    gaps = void_table(merged)
    if gaps.rows:
        yield from table(gaps)
    yield "## How it was measured"
    yield ""
    yield from (f"- {text(rule)}" for rule in RULES)
    yield ""
    single = len(merged.environments) == 1
    for name, environment in merged.environments.items():
        yield from table(environment_table("" if single else name, environment))


def table(part: Table, level: int = 2) -> Iterator[str]:
    """One table under its heading."""
    yield f"{'#' * level} {text(part.title)}"
    yield ""
    yield row(part.columns)
    yield "|" + "|".join("---:" if name in part.right else "---" for name in part.columns) + "|"
    for group in part.groups():
        first = 0
        for cells in group:
            yield row(("",) * first + cells[first:])
            first = part.joined
    yield ""


def row(cells: tuple[str, ...]) -> str:
    """One row."""
    return "| " + " | ".join(text(cell) for cell in cells) + " |"


def text(content: str) -> str:
    """What comes from data, as text on one line."""
    return SPECIAL.sub(r"\\\1", plain_text(content))


def code(content: str) -> str:
    """A command; a backtick in it would end it."""
    return "`" + plain_text(content).replace("`", "'") + "`"
