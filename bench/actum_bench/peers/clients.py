"""Clients of something that blocks: many that wait for their answers, played by as many threads as suit it best.

A client's command lies in a queue until a thread takes it, and the client sends its next one as soon as it has an
answer. With as many threads as clients that is a thread for each client. Latency runs from the sending, so it contains
the time in the queue.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import NamedTuple

from actum_bench.bank import account_of
from actum_bench.measurements.commands import WARM_UP_COMMANDS
from actum_bench.results import Sample
from actum_bench.timing import quantile

#: Sends what a client sends at a step, and comes back with the answer.
Send = Callable[[int, int], object]


class Sent(NamedTuple):
    """A client's command on its way.

    Attributes:
        client: whose.
        step: which of its commands.
        sent_ns: when.
    """

    client: int
    step: int
    sent_ns: int


def served(send: Send, shown: Callable[[], object], *, clients: int, commands: int, threads: int) -> Sample:
    """Let clients send one command after the other, each waiting for its answer; how many came through, how fast.

    Args:
        send: does what a client wants done.
        shown: comes back when the read model shows all that was answered; its time counts.
        clients: how many.
        commands: of all of them together, beside the warm-up.
        threads: how many do the sending, at most one for each client.
    """
    each = commands_each(clients, commands)
    with ThreadPoolExecutor(threads := min(threads, clients)) as pool:
        turn(pool, threads, send, clients, range(WARM_UP_COMMANDS))
        shown()
        started = time.perf_counter()
        latencies = turn(pool, threads, send, clients, range(WARM_UP_COMMANDS, WARM_UP_COMMANDS + each))
        shown()
        seconds = time.perf_counter() - started
    assert len(latencies) == clients * each
    return Sample(
        {
            "commands/s": clients * each / seconds,
            "ack p50": quantile(latencies, 0.5) / 1e9,
            "ack p99": quantile(latencies, 0.99) / 1e9,
            "sent": clients * (each + WARM_UP_COMMANDS),
        }
    )


def turn(pool: ThreadPoolExecutor, threads: int, send: Send, clients: int, steps: range) -> list[int]:
    """Let every client take its steps; the latencies."""
    waiting: SimpleQueue[Sent | None] = SimpleQueue()
    latencies: list[int] = []
    ended: list[int] = []

    def work() -> None:
        clock, last = time.perf_counter_ns, steps.stop - 1
        take, put, note = waiting.get, waiting.put, latencies.append
        try:
            while (taken := take()) is not None:
                client, step, sent_ns = taken
                send(client, step)
                now = clock()
                note(now - sent_ns)
                if step < last:
                    put(Sent(client, step + 1, now))
                    continue
                ended.append(client)
                if len(ended) == clients:
                    break
        finally:  # all are done, or this thread failed: nobody waits any longer
            for _ in range(threads):
                put(None)

    now = time.perf_counter_ns()
    for client in range(clients):
        waiting.put(Sent(client, steps.start, now))
    for working in [pool.submit(work) for _ in range(threads)]:
        working.result()
    return latencies


def commands_each(clients: int, commands: int) -> int:
    """How many commands each client sends while the clock runs."""
    return max(1, commands // clients)


def touched(clients: int, commands: int, accounts: int) -> list[str]:
    """The keys of all accounts that clients will pay into, for who has to open accounts beforehand."""
    steps = range(WARM_UP_COMMANDS + commands_each(clients, commands))
    return sorted({account_of(client, step, accounts) for client in range(clients) for step in steps})
