"""Signals that end a verb, put off while it tidies up: a second one must not end what the first one began."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stopping_later() -> Generator[None]:
    """Have these signals do what they do, but only at the end. Elsewhere than in the main thread they never come."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        came.append(number)

    before = [(number, signal.signal(number, note)) for number in STOPPING]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)
        for first in came[:1]:
            signal.raise_signal(first)
