"""How verbs answer: a table or some lines for people, one JSON envelope for programs.

The envelope, version 1: `{"actum": 1, "verb": ..., "store": ..., "data": ..., "warnings": [...], "error": null}`. When
something went wrong `data` is null and `error` is `{"type": ..., "message": ...}`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple, cast
from uuid import UUID

import click
import msgspec
from actum import Finding
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from actum_tui.safe_text import safe_text

ENVELOPE_VERSION = 1
#: Laying out a table takes a third of a millisecond for each row.
TABLE_ROWS_MAX = 1_000
THOUSAND = 1000

LEVELS = {"ok": ("ok", ""), "warning": ("warning", "yellow"), "error": ("ERROR", "bold red")}


@dataclass
class Listing:
    """Rows of cells under names; every cell is shown as data.

    Attributes:
        columns: their names.
        right: those whose cells stand to the right: numbers.
        header: whether the names are shown.
        folded: whether what is too wide for a terminal is folded; not what people copy, such as a head.
        whole: columns whose cells are never folded: what people copy; short ones only, since a long one is cut off.
        rows: cells, as text.
        styles: of each row.
    """

    columns: tuple[str, ...]
    right: frozenset[str] = frozenset()
    header: bool = True
    folded: bool = True
    whole: frozenset[str] = frozenset()
    rows: list[list[str]] = field(default_factory=list[list[str]])
    styles: list[str] = field(default_factory=list[str])

    def add(self, *cells: object, style: str = "") -> None:
        """One row more."""
        self.rows.append([cell_text(cell) for cell in cells])
        self.styles.append(style)

    def lines(self) -> Iterator[str]:
        """The rows as plain lines, the columns below each other."""
        rows = [list(self.columns), *self.rows] if self.header else self.rows
        widths = [max(map(cell_len, cells)) for cells in zip(*rows, strict=True)]
        for row in rows:
            cells: list[str] = []
            for name, cell, width in zip(self.columns, row, widths, strict=True):
                blank = " " * (width - cell_len(cell))
                cells.append(blank + cell if name in self.right else cell + blank)
            yield "  ".join(cells).rstrip()

    def table(self) -> Table:
        """The rows as a table that fits a terminal: what is too wide is folded."""
        made = Table(box=None, pad_edge=False, header_style="bold", show_edge=False, show_header=self.header)
        for name in self.columns:
            justify: Literal["left", "right"] = "right" if name in self.right else "left"
            made.add_column(name, justify=justify, overflow="fold", no_wrap=name in self.whole)
        for row, style in zip(self.rows, self.styles, strict=True):
            made.add_row(*(Text(cell, style=style) for cell in row))
        return made


class Answer(NamedTuple):
    """What a verb found.

    Attributes:
        data: for programs: anything that JSON can hold.
        shown: for people: listings, or lines.
        bad: whether the answer is a bad one: damage, differences, breaking changes. The exit code is 1 then.
        warnings: what should be known beside it.
        unsaved: why it could not be written to the file that was wanted; it is shown all the same. The exit code is 2.
    """

    data: object
    shown: Sequence[Listing | str]
    bad: bool = False
    warnings: Sequence[str] = ()
    unsaved: str = ""


class Screen(Console):
    """A terminal, a pipe or a file; a pipe that was closed is its caller's affair."""

    def on_broken_pipe(self) -> None:
        """Go on raising."""
        raise  # noqa: PLE0704  # it is called where the error was caught


def console(*, error: bool = False) -> Console:
    """Where answers, or errors and progress, go."""
    stream = sys.stderr if error else sys.stdout
    return Screen(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=False)


def show(answer: Answer) -> None:
    """Print an answer for a person."""
    for warning in answer.warnings:
        console(error=True).print(Text(f"warning: {safe_text(warning)}", style="yellow"), soft_wrap=True)
    for part in answer.shown:
        if isinstance(part, str):
            click.echo(safe_text(part))
        else:
            show_listing(part)


def show_listing(listing: Listing) -> None:
    """Print rows: as a table on a terminal, as lines where nobody looks, or where a table would take its time."""
    out = console()
    if out.is_terminal and listing.folded and len(listing.rows) <= TABLE_ROWS_MAX:
        out.print(listing.table())
        return
    for line in listing.lines():
        click.echo(line)


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


def fields_as_data(struct: msgspec.Struct) -> dict[str, object]:
    """The fields of a row or a state by name, as JSON has them, however it is stored."""
    names: tuple[str, ...] = struct.__struct_fields__
    return {name: with_text_keys(msgspec.to_builtins(getattr(struct, name), enc_hook=str)) for name in names}


def with_text_keys(content: object) -> object:
    """The same with keys that JSON can have."""
    if isinstance(content, dict):
        return {str(key): with_text_keys(value) for key, value in cast("dict[object, object]", content).items()}
    if isinstance(content, (list, tuple)):
        return [with_text_keys(item) for item in cast("Sequence[object]", content)]
    return content


def plain(content: object) -> object:
    """The same with keys and texts that JSON can have."""
    if isinstance(content, dict):
        return {safe_text(str(key)): plain(value) for key, value in cast("dict[object, object]", content).items()}
    if isinstance(content, (list, tuple)):
        return [plain(item) for item in cast("list[object]", content)]
    return safe_text(content) if isinstance(content, str) else content


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


def pairs(*rows: tuple[str, object]) -> Listing:
    """Names and values below each other."""
    made = Listing(("name", "value"), header=False, folded=False)
    for name, value in rows:
        made.add(name, value)
    return made


def findings_listing(findings: Sequence[Finding]) -> Listing:
    """Findings, the level in words and colour."""
    made = Listing(("level", "name", "what"), header=False)
    for finding in findings:
        word, style = LEVELS[finding.level]
        made.add(word, finding.name, f"{finding.what} {finding.fix}".rstrip(), style=style)
    return made


def duration(seconds: float) -> str:
    """A time span as people read it; one below 0, which a clock that was set makes, is none."""
    seconds = max(0.0, seconds)
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.0f} {unit}"
    return f"{seconds:.1f} s" if seconds < THOUSAND / 100 else f"{seconds:.0f} s"


def size(count: int) -> str:
    """Bytes as people read them."""
    amount = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < THOUSAND:
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= THOUSAND
    return f"{amount:.1f} TB"
