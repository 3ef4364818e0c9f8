"""`deadlines ls|show|cancel|retry`: commands that are scheduled, overdue, or were refused when they were due."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import click
from actum import Deadline, Engine

from actum_tui.call import Call, verb
from actum_tui.output import Answer, Listing, fields_as_data, pairs
from actum_tui.verbs.processes import check, due_in, mended, quoted

STATES = ("pending", "overdue", "failed")
#: Of ids that stand in one line: those that processes and the engine make are shorter.
ID_CHARACTERS_WHOLE = 36
STYLES = {"failed": "bold red", "overdue": "yellow"}


def register(command: click.Group) -> None:
    """Add the verbs."""
    group = click.Group("deadlines", help="Commands that are sent later.")
    command.add_command(group)
    limit = click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="At most so many.")
    state = click.option("--state", "wanted", type=click.Choice(STATES), multiple=True, help="Only these.")
    ids, every = click.argument("ids", nargs=-1), click.option("--all", "every", is_flag=True, help="All that failed.")
    verb(group, "ls")(state(limit(list_deadlines)))
    verb(group, "show")(click.argument("deadline_id")(show_deadline))
    verb(group, "cancel")(click.argument("ids", nargs=-1, required=True)(cancel))
    verb(group, "retry")(ids(every(retry)))


def list_deadlines(call: Call, wanted: Sequence[str], limit: int) -> Answer:
    """List what is scheduled: what failed first, then by time. Overdue is what an engine, once open, sends at once."""
    now_ns = time.time_ns()
    with call.open() as store, call.progress("reading"):
        all_of_them = store.deadlines()
    found = [one for one in all_of_them if not wanted or state_of(one, now_ns) in wanted]
    found.sort(key=lambda one: (one.state == "pending", one.due_ns))
    short = all(len(one.deadline_id) <= ID_CHARACTERS_WHOLE for one in found[:limit])
    made = Listing(("command", "state", "due", "id", "why"), whole=frozenset({"id"} if short else ()))
    for one in found[:limit]:
        state = state_of(one, now_ns)
        due = due_in(one.due_ns, "pending", now_ns).replace("overdue", "ago")
        made.add(one.command, state, due, one.deadline_id, one.reason, style=STYLES.get(state, ""))
    hint = [f"{len(found) - limit:,} more: --limit {len(found)}"] if len(found) > limit else []
    counts = {word: sum(state_of(one, now_ns) == word for one in all_of_them) for word in STATES}
    data = {"deadlines": [as_data(one, now_ns) for one in found[:limit]], "count": len(found), "counts": counts}
    return Answer(data, [made if found else "no deadlines", *hint])


def show_deadline(call: Call, deadline_id: str) -> Answer:
    """Show one deadline with its command."""
    with call.open() as store, call.progress("reading"):
        found = next((one for one in store.deadlines() if one.deadline_id == deadline_id), None)
    if found is None:
        raise click.ClickException(f"no deadline {deadline_id} is pending or has failed: actum deadlines ls")
    data = as_data(found, time.time_ns())
    return Answer(data, [pairs(*((name, value) for name, value in data.items() if value is not None))])


def cancel(call: Call, ids: Sequence[str]) -> Answer:
    """Have deadlines not fire, or put failed ones away. Needs --app; no engine may have the store."""

    async def end(engine: Engine) -> list[str]:
        there = [one.deadline_id for one in engine.deadlines()]
        check(there, ids, "no deadline {} is pending or has failed: actum deadlines ls")
        return [each for each in dict.fromkeys(ids) if await engine.cancel(each)]

    ended = mended(call, end, f"await engine.cancel({quoted(ids)})")
    return Answer({"cancelled": ended}, [f"{each} is cancelled" for each in ended])


def retry(call: Call, ids: Sequence[str], every: bool) -> Answer:  # noqa: FBT001  # click passes options by name
    """Have failed deadlines sent again as soon as an engine opens. Needs --app; no engine may have the store."""
    if bool(ids) == every:
        raise click.UsageError("which ones? Give their ids, or --all")

    async def again(engine: Engine) -> list[str]:
        failed = [one.deadline_id for one in engine.deadlines() if one.state == "failed"]
        check(failed, ids, "no deadline {} has failed: actum deadlines ls")
        wanted = failed if every else [*dict.fromkeys(ids)]
        for each in wanted:
            await engine.retry_deadline(each)
        return wanted

    wanted = mended(call, again, f"await engine.retry_deadline({quoted(ids)})")
    said = [f"{each} is sent when an engine opens" for each in wanted] or ["none has failed"]
    return Answer({"retried": wanted}, said)


def state_of(one: Deadline, now_ns: int) -> str:
    """The one word for how a deadline is."""
    return "overdue" if one.state == "pending" and one.due_ns < now_ns else one.state


def as_data(one: Deadline, now_ns: int) -> dict[str, Any]:
    """A deadline for programs."""
    return {**fields_as_data(one), "state": state_of(one, now_ns), "due": one.due.isoformat()}
