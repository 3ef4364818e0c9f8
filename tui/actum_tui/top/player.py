"""Where a recording is being played: which moment is shown, and which one comes next, when."""

from __future__ import annotations

import asyncio
from typing import Final, final

from actum_tui.top.recording_file import RecordingFile

SECOND_NS: Final = 1_000_000_000
#: A pause of the recording that was longer is passed over.
GAP_SECONDS_MAX: Final = 5.0
#: How often the end of a recording that may still be written is looked at.
END_SECONDS: Final = 1.0


@final
class Player:
    """Plays one recording: for the keys and the line that move it, and for the source that shows it.

    Attributes:
        file: what is played.
        number: the moment that is shown.
        playing: whether it goes on by itself.
    """

    def __init__(self, file: RecordingFile) -> None:
        """At the beginning, playing."""
        self.file = file
        self.number = 0
        self.playing = True
        self._moved = asyncio.Event()

    @property
    def time_ns(self) -> int:
        """When the moment was."""
        return self.file.time_ns(self.number)

    @property
    def seconds(self) -> float:
        """From the beginning to the moment."""
        return max(0.0, (self.time_ns - self.file.time_ns(0)) / SECOND_NS)

    @property
    def at_end(self) -> bool:
        """Whether it is the last moment."""
        return self.number == len(self.file) - 1

    def go(self, number: int) -> None:
        """Show a moment."""
        wanted = min(max(number, 0), len(self.file) - 1)
        if wanted != self.number:
            self.number = wanted
            self._moved.set()

    def step(self, moments: int) -> None:
        """So many moments on, or back; and stand still there."""
        self.playing = False
        self.go(self.number + moments)

    def skip(self, seconds: float) -> None:
        """So many seconds on, or back."""
        number = self.file.number_at(self.time_ns + int(seconds * SECOND_NS))
        self.go(min(number, self.number - 1) if seconds < 0 else max(number, self.number + 1))

    def go_to_share(self, share: float) -> None:
        """Show the moment at a share of the whole time, 0 to 1."""
        first, last = self.file.time_ns(0), self.file.time_ns(len(self.file) - 1)
        self.go(self.file.number_at(first + int((last - first) * min(max(share, 0.0), 1.0))))

    def toggle(self) -> None:
        """Play, or stand still; from the end it begins again."""
        self.playing = not self.playing
        if self.playing and self.at_end:
            self.go(0)
        self._moved.set()

    async def next(self, shown: int) -> int:
        """Wait until another moment than this one is to be shown: the following one, or where it was moved."""
        while self.number == shown:
            self._moved.clear()
            seconds = self._seconds_left()
            try:
                async with asyncio.timeout(seconds):
                    await self._moved.wait()
            except TimeoutError:
                if not self.at_end or self.file.look_again():
                    self.number += 1
        return self.number

    def _seconds_left(self) -> float | None:
        """How long the moment stays; None while it stands still."""
        if not self.playing:
            return None
        if self.at_end:
            return END_SECONDS
        between = (self.file.time_ns(self.number + 1) - self.time_ns) / SECOND_NS
        return min(max(between, 0.0), GAP_SECONDS_MAX)
