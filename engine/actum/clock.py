"""Time and ids: the only place in the engine that knows either.

A `Clock` and `CommandIds` are given to the engine, so that a test runs on its own time and its own chance. Timestamps
are wall-clock and for people; durations come from the monotonic clock; the order of things is the position.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from itertools import count, repeat
from math import log, log1p
from random import Random
from typing import Protocol

MILLISECOND_NS = 1_000_000

pack_halves = struct.Struct(">QQ").pack


class Clock(Protocol):
    """What the engine asks of time."""

    def now_ns(self) -> int:
        """Nanoseconds since 1970 UTC."""
        ...

    def monotonic_ns(self) -> int:
        """Nanoseconds that never go back, for durations."""
        ...


class SystemClock:
    """The machine's clocks."""

    now_ns = staticmethod(time.time_ns)
    monotonic_ns = staticmethod(time.perf_counter_ns)


class Chance:
    """Draws; by the operating system's chance unless seeded."""

    __slots__ = ("_random", "below")

    def __init__(self, seed: int | None = None) -> None:
        """Nothing is drawn yet."""
        #: A whole number from 0 up to a bound that is not among them, all alike.
        self.below: Callable[[int], int] = Random(seed).randrange
        self._random = Random(seed).random

    def misses(self, one_in: int) -> int:
        """How often something does not happen before it happens that happens once in so many times."""
        return 0 if one_in <= 1 else int(log(1.0 - self._random()) / log1p(-1 / one_in))


class CommandIds(Protocol):
    """Makes the ids of commands that come without one."""

    def make(self, now_ns: int) -> bytes:
        """16 bytes that no other command has, at or after the given time."""
        ...


class TimeOrderedIds:
    """Version 7 UUIDs as 16 bytes, strictly increasing (RFC 9562, 5.7; 6.2 method 2: a random counter).

    One costs about 0.12 us; `uuid4` would cost 1.8. The low 62 bits start at random each millisecond and count up, so
    they are unique, not secret.
    """

    __slots__ = ("_getrandbits", "_next", "_until_ns")

    def __init__(self, seed: int | None = None) -> None:
        """Seeded by the operating system unless given."""
        self._getrandbits = Random(seed).getrandbits
        self._until_ns = 0
        self._next: Callable[[], bytes] = bytes

    def make(self, now_ns: int) -> bytes:
        """The next id, at or after the given time; a clock that goes back does not bring ids back."""
        return self.made_at(now_ns)()

    def made_at(self, now_ns: int) -> Callable[[], bytes]:
        """What makes ids at or after the given time, for many of the same time; no Python is run for each of them."""
        if now_ns >= self._until_ns:
            self._start(now_ns // MILLISECOND_NS)
        return self._next

    def _start(self, millisecond: int) -> None:
        """Begin a millisecond: time, version, 12 random bits; then variant and 61 random bits, one left to count."""
        self._until_ns = (millisecond + 1) * MILLISECOND_NS
        prefix = millisecond << 16 | 0x7000 | self._getrandbits(12)
        first = 1 << 63 | self._getrandbits(61)
        self._next = map(pack_halves, repeat(prefix), count(first)).__next__  # no Python frame for each id
