"""The last minutes of figures, taken from frames as they come."""

from __future__ import annotations

from collections import deque

from actum.monitor import Frame
from actum_tui.top.look import Look
from actum_tui.top.samples import SAMPLES_MAX, Samples, window
from msgspec.structs import replace

from tests.unit.tui.top.test_vital_rows import SECOND_NS, STORE


def frame(number: int) -> Frame:
    """One of a second, with a log of so many bytes."""
    return Frame(time_ns=1, monotonic_ns=number * SECOND_NS, store=replace(STORE, log_bytes=number * number))


def size(look: Look) -> float | None:
    """Of the log."""
    return None if look.now.store is None else look.now.store.log_bytes


def growth(look: Look) -> float | None:
    """Of the log, a second."""
    return look.store_rate(lambda store: store.log_bytes)


def test_each_frame_is_taken_once() -> None:
    """What has come since the last time; a rate needs a frame before."""
    samples = Samples({"size": size, "growth": growth})
    frames = deque([frame(1), frame(2)])
    samples.catch_up(frames)
    samples.catch_up(frames)
    frames.append(frame(3))
    samples.catch_up(frames)
    assert samples.of("size") == ((1, 4, 9), 3)
    assert samples.of("growth") == ((0, 3, 5), 3)


def test_another_engine_begins_anew() -> None:
    """When the frame that was taken last is not there any more."""
    samples = Samples({"size": size})
    samples.catch_up([frame(1), frame(2)])
    samples.catch_up([frame(7)])
    assert samples.of("size") == ((49,), 1)
    samples.catch_up([])
    assert samples.of("size") == ((), 0)


def test_the_oldest_are_forgotten() -> None:
    """But it is known how many there were: columns of a sparkline are counted from the first."""
    samples = Samples({"size": size})
    frames: deque[Frame] = deque(maxlen=SAMPLES_MAX)
    for number in range(SAMPLES_MAX + 50):
        frames.append(frame(number))
        samples.catch_up(frames)
    series = samples.of("size")
    assert (len(series.samples), series.seen) == (SAMPLES_MAX, SAMPLES_MAX + 50)


def test_the_window() -> None:
    """Two minutes, however often frames come."""
    assert [window(seconds) for seconds in (0.1, 0.5, 1, 10, 1_000)] == [SAMPLES_MAX, 240, 120, 12, 1]
