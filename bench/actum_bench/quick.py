"""`bench quick`: one line for each operation, meant to take less than a minute, most of it as a ratio to the floor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from actum_bench.experiments import Experiment, Turn, Wish, largest, ratio, value
from actum_bench.measurements import busy, commands, imports, queries, rebuild
from actum_bench.process import measure_of
from actum_bench.repeats import REPEATS_MIN
from actum_bench.results import Parameter

ACCOUNTS = 10_000
#: Each is paid into before the clock starts, which takes few clients long.
ACCOUNTS_EACH_MAX = 100
#: The share of the floor to be reached, by clients; and how many commands take less than half a second.
COMMANDS: dict[int, tuple[float, int]] = {1_000: (0.6, 20_000), 64: (0.75, 10_000), 1: (0.8, 500)}
SEND_MANY = 1_000
BUSY_CLIENTS = 64
BUSY_COMMANDS = 6_000
BUSY_ACCOUNTS = 2_000
QUERIES = 1_000
#: Goals of queries are for a million rows; with fewer there are figures and no goal.
GOAL_ROWS_MIN = 1_000_000
BUSY_TASKS = (1, 4)
IDLE = "actum, idle loop"
KINDS: tuple[Literal["queries", "strangers"], ...] = ("queries", "strangers")

CLIENT_COST = "the clients run in the same loop and are part of the cost, for both subjects alike"


def experiments(
    directory: str | None,
    *,
    rows: int = 100_000,
    events: int = 50_000,
    part: float = 1.0,
    repeats: int = REPEATS_MIN,
) -> Iterator[Experiment]:
    """What is measured.

    Args:
        directory: on which disk; the system's temporary directory if None.
        rows: of the view that is asked.
        events: that are folded in a rebuild.
        part: of the usual number of commands and queries.
        repeats: how often each.
    """
    fewer = min(1.0, max(0.02, part))  # accounts are woken before the clock starts, which a small part is too short for
    for clients, (share, count) in COMMANDS.items():
        accounts = int(min(ACCOUNTS, ACCOUNTS_EACH_MAX * clients) * fewer)
        yield commands_experiment(clients, share, int(count * part), accounts, directory, repeats)
    yield send_many_experiment(int(COMMANDS[SEND_MANY][1] * part), int(ACCOUNTS * fewer), directory, repeats)
    yield busy_experiment(int(BUSY_COMMANDS * part), int(BUSY_ACCOUNTS * fewer), directory, repeats)
    yield queries_experiment(rows, int(QUERIES * part), repeats)
    yield rebuild_experiment(events, repeats)
    yield imports_experiment(directory, repeats)


def commands_experiment(
    clients: int, share: float, count: int, accounts: int, directory: str | None, repeats: int
) -> Experiment:
    """Durable commands by clients that wait for each answer."""
    given: dict[str, Parameter] = {
        "clients": clients, "commands": count, "accounts": accounts, "directory": directory,
    }  # fmt: skip
    return Experiment(
        "floor",
        f"commands, {clients:,} client{'s' * (clients > 1)}",
        "full",
        {"the floor": measure_of(commands.bare, **given), "actum": measure_of(commands.engine, **given)},
        [
            Wish(
                f"commands/s, {clients:,} client{'s' * (clients > 1)}, of the floor",
                share,
                "higher",
                "ratio",
                ratio("actum", "the floor", "commands/s"),
            )
        ],
        repeats,
        CLIENT_COST,
    )


def send_many_experiment(count: int, accounts: int, directory: str | None, repeats: int) -> Experiment:
    """A thousand commands with each call, against the floor at a thousand clients."""
    given: dict[str, Parameter] = {"commands": count, "accounts": accounts, "directory": directory}
    return Experiment(
        "floor",
        "send_many, 1,000 commands a call",
        "full",
        {
            "the floor, 1,000 clients": measure_of(commands.bare, clients=SEND_MANY, **given),
            "actum": measure_of(commands.many, size=SEND_MANY, **given),
        },
        [
            Wish(
                "commands/s by send_many, of the floor at 1,000 clients",
                1.0,
                "higher",
                "ratio",
                ratio("actum", "the floor, 1,000 clients", "commands/s"),
            )
        ],
        repeats,
        CLIENT_COST,
    )


def busy_experiment(count: int, accounts: int, directory: str | None, repeats: int) -> Experiment:
    """Acknowledgements beside busy tasks on the same loop."""
    given: dict[str, Parameter] = {
        "clients": BUSY_CLIENTS, "commands": count, "accounts": accounts, "directory": directory,
    }  # fmt: skip
    subjects = {IDLE: measure_of(busy.engine, tasks=0, kind=KINDS[0], **given)} | {
        f"actum, {tasks} busy with {kind}": measure_of(busy.engine, tasks=tasks, kind=kind, **given)
        for kind in KINDS
        for tasks in BUSY_TASKS
    }
    return Experiment(
        "floor",
        f"acknowledgements, {BUSY_CLIENTS} clients, busy loop",
        "full",
        subjects,
        [
            Wish(f"ack p99, {BUSY_CLIENTS} clients, busy loop", 0.005, "lower", "s", largest("ack p99")),
            Wish(
                f"ack p99, {BUSY_CLIENTS} clients, busy loop, times the idle one's",
                3.0,
                "lower",
                "ratio",
                times_idle,
            ),
        ],
        repeats,
        CLIENT_COST,
    )


def times_idle(turn: Turn) -> float:
    """How many times the idle loop's latency the worst of the busy ones is."""
    return largest("ack p99")(turn) / value(IDLE, "ack p99")(turn)


def queries_experiment(rows: int, count: int, repeats: int) -> Experiment:
    """Questions answered in the loop."""
    return Experiment(
        "floor",
        f"queries, a view of {rows:,} rows",
        "memory",
        {"actum": measure_of(queries.engine, rows=rows, queries=count)},
        [
            Wish(f"a point query, {rows:,} rows", 3e-6, "lower", "s", value("actum", "point")),
            Wish(f"a page of 20 of {rows:,} rows by an ordered index", 30e-6, "lower", "s", value("actum", "page")),
        ]
        * (rows >= GOAL_ROWS_MIN),
        repeats,
    )


def rebuild_experiment(events: int, repeats: int) -> Experiment:
    """A view made again from the log."""
    given: dict[str, Parameter] = {"events": events, "accounts": 20_000}
    return Experiment(
        "floor",
        f"rebuild of a view, {events:,} events",
        "memory",
        {"the floor": measure_of(rebuild.bare, **given), "actum": measure_of(rebuild.engine, **given)},
        [Wish("rebuild, of the floor", 0.65, "higher", "ratio", ratio("actum", "the floor", "events/s"))],
        repeats,
    )


def imports_experiment(directory: str | None, repeats: int) -> Experiment:
    """The start of an application."""
    return Experiment(
        "floor",
        "import actum",
        "-",
        {"actum": measure_of(imports.actum, directory=directory)},
        [Wish("import actum", 0.08, "lower", "s", value("actum", "import"))],
        repeats,
    )
