"""What micro benchmarks share: how a function and how a coroutine function are timed.

They measure parts, so they may reach inside; everything else in `bench` uses public names. Each benchmark says how
durable it is, and how many operations one call of its function does. Rounds are few and of one length, because they
become the samples of a `Results` file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
import uvloop
from actum import Engine, MemoryLog, Options
from actum_bench.bank import Account, Balances

ROUNDS = 15
WARM_UP_ROUNDS = 2


#: Opens an engine of the bank on a directory or a log.
Opened = Callable[..., Engine]


class Bench(Protocol):
    """Times a function."""

    def __call__(
        self,
        function: Callable[[], object],
        n: int = 10_000,
        *,
        operations: int = 1,
        durability: str = "-",
        before: Callable[[], object] | None = None,
    ) -> None:
        """Call it n times in each round.

        Args:
            function: what is measured.
            n: calls in each round.
            operations: that one call does.
            durability: as in `Run`.
            before: called before each round, outside of the time.
        """
        ...


class AsyncBench(Protocol):
    """Times a coroutine function."""

    def __call__(
        self,
        function: Callable[[], Awaitable[object]],
        n: int = 1000,
        *,
        operations: int = 1,
        durability: str = "-",
        before: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        """Await it n times in each round; parameters as for `Bench`."""
        ...


def pytest_benchmark_generate_machine_info() -> dict[str, object]:
    """Nothing: `Environment` says it, and pytest-benchmark takes a second to find out."""
    return {}


@pytest.fixture
def bench(request: pytest.FixtureRequest, benchmark: Any) -> Bench:
    """Time a function: n calls in each round, in one loop of Python."""

    def measure(
        function: Callable[[], object],
        n: int = 10_000,
        *,
        operations: int = 1,
        durability: str = "-",
        before: Callable[[], object] | None = None,
    ) -> None:
        calls = n if benchmark.enabled else 1

        def batch() -> None:
            for _ in range(calls):
                function()

        timed(request, batch, calls * operations, durability, before)

    return measure


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """One event loop for a whole benchmark, of the kind that `actum.run` uses."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as made:
        yield made


@pytest.fixture
def abench(request: pytest.FixtureRequest, benchmark: Any, runner: asyncio.Runner) -> AsyncBench:
    """Time a coroutine function: n awaits inside one coroutine in one running loop.

    A `run_until_complete` for each call would measure starting and stopping the loop: an empty coroutine, which costs
    0.1 us, then seems to take 6 us in asyncio's loop and 24 us in uvloop's, which is the faster one. Here that is paid
    once a round, so n calls share it.
    """

    def measure(
        function: Callable[[], Awaitable[object]],
        n: int = 1000,
        *,
        operations: int = 1,
        durability: str = "-",
        before: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        calls = n if benchmark.enabled else 1

        async def batch() -> None:
            for _ in range(calls):
                await function()

        async def prepare(prepared: Callable[[], Awaitable[object]]) -> None:
            await prepared()

        timed(
            request,
            lambda: runner.run(batch()),
            calls * operations,
            durability,
            None if before is None else lambda: runner.run(prepare(before)),
        )

    return measure


@pytest.fixture
def opened(runner: asyncio.Runner) -> Iterator[Opened]:
    """Opens engines of the bank in the benchmark's loop, and closes them."""
    engines: list[Engine] = []

    async def enter(engine: Engine) -> Engine:
        return await engine

    def make(store: Path | MemoryLog, options: Options | None = None) -> Engine:
        engine = runner.run(enter(Engine.open(store, Account, Balances, options=options)))
        engines.append(engine)
        return engine

    yield make
    for engine in engines:
        runner.run(engine.close())


def timed(
    request: pytest.FixtureRequest,
    batch: Callable[[], object],
    operations: int,
    durability: str,
    before: Callable[[], object] | None,
) -> None:
    """Time batches, and note what one operation took: pytest-benchmark's own figures are those of a batch."""
    benchmark: Any = request.getfixturevalue("benchmark")

    def setup() -> None:
        if before is not None:
            before()

    benchmark.pedantic(batch, setup=setup, rounds=ROUNDS, warmup_rounds=WARM_UP_ROUNDS, iterations=1)
    benchmark.extra_info |= {"title": title_of(request), "operations": operations, "durability": durability}
    if benchmark.enabled:
        benchmark.extra_info["ns_per_op"] = benchmark.stats.stats.median * 1e9 / operations


def title_of(request: pytest.FixtureRequest) -> str:
    """What is measured: the docstring of the benchmark, and how many of what."""
    first = (request.function.__doc__ or request.node.name).splitlines()[0].rstrip(".")
    callspec = getattr(request.node, "callspec", None)
    sizes: dict[str, object] = {} if callspec is None else callspec.params
    counts = [
        f"{count:,} {name[: -1 if count == 1 else None]}" for name, count in sizes.items() if isinstance(count, int)
    ]
    return ", ".join([first[0].lower() + first[1:], *counts])
