"""Signals that wait until a verb has tidied up."""

from __future__ import annotations

import signal

import pytest
from actum_bench.stopping import stopping_later


def test_they_come_at_the_end() -> None:
    """What is in the middle of tidying up is not interrupted; the signal does then what it does."""
    done: list[int] = []

    def tidied() -> None:
        with stopping_later():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            done.append(1)

    with pytest.raises(KeyboardInterrupt):
        tidied()
    assert done == [1]


def test_nothing_is_left_without_one() -> None:
    """Afterwards signals do what they did before."""
    before = signal.getsignal(signal.SIGTERM)
    with stopping_later():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before
