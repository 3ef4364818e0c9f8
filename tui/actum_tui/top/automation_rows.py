"""What happens by itself, as rows of tables: who works, its instances, deadlines and dead letters.

The columns are those of `actum processes ls`, `deadlines ls` and `dead-letters ls`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from actum import (
    Deadline,
    DeadlineStatistics,
    EngineStatistics,
    ProcessStatistics,
    SubscriptionStatistics,
)
from actum.monitor import DeadLetters, DeadLetterSeen, DeadlinesDue, InstanceCounts, InstanceSeen, Processes
from rich.text import Text

from actum_tui.output import duration
from actum_tui.safe_text import safe_text
from actum_tui.top.figures import whole
from actum_tui.top.grid import GridColumn, GridRow
from actum_tui.top.standing import (
    RANKS,
    SECOND_NS,
    STYLES,
    condition_of,
    due_of,
    next_deadline,
    state_of,
    why,
)

#: What matters most comes first: on a narrow terminal the last columns are out of sight.
WORKERS = (
    GridColumn("kind"),
    GridColumn("name"),
    GridColumn("state"),
    GridColumn("failed", right=True),
    GridColumn("stuck", right=True),
    GridColumn("waiting", right=True),
    GridColumn("running", right=True),
    GridColumn("lag", right=True),
    GridColumn("behind", right=True),
)
#: Of a store that only its directory tells of: it knows who has ended, and not who is late.
STORED_WORKERS = (
    *(column for column in WORKERS if column.name not in {"state", "lag", "behind"}),
    GridColumn("done", right=True),
)
INSTANCES = tuple(map(GridColumn, ("process", "key", "status", "for", "next deadline", "why")))
DEADLINES = tuple(map(GridColumn, ("command", "state", "due", "id", "why")))
LETTERS = (
    GridColumn("subscription"),
    GridColumn("position", right=True),
    GridColumn("event"),
    GridColumn("of"),
    GridColumn("tried", right=True),
    GridColumn("failed"),
    GridColumn("error"),
)
#: Colours of states, beside the words.
STATE_STYLES = {"failed": "bold red", "stalled": "bold red", "slow": "yellow", "catching up": "yellow"}


def worker_rows(
    statistics: EngineStatistics | None,
    processes: Processes | None,
    due: DeadlinesDue | None,
    letters: DeadLetters | None,
) -> list[GridRow]:
    """Processes, the timer and subscriptions, one row each; where only a directory tells of them, what it has."""
    counts = {one.process: one for one in (processes.counts if processes is not None else ())}
    if statistics is not None:
        rows = [process_row(one, counts.get(one.name)) for one in statistics.processes]
        rows += [timer_row(statistics.deadlines)] if statistics.deadlines is not None else []
        return rows + [subscription_row(one) for one in statistics.subscriptions]
    rows = [stored_process_row(one) for one in counts.values()]
    if due is not None and due.count:
        rows.append(worker("timer", "deadlines", "", waiting=due.count - due.refused, failed=due.refused))
    put_aside: dict[str, int] = {}
    for one in letters.letters if letters is not None else ():
        put_aside[one.subscription] = put_aside.get(one.subscription, 0) + 1
    return rows + [worker("subscription", name, "", failed=count) for name, count in put_aside.items()]


def process_row(one: ProcessStatistics, counts: InstanceCounts | None) -> GridRow:
    """A process; how many run and how many wait is known as soon as that was asked for."""
    running, waiting = (None, None) if counts is None else (counts.running, counts.waiting)
    if running is None:
        running = one.active - one.stuck
    return worker(
        "process",
        one.name,
        one.state,
        running=running,
        waiting=waiting,
        stuck=one.stuck,
        failed=one.failed,
        lag=one.lag,
        behind=one.lag_seconds,
        data=one,
    )


def stored_process_row(one: InstanceCounts) -> GridRow:
    """A process, as its store tells of it."""
    return worker(
        "process",
        one.process,
        "",
        running=one.running,
        waiting=one.waiting,
        stuck=one.stuck,
        failed=one.failed,
        done=one.done,
        data=one,
    )


def timer_row(one: DeadlineStatistics) -> GridRow:
    """The timer: what waits for its time, what was refused, what is overdue."""
    return worker(
        "timer",
        "deadlines",
        one.state,
        waiting=one.pending,
        failed=one.failing,
        lag=one.overdue,
        behind=one.overdue_seconds,
        data=one,
    )


def subscription_row(one: SubscriptionStatistics) -> GridRow:
    """A subscription: what failed is its dead letters."""
    return worker(
        "subscription",
        one.name,
        one.state,
        failed=one.dead_letters,
        lag=one.lag,
        behind=one.lag_seconds,
        data=one,
    )


def worker(  # noqa: PLR0913  # a row has so many cells
    kind: str,
    name: str,
    state: str,
    *,
    running: int | None = None,
    waiting: int | None = None,
    stuck: int | None = None,
    failed: int | None = None,
    done: int | None = None,
    lag: int | None = None,
    behind: float | None = None,
    data: msgspec.Struct | None = None,
) -> GridRow:
    """One that works by itself."""
    cells: dict[str, tuple[str | Text, object]] = {
        "kind": (kind, kind),
        "name": (name, name),
        "state": (Text(safe_text(state), style=STATE_STYLES.get(state, "")), state),
        "failed": (number(failed, "bold red"), failed),
        "stuck": (number(stuck, "yellow"), stuck),
        "waiting": (number(waiting), waiting),
        "running": (number(running), running),
        "lag": (number(lag), lag),
        "behind": (duration(behind) if behind else "", behind or 0.0),
        "done": (number(done), done),
    }
    columns = WORKERS if lag is not None else STORED_WORKERS
    return GridRow(
        key=f"{kind} {name}",
        cells=[cells[column.name][0] for column in columns],
        order=[cells[column.name][1] for column in columns],
        data={"kind": kind, "name": name, **({} if data is None else msgspec.structs.asdict(data))},
    )


def number(count: int | None, style: str = "") -> Text:
    """A count; in a colour if it is not 0."""
    return Text("" if count is None else whole(count), style=style if count else "", justify="right")


def instance_rows(instances: Sequence[InstanceSeen], now_ns: int) -> Iterator[GridRow]:
    """Instances, as they were given."""
    for one in instances:
        word = condition_of(one)
        seconds = (now_ns - one.since_ns) / SECOND_NS
        next_ns = min(one.deadlines.values(), default=None)
        yield GridRow(
            key=f"{one.process}/{one.key}",
            cells=[one.process, one.key, word, duration(seconds), next_deadline(one, now_ns), why_cell(one)],
            order=[one.process, one.key, RANKS.index(word), seconds, next_ns, why(one)],
            data={**msgspec.structs.asdict(one), "status": word},
            style=STYLES.get(word, ""),
        )


def why_cell(one: InstanceSeen) -> str | Text:
    """Why an instance stands still; what it waits for is no news, and is written as such."""
    return Text(safe_text(why(one)), style="dim", no_wrap=True) if one.failure is None and not one.refused else why(one)


def deadline_rows(deadlines: Sequence[Deadline], now_ns: int) -> Iterator[GridRow]:
    """Deadlines, as they were given."""
    for one in deadlines:
        state = state_of(one, now_ns)
        yield GridRow(
            key=one.deadline_id,
            cells=[one.command, state, due_of(one, now_ns), one.deadline_id, one.reason or ""],
            order=[one.command, state, one.due_ns, one.deadline_id, one.reason],
            data={**msgspec.structs.asdict(one), "state": state, "due": one.due.isoformat()},
            style=STYLES.get(state, ""),
        )


def letter_rows(letters: Sequence[DeadLetterSeen], now_ns: int) -> Iterator[GridRow]:
    """Dead letters, as they were given."""
    for one in letters:
        letter = one.letter
        ago = f"{duration((now_ns - letter.failed_ns) / SECOND_NS)} ago"
        of = f"{letter.aggregate}/{letter.key}"
        tried = whole(letter.attempts) if letter.attempts else "again"
        yield GridRow(
            key=f"{letter.position} {one.subscription}",
            cells=[one.subscription, whole(letter.position), letter.tag, of, tried, ago, letter.error],
            order=[one.subscription, letter.position, letter.tag, of, letter.attempts, -letter.failed_ns, letter.error],
            data={"subscription": one.subscription, **letter._asdict()},
            style="red",
        )
