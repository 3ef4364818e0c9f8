"""The report as one HTML file: no script, nothing from elsewhere, dark where the reader's screen is, and printable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

from actum_bench.report.merge import Merged
from actum_bench.report.plain_text import plain_text
from actum_bench.report.shapes import Chart
from actum_bench.report.tables import (
    RULES,
    Table,
    checks_table,
    environment_table,
    figures_tables,
    goals_table,
    notes_of,
    void_table,
)

STYLE = """
:root { color-scheme: light dark; --ink: #1a1a1b; --paper: #fdfdfe; --grid: #d0d0d1; --faint: #5c5c5e;
  --good: #005a8c; --bad: #9a3b00; --stripe: #f2f3f5; --line-0: #0072b2;
  --line-1: #b3520a; --line-2: #007a5a; --line-3: #9c4f85; --line-4: #6b5b00; --line-5: #4a4a4b; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e8ea; --paper: #16171a; --grid: #45464b; --faint: #a9aab0; --good: #6cbcf0; --bad: #ff9a5c;
    --stripe: #202227; --line-0: #56b4e9; --line-1: #ff9a5c; --line-2: #3fc79a; --line-3: #e39ccb;
    --line-4: #d9c84a; --line-5: #c8c8ca; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 68rem; padding: 1.5rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .3rem; } h2 { font-size: 1.3rem; margin: 2.2rem 0 .6rem; }
h3 { font-size: 1.05rem; margin: 1.4rem 0 .4rem; }
p.environment, figcaption { color: var(--faint); }
code { font-family: ui-monospace, monospace; font-size: .92em; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .86rem; width: 100%; }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid var(--grid); vertical-align: top; }
thead th { border-bottom: 2px solid var(--ink); }
tbody tr:nth-child(even) { background: var(--stripe); }
td.joined { background: var(--paper); overflow-wrap: anywhere; min-width: 6rem; }
.right { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.reached { color: var(--good); } .missed, .unstable { color: var(--bad); font-weight: 600; white-space: nowrap; }
aside { border-left: .3rem solid var(--bad); padding: .2rem 1rem; margin: 1rem 0; }
figure { margin: 1.2rem 0 2rem; } figcaption { font-size: .86rem; }
svg { max-width: 100%; height: auto; display: block; stroke-linejoin: round; stroke-linecap: butt; }
svg text { font-family: "DejaVu Sans", Verdana, sans-serif; }
@media print {
  :root { --ink: #000; --paper: #fff; --grid: #bbb; --faint: #333; --good: #000; --bad: #000; --stripe: #fff;
    --line-0: #0072b2; --line-1: #b3520a; --line-2: #007a5a; --line-3: #9c4f85; --line-4: #6b5b00; --line-5: #4a4a4b; }
  body { max-width: none; padding: 0; font-size: 10pt; } .wide { overflow: visible; } table { font-size: 8pt; }
  figure, tr, aside { break-inside: avoid; } h2, h3 { break-after: avoid; } thead { display: table-header-group; }
}
"""
CLASSES = {"reached": "reached", "MISSED": "missed"}


class Picture(NamedTuple):
    """A chart, drawn.

    Attributes:
        chart: what it shows.
        svg: it, to stand in a page.
    """

    chart: Chart
    svg: str


def page(merged: Merged, pictures: Sequence[Picture]) -> str:
    """The whole page."""
    return "\n".join(parts(merged, pictures)) + "\n"


def parts(merged: Merged, pictures: Sequence[Picture]) -> Iterator[str]:
    """Its parts, from top to bottom."""
    results = merged.results
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>Benchmarks of actum, {safe(results.environment.taken[:10])}</title>"
    yield f"<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>Benchmarks of actum</h1>"
    yield f'<p class="environment">{safe(results.environment.line)}</p>'
    yield f"<p>By <code>{safe(results.command)}</code></p>"
    if merged.warnings:
        listed = "".join(f"<li>{safe(warning)}</li>" for warning in merged.warnings)
        yield f'<aside aria-label="Warnings"><p><strong>Warnings</strong></p><ul>{listed}</ul></aside>'
    if results.goals:
        yield table(goals_table(results.goals))
    if pictures:
        yield "<h2>Pictures</h2>"
        yield from map(figure, pictures)
    yield "<h2>Figures</h2>"
    yield from (table(part, level=3) for part in figures_tables(merged.counted))
    notes = notes_of(merged.counted)
    if notes:
        yield f"<h3>Beside these figures</h3><ul>{''.join(f'<li>{safe(note)}</li>' for note in notes)}</ul>"
    for part in (void_table(merged), checks_table(merged.counted)):
        if part.rows:
            yield table(part)
    yield f"<h2>How it was measured</h2>\n<ul>{''.join(f'<li>{safe(rule)}</li>' for rule in RULES)}</ul>"
    single = len(merged.environments) == 1
    for name, environment in merged.environments.items():
        yield table(environment_table("" if single else name, environment))
    yield "</main>\n</body>\n</html>"


def figure(picture: Picture) -> str:
    """One picture under its caption."""
    chart = picture.chart
    return f"<figure>{picture.svg}<figcaption>{safe(chart.alternative)}</figcaption></figure>"


def table(part: Table, level: int = 2) -> str:
    """One table under its heading."""
    heading = f"<h{level}>{safe(part.title)}</h{level}>"
    named = any(part.columns)
    columns = "".join(f'<th scope="col"{right(name, part)}>{safe(name)}</th>' for name in part.columns)
    head = f"<thead><tr>{columns}</tr></thead>" if named else ""
    rows = "\n".join(tr for group in part.groups() for tr in group_rows(group, part))
    label = safe(part.title)
    return (
        f'{heading}\n<div class="wide" role="region" aria-label="{label}" tabindex="0">'
        f"<table>{head}<tbody>\n{rows}\n</tbody></table></div>"
    )


def group_rows(group: Sequence[tuple[str, ...]], part: Table) -> Iterator[str]:
    """Rows that belong together: what all of them say stands in cells beside all of them."""
    first = part.joined if len(group) > 1 else 0
    span = "".join(f'<td class="joined" rowspan="{len(group)}">{safe(content)}</td>' for content in group[0][:first])
    for row in group:
        cells = zip(part.columns[first:], row[first:], strict=True)
        yield "<tr>" + span + "".join(cell(name, content, part) for name, content in cells) + "</tr>"
        span = ""


def cell(name: str, content: str, part: Table) -> str:
    """One cell, as data."""
    if content in CLASSES:
        return f'<td class="{CLASSES[content]}">{safe(content)}</td>'
    if name == "spread" and content.endswith("UNSTABLE"):
        return f'<td class="unstable">{safe(content)}</td>'
    return f"<td{right(name, part)}>{safe(content)}</td>"


def right(name: str, part: Table) -> str:
    """The class of numbers."""
    return ' class="right"' if name in part.right else ""


def safe(text: str) -> str:
    """What comes from data, as text in a page."""
    return escape(plain_text(text))
