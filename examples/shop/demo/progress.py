"""How far the replay is: a bar on a terminal, a plain line every few seconds without one."""

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Protocol, final

from examples.shop.demo.extra import load

#: Seconds between two lines, and between two drawings of the bar.
LINE_SECONDS, BAR_SECONDS = 2.0, 0.1


class Progress(Protocol):
    """Shows one phase of the work."""

    def show(self, done: int) -> None:
        """Say how many pieces are done; may be called for each of them, and prints now and then."""
        ...


@contextmanager
def open_progress(title: str, total: int) -> Generator[Progress, None, None]:
    """The progress of one phase of `total` pieces, in the form that standard output can show."""
    if sys.stdout.isatty():
        with open_bar(title, total) as bar:
            yield bar
    else:
        yield Lines(title, total)


@final
class Lines:
    """A line on standard output every few seconds and at the end, for logs."""

    def __init__(self, title: str, total: int) -> None:
        self._title = title
        self._total = total
        self._started_seconds = time.perf_counter()
        self._next_seconds = self._started_seconds + LINE_SECONDS

    def show(self, done: int) -> None:
        """Print position, rate and time left."""
        now_seconds = time.perf_counter()
        if now_seconds < self._next_seconds and done < self._total:
            return
        self._next_seconds = now_seconds + LINE_SECONDS
        rate = done / max(now_seconds - self._started_seconds, 1e-9)
        left = f", {(self._total - done) / rate:,.0f} s left" if 0 < done < self._total else ""
        print(
            f"  {self._title:<9} {done:>8,} of {self._total:,} {done / self._total:>5.0%}, {rate:,.0f}/s{left}",
            flush=True,
        )


@final
class Bar:
    """A bar with position, rate and time left, drawn by rich."""

    def __init__(self, bar: Any, task: Any, total: int) -> None:  # noqa: ANN401  # rich is loaded when it is needed
        self._bar = bar
        self._task = task
        self._total = total
        self._next_seconds = 0.0

    def show(self, done: int) -> None:
        """Draw the bar anew."""
        now_seconds = time.perf_counter()
        if now_seconds < self._next_seconds and done < self._total:
            return
        self._next_seconds = now_seconds + BAR_SECONDS
        self._bar.update(self._task, completed=done)
        self._bar.update(self._task, rate=f"{self._bar.tasks[0].speed or 0:,.0f}/s")
        self._bar.refresh()


@contextmanager
def open_bar(title: str, total: int) -> Generator[Bar, None, None]:
    """A bar that only `show` draws: rich's own thread would take the interpreter from the engine."""
    rich = load("rich.progress")
    bar = rich.Progress(
        rich.TextColumn(f"  {title:<9}"),
        rich.BarColumn(),
        rich.TextColumn("{task.completed:>8,} of {task.total:,} {task.percentage:>4.0f}%, {task.fields[rate]}"),
        rich.TimeRemainingColumn(),
        rich.TextColumn("left"),
        auto_refresh=False,
    )
    with bar:
        yield Bar(bar, bar.add_task(title, total=total, rate=""), total)
