"""Results that nobody measured: inputs for what compares, merges and draws results."""

from __future__ import annotations

import msgspec
from actum_bench.environment import Environment
from actum_bench.extras import imported
from actum_bench.results import Better, Check, Figure, Goal, Parameter, Results, Run, Skipped

ENVIRONMENT = Environment(
    taken="2026-01-02T03:04:05+00:00",
    cpu="Imagined 9000",
    cores=2,
    governor="performance",
    memory_bytes=8_000_000_000,
    load=0.1,
    system="Linux 6.0",
    python="CPython 3.11.7",
    packages={"actum": "0.1.0", "msgspec": "0.22.0"},
    revision="abc1234",
    file_system="ext4",
    fsync_seconds=0.0003,
    warnings=[],
)

#: A name that would be a tag, a cell's end, or a link, if it were not escaped.
HOSTILE = '<script>alert(1)</script> | [x](http://evil) `a` **b** & "c"'


def environment(**changes: object) -> Environment:
    """Where they were not taken."""
    return msgspec.structs.replace(ENVIRONMENT, **changes)


def around(middle: float, share: float = 0.01, count: int = 5) -> list[float]:
    """Samples that spread evenly around their median."""
    return [middle * (1 + share * (number - count // 2)) for number in range(count)]


def run_of(  # noqa: PLR0913  # a run has that many parts
    samples: list[float],
    *,
    figure: str = "ack p99",
    unit: str = "s",
    better: Better = "lower",
    suite: str = "load",
    workload: str = "a",
    subject: str = "actum",
    durability: str = "full",
    parameters: dict[str, Parameter] | None = None,
    histograms: dict[str, str] | None = None,
    note: str = "",
    ok: bool = True,
) -> Run:
    """A run with one figure."""
    return Run(
        suite=suite,
        workload=workload,
        subject=subject,
        durability=durability,
        parameters=parameters or {},
        figures=[Figure(figure, unit, better, samples)],
        checks=[Check("acknowledged == stored", ok, "5 and 5" if ok else "5 and 4")],
        histograms=histograms or {},
        note=note,
    )


def results_of(
    *runs: Run, goals: list[Goal] | None = None, skipped: list[Skipped] | None = None, **changes: object
) -> Results:
    """A file's content."""
    return Results(
        command="actum bench made-up",
        environment=environment(**changes),
        runs=list(runs),
        goals=goals or [],
        skipped=skipped or [],
    )


def rate_of(workload: str, subject: str, rate: float, suite: str = "floor", durability: str = "full") -> Run:
    """A run with commands/s."""
    return run_of(
        around(rate), figure="commands/s", unit="1/s", better="higher",
        suite=suite, workload=workload, subject=subject, durability=durability,
    )  # fmt: skip


def goal_of(name: str, bound: float, samples: list[float], better: Better = "higher", unit: str = "ratio") -> Goal:
    """A goal."""
    return Goal(name=name, bound=bound, better=better, unit=unit, samples=samples, durability="full")


def histogram_of(*microseconds: int) -> str:
    """Latencies as a file holds them."""
    histogram = imported("hdrh.histogram").HdrHistogram(1, 3_600_000_000_000, 3)
    for latency in microseconds:
        histogram.record_value(latency * 1000)
    return str(histogram.encode().decode())


def full_results() -> Results:
    """Something for every picture: the floor, goals, latencies, growth, peers; one run void, one thing skipped."""
    commands = [
        rate_of(f"commands, {clients:,} client{'s' * (clients > 1)}", subject, rate)
        for clients, pair in ((1, (3_800, 3_300)), (64, (112_000, 88_000)), (1_000, (263_000, 163_000)))
        for subject, rate in zip(("the floor", "actum"), pair, strict=True)
    ]
    growth = [
        run_of(
            around(seconds, share), figure="opening", suite="scale", workload=f"opening, {events:,} events",
            durability="full", parameters={"events": events, "directory": "/secret"},
        )
        for events, seconds, share in ((10_000, 0.01, 0.01), (100_000, 0.08, 0.2), (1_000_000, 0.9, 0.01))
    ]  # fmt: skip
    peers = [
        rate_of("deposits, 256 clients", subject, rate, "peers", durability)
        for subject, rate, durability in (
            ("actum", 150_000, "full"),
            ("eventsourcing on SQLite, with its aggregate cache", 3_400, "full"),
            ("eventsourcing in memory, with its aggregate cache", 19_000, "memory"),
            ("UmaDB", 18_000, "full"),
        )
    ]
    loads = [
        run_of(
            around(0.0012), suite="load", workload="b: 5/95, zipf, 20,000/s",
            note="the client runs in the same process",
            histograms={
                "intended": histogram_of(*(90 + number % 97 + (number % 1000 == 0) * 4000 for number in range(2_000))),
                "service": histogram_of(*(40 + number % 53 for number in range(2_000))),
            },
        ),
        run_of([1.0] * 5, workload="void one", ok=False),
    ]  # fmt: skip
    goals = [
        goal_of("commands/s, 1,000 clients, of the floor", 0.6, around(0.62)),
        goal_of("commands/s, 64 clients, of the floor", 0.75, around(0.70, 0.1)),
        goal_of("ack p99, 64 clients, busy loop", 0.005, around(0.0016), "lower", "s"),
        goal_of("a page of 20 rows by an ordered index", 30e-6, around(40e-6), "lower", "s"),
    ]
    skipped = [Skipped("peers", "a peer | with <tags>", "it can't be installed")]
    return results_of(*commands, *growth, *peers, *loads, goals=goals, skipped=skipped)
