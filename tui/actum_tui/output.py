"""How verbs answer: a table or some lines for people, one JSON envelope for programs.

The envelope, version 1: `{"actum": 1, "verb": ..., "store": ..., "data": ..., "warnings": [...], "error": null}`. When
something went wrong `data` is null and `error` is `{"type": ..., "message": ...}`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from actum_tui.safe_text import safe_text

ENVELOPE_VERSION = 1
#: Wide enough that nothing is cut where no person looks: in a pipe or a file.
PIPE_WIDTH = 10_000
THOUSAND = 1000

LEVELS = {"ok": ("ok", "green"), "warning": ("warning", "yellow"), "error": ("ERROR", "bold red")}


class Answer(NamedTuple):
    """What a verb found.

    Attributes:
        data: for programs: anything that JSON can hold.
        shown: for people: tables, texts, or lines.
        bad: whether the answer is a bad one: damage, differences, breaking changes. The exit code is 1 then.
        warnings: what should be known beside it.
    """

    data: object
    shown: Sequence[Table | Text | str]
    bad: bool = False
    warnings: Sequence[str] = ()


def console(*, error: bool = False) -> Console:
    """Where answers, or errors and progress, go."""
    stream = sys.stderr if error else sys.stdout
    made = Console(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=False)
    if not made.is_terminal:
        made.width = PIPE_WIDTH
    return made


def show(answer: Answer) -> None:
    """Print an answer for a person."""
    out = console()
    for warning in answer.warnings:
        console(error=True).print(Text(f"warning: {safe_text(warning)}", style="yellow"))
    for part in answer.shown:
        out.print(Text(safe_text(part)) if isinstance(part, str) else part, soft_wrap=isinstance(part, str))


def envelope(verb: str, store: str | None, data: object, warnings: Sequence[str], error: object = None) -> str:
    """One line of JSON."""
    content = {
        "actum": ENVELOPE_VERSION,
        "verb": verb,
        "store": store,
        "data": data,
        "warnings": list(warnings),
        "error": error,
    }
    return to_json(content)


def to_json(content: object) -> str:
    """One line of JSON; what JSON has no word for becomes text, and no character in it is a control."""
    try:
        return msgspec.json.encode(content, enc_hook=str).decode()
    except (TypeError, ValueError, UnicodeEncodeError):  # keys that JSON can't have, or half a surrogate pair
        return msgspec.json.encode(plain(content), enc_hook=str).decode()


def plain(content: object) -> object:
    """The same with keys and texts that JSON can have."""
    if isinstance(content, dict):
        return {safe_text(str(key)): plain(value) for key, value in cast("dict[object, object]", content).items()}
    if isinstance(content, (list, tuple)):
        return [plain(item) for item in cast("list[object]", content)]
    return safe_text(content) if isinstance(content, str) else content


def table(*columns: str, right: Sequence[str] = ()) -> Table:
    """An empty table; numbers go to the right."""
    terminal = console().is_terminal
    made = Table(box=None, pad_edge=False, header_style="bold" if terminal else "", show_edge=False)
    for name in columns:
        made.add_column(name, justify="right" if name in right else "left", overflow="fold")
    return made


def add(made: Table, *cells: object, style: str = "") -> None:
    """A row; every cell is shown as data."""
    made.add_row(*(Text(cell_text(cell), style=style) for cell in cells))


def cell_text(cell: object) -> str:
    """A value as people read it."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int):
        return f"{cell:,}"
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(cell, (str, UUID)):
        return safe_text(str(cell))
    return safe_text(to_json(cell))


def pairs(*rows: tuple[str, object]) -> Table:
    """Names and values below each other."""
    made = Table(box=None, show_header=False, pad_edge=False, show_edge=False)
    made.add_column("name", style="bold" if console().is_terminal else "", no_wrap=True)
    made.add_column("value", overflow="fold")
    for name, value in rows:
        made.add_row(name, Text(cell_text(value)))
    return made


def findings_table(findings: Sequence[Any]) -> Table:
    """Findings, the level in words and colour."""
    made = Table(box=None, show_header=False, pad_edge=False, show_edge=False)
    made.add_column("level", no_wrap=True)
    made.add_column("name", no_wrap=True)
    made.add_column("what", overflow="fold")
    for finding in findings:
        word, style = LEVELS[finding.level]
        what = f"{finding.what} {finding.fix}".rstrip()
        made.add_row(Text(word, style=style), Text(safe_text(finding.name)), Text(safe_text(what)))
    return made


def size(count: int) -> str:
    """Bytes as people read them."""
    amount = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < THOUSAND:
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= THOUSAND
    return f"{amount:.1f} TB"
