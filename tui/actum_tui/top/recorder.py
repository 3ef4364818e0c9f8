"""Writes a recording while the dashboard looks: each moment is in the file before it is shown.

A recorder that is killed loses the moment at hand. What can't be written any more, because the disk is full or the
recording has become as long as it may be, ends the recording and is said; the dashboard goes on.
"""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import Final, final

import click
from actum.monitor import Hello

from actum_tui.top.recording_format import CONTINUES, RESTARTS, Moment, encode_moment, file_header, piece

#: A recording ends here: days of a busy engine.
RECORDING_BYTES_MAX: Final = 1 << 30
#: Playing can begin at every so manieth moment; a new beginning costs as much as a few moments.
RESTART_MOMENTS: Final = 300


@final
class Recorder:
    """One recording, being written; used by one thread at a time.

    Attributes:
        path: of the file.
        stopped: why it has ended before its time, or None.
        moments: in it.
    """

    def __init__(self, path: Path, *, bytes_max: int = RECORDING_BYTES_MAX) -> None:
        """Create the file, which nobody else may read.

        Args:
            path: of the file; it must not exist.
            bytes_max: the recording ends when it would become longer.

        Raises:
            click.ClickException: it can't be created.
        """
        self.path = path
        self.stopped: str | None = None
        self.moments = 0
        self._bytes_max = bytes_max
        self._bytes = 0
        self._hello: Hello | None = None
        self._stream = zlib.compressobj()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            self._descriptor = os.open(path, flags, 0o600)
        except FileExistsError as error:
            raise click.ClickException(f"{path} exists already: give the recording another name") from error
        except OSError as error:
            raise click.ClickException(f"{path} can't be recorded to: {error.strerror}") from error
        self._put(file_header())

    def write(self, moment: Moment, time_ns: int) -> None:
        """Add a moment; nothing, once the recording has ended."""
        if self.stopped is not None:
            return
        self._hello = moment.hello or self._hello
        restarts = self.moments % RESTART_MOMENTS == 0
        if restarts:
            self._stream = zlib.compressobj()
            moment = Moment(
                hello=self._hello,
                frame=moment.frame,
                lost=moment.lost,
                records=moment.records,
                left_out=moment.left_out,
            )
        body = self._stream.compress(encode_moment(moment)) + self._stream.flush(zlib.Z_SYNC_FLUSH)
        data = piece(RESTARTS if restarts else CONTINUES, time_ns, body)
        if self._bytes + len(data) > self._bytes_max:
            self._end(f"it has {self._bytes:,} bytes, and may have {self._bytes_max:,}")
            return
        self._put(data)
        self.moments += 1

    def close(self) -> None:
        """End it. Again: nothing."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _put(self, data: bytes) -> None:
        """Append bytes, all or, if that fails, none."""
        try:
            written = 0
            while written < len(data):
                written += os.write(self._descriptor, data[written:])
        except OSError as error:
            os.ftruncate(self._descriptor, self._bytes)
            self._end(error.strerror or str(error))
            return
        self._bytes += len(data)

    def _end(self, why: str) -> None:
        """Write no more."""
        self.stopped = f"the recording {self.path} ends here, after {self.moments:,} moments: {why}"
        self.close()

    def __repr__(self) -> str:
        """Where to, how much."""
        return f"<Recorder {self.path} {self.moments} moments, {self._bytes} bytes>"
