"""`schema dump|check|diff`: what events look like, kept in a lock file, so that a breaking change fails in CI."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import actum
import click

from actum_tui.call import Call, verb
from actum_tui.output import Answer, Listing

LOCK = "actum.schema.json"


def register(command: click.Group) -> None:
    """Add the verbs."""
    group = click.Group("schema", help="The schemas of events; a lock file for CI.")
    command.add_command(group)
    lock = click.option("--lock", default=LOCK, show_default=True, type=click.Path(), help="The lock file.")
    verb(group, "dump")(lock(dump))
    verb(group, "check")(lock(check))
    verb(group, "diff")(click.argument("old", type=click.Path())(click.argument("new", type=click.Path())(diff)))


def lock_of(call: Call) -> dict[str, Any]:
    """What the user's classes say."""
    application = call.application()
    return actum.schema_lock(*application.components, upcasters=application.upcasters)


def read_lock(path: str) -> dict[str, Any]:
    """A lock file's content."""
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise click.ClickException(f"{path} can't be read: {error}. Make it with `actum schema dump`.") from error
    if not isinstance(found, dict):
        raise click.ClickException(f"{path} is no lock file. Make it with `actum schema dump`.")
    lock = cast("dict[str, Any]", found)
    try:
        actum.schema_changes(lock, lock)
    except actum.Invalid as error:
        fault = str(error).removeprefix("the old schema lock")
        raise click.ClickException(f"{path}{fault}, or `actum schema dump`.") from error
    return lock


def dump(call: Call, lock: str) -> Answer:
    """Write the schemas of your events to the lock file, to be kept with the code. Needs --app."""
    content = lock_of(call)
    Path(lock).write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return Answer({"lock": lock, "events": len(content["events"])}, [f"{len(content['events'])} event types in {lock}"])


def check(call: Call, lock: str) -> Answer:
    """Compare your events with the lock file; a change that old events could not survive exits with 1."""
    return changes(read_lock(lock), lock_of(call))


def diff(call: Call, old: str, new: str) -> Answer:
    """Compare two lock files."""
    del call
    return changes(read_lock(old), read_lock(new))


def changes(old: dict[str, Any], new: dict[str, Any]) -> Answer:
    """What has changed, and whether it breaks."""
    found = actum.schema_changes(old, new)
    made = Listing(("", "event", "where", "change", "what to do"))
    for each in found:
        level, style = ("BREAKS", "red") if each.breaking else ("CAREFUL", "yellow") if each.silent else ("fine", "")
        made.add(level, each.tag, each.path, each.what, each.fix, style=style)
    bad = any(each.breaking for each in found)
    return Answer(
        {"ok": not bad, "changes": [each._asdict() for each in found]}, [made if found else "no changes"], bad
    )
