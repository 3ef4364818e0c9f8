"""`views ls|show|rebuild|verify`: read models. They need the user's classes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import actum
import click
from actum import Finding, Row, View
from actum.monitor import RowsPage, RowsRequest, rows_page
from msgspec import to_builtins
from msgspec.structs import replace

from actum_tui.call import Call, verb
from actum_tui.output import Answer, Listing, findings_listing
from actum_tui.verbs.health import view_findings


def register(command: click.Group) -> None:
    """Add the verbs."""
    group = click.Group("views", help="Read models; they need --app.")
    command.add_command(group)
    verb(group, "ls")(list_views)
    verb(group, "show")(click.argument("name")(rows_options(show_view)))
    verb(group, "rebuild")(click.argument("name")(rebuild))
    verb(group, "verify")(verify_views)


def rows_options(function: Callable[..., Answer]) -> Callable[..., Answer]:
    """The options that choose rows."""
    for option in (
        click.option("--key", help="Only the row with this key."),
        click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="At most so many."),
        click.option("--offset", type=click.IntRange(0), default=0, help="Pass over so many."),
        click.option("--descending", is_flag=True, help="The largest first."),
        click.option("--order", metavar="FIELD", help="By this field; by the key without."),
        click.option("--where", metavar="FILTER", default="", help="Only those that match: 'balance>100 branch:n*'."),
        click.option("--at", type=click.IntRange(0), metavar="POSITION", help="As of this position of the log."),
    ):
        function = option(function)
    return function


def view_named(call: Call, name: str) -> type[View[Row]]:
    """The user's view with this name."""
    views = call.views()
    for view in views:
        if view.__name__ == name:
            return view
    raise click.UsageError(f"no view {name}: --app has {', '.join(view.__name__ for view in views) or 'none'}")


def list_views(call: Call) -> Answer:
    """List views: rows, position, state."""

    async def read() -> actum.EngineStatistics:
        async with call.engine() as engine:
            return engine.statistics()

    views = actum.run(read()).views
    made = Listing(("view", "rows", "position", "state", "failure"), frozenset({"rows", "position"}))
    for each in views:
        made.add(each.name, each.rows, each.position, each.state, each.failure)
    bad = any(each.state == "broken" for each in views)
    return Answer({"views": [to_builtins(each) for each in views]}, [made], bad)


def show_view(call: Call, name: str, key: str | None, **wanted: Any) -> Answer:  # noqa: ANN401  # the options above
    """Show rows of a view, by key unless told otherwise, now or as of a position."""
    view = view_named(call, name)
    at: int | None = wanted["at"]
    row_type = view.__view_options__.row_type
    key_field = None if row_type is None else row_type.__row_options__.key
    request = RowsRequest(
        view=view.__view_options__.name,
        filter=wanted["where"],
        order=wanted["order"] or key_field,
        descending=wanted["descending"],
        offset=0 if key else wanted["offset"],
        limit=sys.maxsize if key else wanted["limit"],
        position=at,
    )

    async def read() -> RowsPage:
        async with call.engine() as engine:
            return await rows_page(engine, request, progress)

    with call.progress("looking" if at is None else "folding") as progress:
        page = actum.run(read())
    return rows_answer(page if key is None else with_key(page, key, wanted["offset"], wanted["limit"]))


def with_key(page: RowsPage, key: str, offset: int, limit: int) -> RowsPage:
    """The row of a page that has this key, as it is shown."""
    place = [column.name for column in page.columns].index(page.key)
    found = [row for row in page.rows if str(row[place]) == key]
    return replace(page, rows=tuple(found[offset : offset + limit]), matched=len(found), offset=offset)


def rows_answer(page: RowsPage) -> Answer:
    """A page, as the dashboard has it too."""
    names = tuple(column.name for column in page.columns)
    made = Listing(names, frozenset(column.name for column in page.columns if column.numeric))
    for row in page.rows:
        made.add(*row)
    data = {
        "rows": [dict(zip(names, row, strict=True)) for row in page.rows],
        "count": page.matched,
        "whole": page.count,
        "position": page.position,
        "columns": [to_builtins(column) for column in page.columns],
    }
    more = page.matched - page.offset - len(page.rows)
    hint = [f"{more:,} more: --limit {page.matched - page.offset}"] if more > 0 else []
    return Answer(data, [made if page.rows else "no rows", *hint])


def rebuild(call: Call, name: str) -> Answer:
    """Make a view again from the log and save it. The store must not be open in an engine."""
    view = view_named(call, name)

    async def work() -> actum.EngineStatistics:
        async with call.engine(read_only=False) as engine:
            await engine.rebuild(view)
            if not await engine.checkpoint():
                checkpoints = engine.statistics().checkpoints
                raise click.ClickException(f"it was made again, but not saved: {checkpoints and checkpoints.failure}")
            return engine.statistics()

    with call.progress("rebuilding"):
        found = next(each for each in actum.run(work()).views if each.name == view.__name__)
    data = {"view": name, "rows": found.rows, "position": found.position}
    return Answer(data, [f"{name}: {found.rows:,} rows at position {found.position:,}"])


def verify_views(call: Call) -> Answer:
    """Compare every view with one made again from the log, row by row."""
    with call.progress("comparing"):
        findings: list[Finding] = actum.run(view_findings(call))
    bad = any(finding.level == "error" for finding in findings)
    return Answer({"ok": not bad, "findings": [each._asdict() for each in findings]}, [findings_listing(findings)], bad)
