"""The last minutes of some figures, one sample a frame: what sparklines are drawn of."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from actum.monitor import Frame

from actum_tui.top.look import Look

#: Samples that are kept, and frames that may be caught up with.
SAMPLES_MAX = 300
#: What a sparkline shows, in seconds; less where there is less room, or frames come seldom.
WINDOW_SECONDS = 120.0

Reader: TypeAlias = Callable[[Look], float | None]


class Series(NamedTuple):
    """One figure's last minutes.

    Attributes:
        samples: oldest first; 0 where it was not known.
        seen: how many samples there have ever been.
    """

    samples: Sequence[float] = ()
    seen: int = 0


class Samples:
    """Samples of several figures, taken from frames as they come."""

    def __init__(self, readers: Mapping[str, Reader]) -> None:
        """None yet.

        Args:
            readers: give each figure, by its key.
        """
        self._readers = dict(readers)
        self._samples: dict[str, deque[float]] = {key: deque(maxlen=SAMPLES_MAX) for key in readers}
        self._seen = 0
        self._last: Frame | None = None

    def catch_up(self, frames: Iterable[Frame]) -> None:
        """Take what has come since the last time; begin anew if the last frame is not among them any more."""
        known = list(frames)
        at = next((number for number in range(len(known) - 1, -1, -1) if known[number] is self._last), None)
        if at is None:
            self._begin()
            looks = [Look(None, known[0])] if known else []
            looks += [Look(*pair) for pair in pairwise(known)]
        else:
            looks = [Look(*pair) for pair in pairwise(known[at:])]
        for look in looks:
            for key, read in self._readers.items():
                self._samples[key].append(read(look) or 0.0)
        self._seen += len(looks)
        self._last = known[-1] if known else None

    def _begin(self) -> None:
        """Forget everything."""
        for samples in self._samples.values():
            samples.clear()
        self._seen = 0

    def of(self, key: str) -> Series:
        """One figure's."""
        return Series(tuple(self._samples[key]), self._seen)


def window(interval: float) -> int:
    """Samples that a sparkline shall show, if one comes every so many seconds."""
    return max(1, min(SAMPLES_MAX, round(WINDOW_SECONDS / interval)))
