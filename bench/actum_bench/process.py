"""One measurement, one process: nothing that an earlier one left (memory, garbage, threads, caches) reaches it.

A measurement is a function of keyword parameters that JSON can hold, which gives named values. It is called by its
name in a child of a nursery. A verb opens nurseries for as long as it measures; who measures outside of that gets one
for the one measurement.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import partial
from select import select
from typing import Final

import msgspec

from actum_bench.nursery import Answer, Order
from actum_bench.results import Parameter, Sample
from actum_bench.stopping import stopping_later

#: A measurement that takes longer hangs.
SECONDS_MAX = 1_800.0
#: Strings have other hashes, and memory other addresses, in each nursery and the same in all of its children. That
#: makes some runs faster than others, so repeats have one nursery each, as they had if Python was started anew.
NURSERIES: Final = 5
#: A nursery that is told to end kills one child, and needs no longer.
END_SECONDS_MAX: Final = 10.0


class VoidRunError(Exception):
    """A measurement failed, or what it checked does not hold: there is no figure."""


class Nursery:
    """A nursery, from outside."""

    def __init__(self, temporary: str | None) -> None:
        """Start it, in a session of its own: a key that interrupts the verb interrupts nothing here.

        Args:
            temporary: where its children make temporary files; the system's temporary directory if None.
        """
        surroundings = None if temporary is None else os.environ | {"TMPDIR": temporary}
        command = [sys.executable, "-m", "actum_bench.nursery"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, env=surroundings
        )

    @property
    def is_alive(self) -> bool:
        """Whether it takes orders."""
        return self._process.poll() is None

    def carry_out(self, order: Order) -> Answer:
        """Have a child carry an order out."""
        assert self._process.stdin is not None, "it has a pipe"
        assert self._process.stdout is not None, "it has a pipe"
        try:
            self._process.stdin.write(msgspec.json.encode(order) + b"\n")
            self._process.stdin.flush()
            ready, _, _ = select([self._process.stdout], [], [], SECONDS_MAX)
            line = self._process.stdout.readline() if ready else b""
        except BrokenPipeError:
            ready, line = [self._process.stdout], b""
        if line:
            return msgspec.json.decode(line, type=Answer)
        self.end()
        return Answer(failure="failed: its process is gone" if ready else f"did not end within {SECONDS_MAX:.0f} s")

    def end(self) -> None:
        """End it, and with it what its child is doing."""
        assert self._process.stdin is not None, "it has a pipe"
        with suppress(BrokenPipeError):  # it is gone, and did not read the last order
            self._process.stdin.close()
        try:
            self._process.wait(END_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None, "it has a pipe"
        self._process.stdout.close()


class Nurseries:
    """As many as there are repeats usually; the same order goes to the first one first, then to the second."""

    def __init__(self, temporary: str | None, count: int) -> None:
        self._temporary = temporary
        self._count = count
        self._nurseries: dict[int, Nursery] = {}
        self._carried_out: Counter[bytes] = Counter()

    def carry_out(self, order: Order) -> Answer:
        """Have it carried out by the nursery whose turn it is."""
        key = msgspec.json.encode(order)
        number = self._carried_out[key] % self._count
        self._carried_out[key] += 1
        if number not in self._nurseries or not self._nurseries[number].is_alive:
            self._nurseries[number] = Nursery(self._temporary)
        return self._nurseries[number].carry_out(order)

    def end(self) -> None:
        """End them all."""
        for nursery in self._nurseries.values():
            nursery.end()


OPEN: ContextVar[Nurseries | None] = ContextVar("OPEN", default=None)


@contextmanager
def nurseries(temporary: str | None = None, *, count: int = NURSERIES) -> Generator[None]:
    """Have nurseries for all measurements in the meantime. When it ends, nothing that they started is left.

    Args:
        temporary: where children make temporary files; the system's temporary directory if None.
        count: how many.
    """
    opened = Nurseries(temporary, count)
    token = OPEN.set(opened)
    try:
        yield
    finally:
        with stopping_later():
            OPEN.reset(token)
            opened.end()


def in_child(function: Callable[..., Sample], **parameters: Parameter) -> Sample:
    """Call a measurement in a process of its own.

    Args:
        function: at the top of its module.
        parameters: what it takes.

    Raises:
        VoidRunError: it raised, or gave nothing.
    """
    opened = OPEN.get()
    if opened is None:
        with nurseries(count=1):
            return in_child(function, **parameters)
    name = f"{function.__module__}:{function.__qualname__}"
    answer = opened.carry_out(Order(name, parameters))
    if answer.sample is None:
        raise VoidRunError(f"{name} {answer.failure}")
    return answer.sample


def measure_of(function: Callable[..., Sample], **parameters: Parameter) -> Callable[[], Sample]:
    """The same, to be called later, and often."""
    return partial(in_child, function, **parameters)
