"""`processes ls|show|retry|cancel`: instances of processes, seen without the user's classes, mended with them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import click
from actum import Engine, Process, StoredProcess, StoredRecord, StoredStep

from actum_tui.call import Call, verb
from actum_tui.numbers import NumberRange
from actum_tui.output import Answer, Listing, duration, pairs
from actum_tui.verbs.events import as_data as record_as_data

SECOND_NS = 1e9
#: An instance that has nothing scheduled and has not reacted for so long is stuck, unless somebody says otherwise.
STUCK_SECONDS = 86_400.0
CONDITIONS = ("running", "waiting", "stuck", "failed", "done")
STYLES = {"failed": "bold red", "stuck": "yellow"}
#: What ends an instance by hand.
ENDED = "actum.ProcessEnded"
FAILED = "actum.ProcessFailed"


def register(command: click.Group) -> None:
    """Add the verbs."""
    group = click.Group("processes", help="Processes: what is under way, what stands still.")
    command.add_command(group)
    name, key = click.argument("process"), click.argument("key")
    limit = click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="At most so many.")
    status = click.option(
        "--status",
        "wanted",
        type=click.Choice(CONDITIONS),
        multiple=True,
        help="Only these; all but `done` without it.",
    )
    stuck = click.option(
        "--stuck-after",
        type=NumberRange(min=0),
        default=STUCK_SECONDS,
        show_default=True,
        metavar="SECONDS",
        help="Stuck is what has nothing scheduled and has not reacted for so long.",
    )
    keys, every = (
        click.argument("keys", nargs=-1),
        click.option("--all", "every", is_flag=True, help="All that failed."),
    )
    verb(group, "ls")(click.argument("process", required=False)(status(stuck(limit(list_processes)))))
    verb(group, "show")(name(key(stuck(show_process))))
    verb(group, "retry")(name(keys(every(retry))))
    verb(group, "cancel")(name(click.argument("keys", nargs=-1, required=True)(cancel)))


def list_processes(call: Call, process: str | None, wanted: Sequence[str], stuck_after: float, limit: int) -> Answer:
    """List instances: what failed first, then what is stuck; those that are done only with --status done.

    running: it waits for an event. waiting: for a deadline of its own, or an event. stuck: nothing of that has come for
    long, or its deadline failed. failed: it could not react, and stands still until somebody retries or cancels it.
    """
    now_ns = time.time_ns()
    with call.open() as store, call.progress("reading"):
        all_of_them = [one for one in store.processes() if process in (None, one.process)]
    conditions = [condition_of(one, now_ns, stuck_after) for one in all_of_them]
    counts = Counter(conditions)
    shown = wanted or tuple(word for word in CONDITIONS if word != "done")
    rank = {word: place for place, word in enumerate(("failed", "stuck", "waiting", "running", "done"))}
    found = [(word, one) for word, one in zip(conditions, all_of_them, strict=True) if word in shown]
    found.sort(key=lambda pair: (rank[pair[0]], pair[1].since_ns))
    whole = frozenset({"process", "status", "for", "next deadline"})
    made = Listing(("process", "key", "status", "for", "next deadline", "why"), whole=whole)
    for word, one in found[:limit]:
        since = duration((now_ns - one.since_ns) / SECOND_NS)
        made.add(one.process, one.key, word, since, next_deadline(one, now_ns), one.failure, style=STYLES.get(word, ""))
    hints = [f"{len(found) - limit:,} more: --limit {len(found)}"] if len(found) > limit else []
    totals = ", ".join(f"{counts[word]:,} {word}" for word in CONDITIONS if counts[word])
    data = {
        "processes": [as_data(one, word) for word, one in found[:limit]],
        "count": len(found),
        "counts": {word: counts[word] for word in CONDITIONS},
    }
    return Answer(data, [made if found else "no processes", *hints, *([totals] if totals else [])])


def show_process(call: Call, process: str, key: str, stuck_after: float) -> Answer:
    """Show an instance: its state, its deadlines, and each step: what it reacted to, and what came of it."""
    now_ns = time.time_ns()
    with call.open() as store, call.progress("reading"):
        steps = store.steps(process, key)
        found = next((one for one in store.processes() if (one.process, one.key) == (process, key)), None)
        if found is None:
            raise click.ClickException(f"there is no {process} with key {key}: actum processes ls")
        causes = {position: store.record(position) for position in map(position_of, steps) if position}
    states = [fields_of(step).get("state") for step in steps]
    state = next((each for each in reversed(states) if each is not None), None)
    word = condition_of(found, now_ns, stuck_after)
    shown = pairs(
        ("process", process),
        ("key", key),
        ("status", word),
        ("since", found.since),
        ("state", state),
        *((f"deadline {name}", due_in(one.due_ns, one.state, now_ns)) for name, one in found.deadlines.items()),
        *((("failed at", found.failed_position), ("why", found.failure)) if word == "failed" else ()),
    )
    numbers = frozenset({"entry", "position"})
    made = Listing(("entry", "time", "position", "reacted to", "outputs"), numbers, whole=numbers | {"time"})
    for step in steps:
        position = position_of(step)
        made.add(
            step.record.position, step.record.timestamp, position or None, reacted_to(step, causes), outputs_of(step)
        )  # fmt: skip
    data = {
        **as_data(found, word),
        "state": state,
        "steps": [step_as_data(step, causes) for step in steps],
    }
    return Answer(data, [shown, "", made])


def retry(call: Call, process: str, keys: Sequence[str], every: bool) -> Answer:  # noqa: FBT001  # click passes options by name
    """Have failed instances react again to the event at which they failed. Needs --app; no engine may have the store.

    Their commands are sent at once; nothing else happens: no deadline fires, and no subscription runs.
    """
    if bool(keys) == every:
        raise click.UsageError("which ones? Give their keys, or --all")
    kind = process_named(call, process)
    failed: dict[str, str] = {}

    async def again(engine: Engine) -> list[str]:
        there = [one.key for one in engine.processes(kind, status="failed")]
        check(there, keys, f"no {kind.__name__} {{}} has failed: actum processes ls")
        wanted = there if every else [*dict.fromkeys(keys)]
        for key in wanted:
            await engine.retry_process(kind, key)
        failed.update(
            {one.key: one.failure or "" for one in engine.processes(kind, status="failed") if one.key in wanted}
        )
        return wanted

    with call.progress("retrying"):
        wanted = mended(call, again, f"await engine.retry_process({kind.__name__}, {quoted(keys)})")
    good = [key for key in wanted if key not in failed]
    said = [f"{kind.__name__} {key} failed again: {reason}" for key, reason in failed.items()]
    data = {"process": kind.__process_options__.name, "retried": good, "failed": failed}
    return Answer(data, [f"{len(good):,} of {len(wanted):,} go on", *said], bool(failed))


def cancel(call: Call, process: str, keys: Sequence[str]) -> Answer:
    """End instances, and cancel what they have scheduled. Needs --app; no engine may have the store.

    They send no commands: what they have done stays done.
    """
    kind = process_named(call, process)

    async def end(engine: Engine) -> list[str]:
        there = [one.key for one in engine.processes(kind)]
        check(there, keys, f"no {kind.__name__} {{}} is under way: actum processes ls")
        return [key for key in dict.fromkeys(keys) if await engine.cancel_process(kind, key)]

    ended = mended(call, end, f"await engine.cancel_process({kind.__name__}, {quoted(keys)})")
    data = {"process": kind.__process_options__.name, "cancelled": ended}
    return Answer(data, [f"{kind.__name__} {key} is cancelled" for key in ended])


def mended(call: Call, work: Callable[[Engine], Awaitable[list[str]]], call_there: str) -> list[str]:
    """Do something in an engine in which nothing else happens."""

    async def run() -> list[str]:
        async with call.engine(read_only=False) as engine:
            return await work(engine)

    with call.elsewhere(call_there):
        return call.run(run())


def check(there: Sequence[str], wanted: Sequence[str], none: str) -> None:
    """Refuse what is not there, before anything is done; `none` says what that means, with a place for it.

    Raises:
        click.ClickException: naming the first.
    """
    for key in wanted:
        if key not in there:
            raise click.ClickException(none.format(repr(key)))


def quoted(keys: Sequence[str]) -> str:
    """Keys as they are written in code."""
    return " or ".join(f"{key!r}" for key in keys) or "..."


def process_named(call: Call, name: str) -> type[Process]:
    """The user's process with this name, its own or that in the log.

    Raises:
        click.UsageError: there is none.
    """
    classes = call.processes()
    for one in classes:
        if name in (one.__name__, one.__process_options__.name):
            return one
    raise click.UsageError(f"no process {name}: --app has {', '.join(one.__name__ for one in classes) or 'none'}")


def condition_of(one: StoredProcess, now_ns: int, stuck_seconds: float) -> str:
    """The one word for how an instance is, as far as can be seen from outside."""
    if one.status != "active":
        return one.status
    states = {deadline.state for deadline in one.deadlines.values()}
    if "failed" in states:
        return "stuck"
    if "pending" in states:
        return "waiting"
    return "stuck" if (now_ns - one.since_ns) / SECOND_NS > stuck_seconds else "running"


def next_deadline(one: StoredProcess, now_ns: int) -> str:
    """What is due next, or has failed."""
    found = sorted(one.deadlines.items(), key=lambda entry: (entry[1].state == "pending", entry[1].due_ns))
    return "" if not found else f"{found[0][0]} {due_in(found[0][1].due_ns, found[0][1].state, now_ns)}"


def due_in(due_ns: int, state: str, now_ns: int) -> str:
    """When a deadline is due, for people."""
    if state == "failed":
        return "failed"
    seconds = (due_ns - now_ns) / SECOND_NS
    return f"in {duration(seconds)}" if seconds >= 0 else f"{duration(-seconds)} overdue"


def as_data(one: StoredProcess, condition: str) -> dict[str, Any]:
    """An instance for programs."""
    return {
        "process": one.process,
        "key": one.key,
        "status": condition,
        "since": one.since.isoformat(),
        "since_ns": one.since_ns,
        "position": one.position,
        "state": one.state,
        "deadlines": {
            name: {"deadline_id": deadline.deadline_id, "due": deadline.due.isoformat(), "state": deadline.state}
            for name, deadline in one.deadlines.items()
        },
        "failure": one.failure,
        "failed_position": one.failed_position,
    }


def step_as_data(step: StoredStep, causes: dict[int, StoredRecord]) -> dict[str, Any]:
    """An entry for programs."""
    cause = causes.get(position_of(step))
    return {
        "entry": record_as_data(step.record),
        "cause": None if cause is None else record_as_data(cause),
        "outputs": [record_as_data(output) for output in step.outputs],
    }


def fields_of(step: StoredStep) -> dict[str, Any]:
    """The fields of an entry: the engine's own events are maps, unless the user's are not."""
    event = step.record.event
    return event if isinstance(event, dict) else {}


def position_of(step: StoredStep) -> int:
    """Of the event that an entry is about; 0 for an end."""
    return int(fields_of(step).get("position", 0))


def reacted_to(step: StoredStep, causes: dict[int, StoredRecord]) -> str:
    """What an entry is about, for people."""
    if step.record.tag == ENDED:
        return "cancelled by hand"
    cause = causes.get(position_of(step))
    name = "" if cause is None else cause.tag
    if step.record.tag == FAILED:
        return f"{name}: failed"
    said = str(fields_of(step).get("event", name))
    return name if said == name else f"{name}: {said}"


def outputs_of(step: StoredStep) -> str:
    """What came of an entry, for people."""
    if step.record.tag == FAILED:
        return str(fields_of(step).get("reason", ""))
    done = ["done"] if fields_of(step).get("done") else []
    return "; ".join([*map(output_of, step.outputs), *done])


def output_of(record: StoredRecord) -> str:
    """One output, for people."""
    event = record.event
    if record.tag == "actum.DeadlineScheduled" and isinstance(event, dict):
        return f"{event['command']} in {duration((int(event['due_ns']) - record.timestamp_ns) / SECOND_NS)}"
    if record.tag == "actum.DeadlineCancelled":
        return "a deadline cancelled"
    return f"{record.tag} {record.aggregate}/{record.key}"
