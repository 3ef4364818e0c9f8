"""What `doctor` says of subscriptions, processes and deadlines: one finding each, with the verb that mends it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence

import actum
import click
from actum import Finding, StoredProcess, StoredSubscription

from actum_tui.call import Call
from actum_tui.output import duration
from actum_tui.verbs.deadlines import state_of as deadline_state
from actum_tui.verbs.processes import SECOND_NS, STUCK_SECONDS, condition_of
from actum_tui.verbs.subscriptions import known, lag_seconds, state_of

#: An engine that is open sends what is due at once; what is later than this is not sent.
OVERDUE_SECONDS = 60.0


def automation_findings(call: Call) -> list[Finding]:
    """Whatever happens by itself in this store.

    Raises:
        ActumError: the store can't be read.
    """
    now_ns = time.time_ns()
    found: list[Finding] = []
    with call.open() as store, call.progress("reading"):
        engine_open = store.writer is not None
        try:
            subscriptions = known(call, store)
        except click.UsageError as error:  # the user's classes can't be loaded: the rest is looked at all the same
            found = [Finding("error", "classes", error.format_message())]
            subscriptions = store.subscriptions()
        found += [subscription_finding(one, now_ns, engine_open=engine_open) for one in subscriptions]
        tags = {schema.tag for schema in store.schemas()}
        if "actum.ProcessStepped" in tags:
            found += process_findings(store.processes(), now_ns)
        if "actum.DeadlineScheduled" in tags:
            found += deadline_findings(store.deadlines(), now_ns, engine_open=engine_open)
    return found


def subscription_finding(one: StoredSubscription, now_ns: int, *, engine_open: bool) -> Finding:
    """How one subscription is: the worst of what can be said of it."""
    name, state, letters = f"subscription {one.name}", state_of(one, now_ns), len(one.dead_letters)
    if one.fault:
        return Finding("error", name, f"{one.fault}.", f"actum subscriptions reset {one.name}")
    where = "" if one.position is None else f" at position {one.position:,} of {one.head:,}"
    what = f"{state}{where}{f', in process {one.process}' if one.process else ''}"
    if letters:
        count = "1 dead letter" if letters == 1 else f"{letters:,} dead letters"
        return Finding("warning", name, f"{what}; {count}.", f"actum dead-letters ls {one.name}; then retry, or drop")
    late = f"{what}, {duration(lag_seconds(one, now_ns))} behind."
    if state == "stalled":
        fix = "It is paused, failed, or hangs: statistics() in its process says why; resume() or restart it."
        return Finding("warning", name, late, fix)
    if state == "stopped" and one.lag and engine_open:
        return Finding("warning", name, late, "An engine runs, but nobody runs this: start it, or its process.")
    return Finding("ok", name, what)


def process_findings(processes: Sequence[StoredProcess], now_ns: int) -> Iterator[Finding]:
    """How the instances of all processes are, each process on its own."""
    for name in sorted({one.process for one in processes}):
        conditions = [(condition_of(one, now_ns, STUCK_SECONDS), one) for one in processes if one.process == name]
        counts = Counter(word for word, _ in conditions)
        what = ", ".join(f"{counts[word]:,} {word}" for word in ("failed", "stuck", "waiting", "running", "done"))
        for word, fix in (
            ("failed", f"actum processes ls {name} --status failed; then retry, or cancel"),
            ("stuck", f"actum processes ls {name} --status stuck; then show, or cancel"),
        ):
            first = next((one for condition, one in conditions if condition == word), None)
            if first is not None:
                reason = f" {first.key}: {first.failure}." if first.failure else f" {first.key} among them."
                yield Finding("warning", f"process {name}", f"{what}.{reason}", fix)
                break
        else:
            yield Finding("ok", f"process {name}", what)


def deadline_findings(deadlines: Sequence[actum.Deadline], now_ns: int, *, engine_open: bool) -> Iterator[Finding]:
    """How deadlines are."""
    states = Counter(deadline_state(one, now_ns) for one in deadlines)
    what = ", ".join(f"{states[word]:,} {word}" for word in ("failed", "overdue", "pending"))
    late = max(((now_ns - one.due_ns) / SECOND_NS for one in deadlines if one.state == "pending"), default=0.0)
    if states["failed"]:
        first = next(one for one in deadlines if one.state == "failed")
        reason = f"{first.command} of {first.deadline_id}: {first.reason}"
        yield Finding(
            "warning", "deadlines", f"{what}. {reason}.", "actum deadlines ls --state failed; then retry, or cancel"
        )
    elif states["overdue"] and not engine_open:
        fix = "They are sent when an engine opens; actum deadlines cancel what must not be."
        yield Finding("warning", "deadlines", f"{what}, for {duration(late)}; no engine is open.", fix)
    elif states["overdue"] and late > OVERDUE_SECONDS:
        fix = "The engine's timer has stopped, or its classes have no Deadlines: statistics().deadlines says why."
        yield Finding("warning", "deadlines", f"{what}, for {duration(late)}, and an engine is open.", fix)
    else:
        yield Finding("ok", "deadlines", what)
