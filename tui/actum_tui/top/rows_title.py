"""The lines above and below a view's rows, as text: how it stands, what is looked at, and where in it.

Pure; everything that comes from data is made safe here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from textual.content import Content

from actum_tui.safe_text import safe_text
from actum_tui.top.figures import seconds, whole
from actum_tui.top.row_cells import CHEAP
from actum_tui.top.widgets.gauge import gauge, percent
from actum_tui.top.widgets.tile import MUTED, cut

if TYPE_CHECKING:
    from actum import RebuildStatistics
    from actum.monitor import RowsPage, RowsRequest

    from actum_tui.top.glyphs import Glyphs
    from actum_tui.top.row_cells import Window
    from actum_tui.top.view_facts import ViewFacts

GAUGE_WIDTH = 20
WARNING = "bold $text on $warning"
ERROR = "bold $text on $error"


class Folding(NamedTuple):
    """How far a look at the past is: `done` of `whole`; the whole is 0 as long as it is not known."""

    done: int
    whole: int


def title(view: ViewFacts, page: RowsPage | None, glyphs: Glyphs, *, past: bool) -> Content:
    """How a view stands now; of the past only what was so then."""
    facts: list[tuple[str, str]] = []
    rows = page.count if page is not None else view.rows
    position = page.position if page is not None else view.position
    if rows is not None:
        facts.append((f"  {whole(rows)} row{'' if rows == 1 else 's'}", ""))
    if position is not None:
        facts.append((f"  @{whole(position)}", MUTED))
    if view.state and not past:
        sign = {"fine": glyphs.fine, "warning": glyphs.warning, "error": glyphs.error}[view.level]
        style = {"fine": "$text-success", "warning": "$text-warning", "error": "bold $text-error"}[view.level]
        facts.append((f"  {sign} {view.state}", style))
        behind = f", {seconds(view.lag_seconds)} old" if view.lag else ""
        facts.append((f"  lag {whole(view.lag)}{behind}", "$text-warning" if view.lag else MUTED))
    return Content.assemble((" " + safe_text(view.name), "bold"), *facts)


def notice(
    view: ViewFacts,
    request: RowsRequest | None,
    folding: Folding | None,
    *,
    may_rebuild: bool,
    glyphs: Glyphs,
) -> Content | None:
    """What has to be known before the rows are read, if there is something: only the most important."""
    if folding is not None:
        return folding_line(folding, request, glyphs)
    if request is not None and request.position is not None:
        return past_line(request.position)
    if view.level == "error" and view.failure is not None:
        fix = "R rebuilds it" if may_rebuild else "then open the engine again, or attach with --rw and press R"
        return Content.assemble(
            (f" {glyphs.error} BROKEN ", ERROR),
            f" {safe_text(view.failure)} ",
            (f"Mend the handler, {fix}." if not may_rebuild else f"Mend the handler; {fix}.", MUTED),
        )
    if view.rebuild is not None:
        return rebuild_line(view.rebuild, glyphs)
    return None


def past_line(position: int) -> Content:
    """That these rows are the past."""
    return Content.assemble(
        (f" PAST as of position {whole(position)} ", WARNING),
        ("  n back to now   , . one position back, forward", MUTED),
    )


def folding_line(folding: Folding, request: RowsRequest | None, glyphs: Glyphs) -> Content:
    """How far a look is that takes its time."""
    share = folding.done / folding.whole if folding.whole else 0.0
    what = "looking"
    if request is not None and request.position is not None:
        what = f"folding up to position {whole(request.position)}"
    figures = f" {percent(share)}  {whole(folding.done)} of {whole(folding.whole)}" if folding.whole else ""
    return Content.assemble(
        (f" {what} ", WARNING), f" {gauge(share, GAUGE_WIDTH, glyphs)}{figures}  ", ("escape: leave it", MUTED)
    )


def rebuild_line(rebuild: RebuildStatistics, glyphs: Glyphs) -> Content:
    """How far a view is made again."""
    share = rebuild.position / rebuild.head if rebuild.head else 0.0
    left = "" if rebuild.seconds_left is None else f"  about {seconds(rebuild.seconds_left)} left"
    return Content.assemble(
        (f" REBUILDING {rebuild.step} ", WARNING),
        f" {gauge(share, GAUGE_WIDTH, glyphs)} {percent(share)}",
        (f"  {whole(rebuild.position)} of {whole(rebuild.head)}{left}", ""),
        ("  the rows below are those of before", MUTED),
    )


def instead(request: RowsRequest | None, page: RowsPage | None, failure: str | None) -> Content | None:
    """What is said instead of rows, and what to do, if there are none."""
    if failure is not None:
        return Content(safe_text(failure))
    if request is None:
        return Content("No views: none were given to Engine.open(...).")
    if page is None:
        return Content("Looking ...")
    if page.rows or page.looked_at < page.count:
        return None
    if request.filter and page.count:
        none = f"None of {whole(page.count)} rows matches {safe_text(request.filter)}. Escape clears the filter."
        return Content(none)
    if page.count:
        return Content("No rows are left on this page. Home leads to the first one.")
    return Content(f"The view has no rows: nothing that makes one has happened up to position {whole(page.position)}.")


def foot(page: RowsPage | None, request: RowsRequest, window: Window | None, width: int, glyphs: Glyphs) -> Content:
    """Where in the view the rows are, in which order, through which filter, and which fields are not seen."""
    if page is None:
        return Content("")
    last = page.offset + len(page.rows)
    of = page.matched if request.filter else page.count
    parts = [
        f" rows {whole(page.offset + 1)}-{whole(last)} of {whole(of)}" if page.rows else f" no rows of {whole(of)}"
    ]
    if request.filter:
        looked = "" if page.looked_at >= page.count else f" ({whole(page.looked_at)} looked at so far)"
        parts.append(f"match {cut(safe_text(request.filter), 30, glyphs)}, {whole(page.count)} in all{looked}")
    ordered = next((column.ordered for column in page.columns if column.name == request.order), False)
    if request.order is not None:
        sign = glyphs.down if request.descending else glyphs.up
        parts.append(f"by {safe_text(request.order)} {sign}" + ("" if ordered else ", without an index"))
    elif any(column.ordered for column in page.columns):
        parts.append(f"{CHEAP} has an index")
    if not page.exact:
        parts.append("changed while they were looked at")
    if window is not None and (window.before or window.behind):
        parts.append(f"< {window.before} and {window.behind} > fields more")
    text = "   ".join(parts)
    return Content.styled(cut(text, max(width, 1), glyphs), MUTED)
