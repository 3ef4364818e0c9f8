"""`views ls|show|rebuild|verify`: read models. They need the user's classes."""

from __future__ import annotations

import actum
import click
import msgspec
from actum import Finding, Row, View

from actum_tui.call import Call, verb
from actum_tui.output import Answer, Listing, fields_as_data, findings_listing
from actum_tui.verbs.health import view_findings


def register(command: click.Group) -> None:
    """Add the verbs."""
    group = click.Group("views", help="Read models; they need --app.")
    command.add_command(group)
    name = click.argument("name")
    limit = click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="At most so many.")
    key = click.option("--key", help="Only the row with this key.")
    verb(group, "ls")(list_views)
    verb(group, "show")(name(limit(key(show_view))))
    verb(group, "rebuild")(click.argument("name")(rebuild))
    verb(group, "verify")(verify_views)


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
    return Answer({"views": [msgspec.to_builtins(each) for each in views]}, [made], bad)


def show_view(call: Call, name: str, limit: int, key: str | None) -> Answer:
    """Show rows of a view, by key."""
    view = view_named(call, name)

    async def read() -> list[Row]:
        async with call.engine() as engine:
            return engine.rows(view)

    rows = [(getattr(row, type(row).__row_options__.key or ""), row) for row in actum.run(read())]
    rows.sort(
        key=lambda pair: (type(pair[0]).__name__, pair[0]) if isinstance(pair[0], (int, str)) else ("", str(pair[0]))
    )
    found = [row for row_key, row in rows if key is None or str(row_key) == key]
    data = [fields_as_data(row) for row in found[:limit]]
    columns = tuple(data[0]) if data else ()
    made = Listing(columns, frozenset(name for name in columns if isinstance(data[0][name], (int, float))))
    for each in data:
        made.add(*(each[name] for name in columns))
    hint = [f"{len(found) - limit:,} more: --limit {len(found)}"] if len(found) > limit else []
    return Answer({"rows": data, "count": len(found)}, [made if data else "no rows", *hint])


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
