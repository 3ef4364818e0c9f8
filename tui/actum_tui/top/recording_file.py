"""Reads a recording: its moments by number, none of them kept in memory.

Opening looks at all pieces once, in order, as far as they are whole: what is behind the first damage is not there.
Of each piece its place and its time are kept, 16 bytes. A moment is read by decompressing from the nearest piece
before it that restarts the stream; who plays on goes on from where it is.
"""

from __future__ import annotations

import os
import zlib
from array import array
from bisect import bisect_right
from pathlib import Path
from typing import BinaryIO, Final, final

import click
import msgspec
from actum.monitor import Hello

from actum_tui.top.recording_format import (
    BODY_BYTES_MAX,
    CONTINUES,
    FILE_HEADER,
    MAGIC,
    PIECE_HEADER,
    RESTARTS,
    VERSION,
    Moment,
    checksum,
    decode_moment,
)

#: Read at a time while the pieces are looked at.
BUFFER_BYTES: Final = 1 << 20
#: A moment that decompresses to more is damage.
MOMENT_BYTES_MAX: Final = 64 << 20


@final
class RecordingFile:
    """A recording, open for reading, to be closed.

    Attributes:
        path: of the file.
        fault: why the recording ends where it does, if that is not where the recorder stopped; or None.
    """

    def __init__(self, path: Path) -> None:
        """Open it, and look at all of it.

        Raises:
            click.ClickException: it is no recording, or one of a newer version, or can't be read, or holds nothing.
        """
        self.path = path
        self.fault: str | None = None
        self._offsets = array("Q")
        self._times = array("Q")
        self._restarts = array("Q")
        try:
            self._file: BinaryIO = path.open("rb", buffering=BUFFER_BYTES)
        except OSError as error:
            raise click.ClickException(f"{path} can't be read: {error.strerror}") from error
        try:
            check_header(path, self._file.read(FILE_HEADER.size))
            self._end = FILE_HEADER.size
            self._look()
            self._next = 0  # the moment that the stream is at
            self._stream = zlib.decompressobj()
            self.hello: Hello = self._read_hello()
        except BaseException:
            self._file.close()
            raise

    def __len__(self) -> int:
        """How many moments there are."""
        return len(self._offsets)

    @property
    def seconds(self) -> float:
        """From the first moment to the last."""
        return max(0.0, (self._times[-1] - self._times[0]) / 1e9)

    def time_ns(self, number: int) -> int:
        """When a moment was."""
        return self._times[number]

    def number_at(self, time_ns: int) -> int:
        """The last moment that was not later."""
        return max(0, bisect_right(self._times, time_ns) - 1)

    def look_again(self) -> bool:
        """Take in what a recorder that still runs has added; whether there was anything."""
        count = len(self)
        self._look()
        return len(self) > count

    def moment(self, number: int) -> Moment:
        """What was seen then.

        Raises:
            click.ClickException: it can't be read any more.
        """
        try:
            return decode_moment(self._document(number))
        except (OSError, ValueError, zlib.error, msgspec.MsgspecError) as error:
            self._next = len(self)
            raise click.ClickException(f"{self.path}: moment {number + 1:,} can't be read: {error}") from error

    def hello_at(self, number: int) -> Hello:
        """Who was looked at then."""
        restart = self._restart_before(number)
        found: Hello | None = None
        for each in range(restart, number + 1):
            found = self.moment(each).hello or found
        return found or self.hello

    def close(self) -> None:
        """Close; again: nothing."""
        self._file.close()

    def _look(self) -> None:
        """Take in whole pieces, up to the end or the first damage."""
        self._file.seek(self._end)
        self.fault = None
        while header := self._file.read(PIECE_HEADER.size):
            if len(header) < PIECE_HEADER.size:
                self.fault = f"its last {len(header)} bytes are broken off"
                return
            kind, time_ns, size, expected = PIECE_HEADER.unpack(header)
            if kind not in (CONTINUES, RESTARTS) or size > BODY_BYTES_MAX or (kind == CONTINUES and not self._offsets):
                self.fault = self._damage()
                return
            body = self._file.read(size)
            if len(body) < size:
                self.fault = f"its last {len(header) + len(body)} bytes are broken off"
                return
            if checksum(kind, time_ns, body) != expected:
                self.fault = self._damage()
                return
            if kind == RESTARTS:
                self._restarts.append(len(self._offsets))
            self._offsets.append(self._end)
            self._times.append(time_ns)
            self._end += len(header) + size

    def _damage(self) -> str:
        behind = os.fstat(self._file.fileno()).st_size - self._end
        return f"it is damaged behind byte {self._end:,}: {behind:,} bytes can't be read"

    def _restart_before(self, number: int) -> int:
        """The moment from which a stream leads to this one."""
        return self._restarts[bisect_right(self._restarts, number) - 1]

    def _document(self, number: int) -> bytes:
        """The bytes of a moment."""
        if not 0 <= number < len(self):
            raise ValueError(f"there are {len(self):,} moments")
        restart = self._restart_before(number)
        if not restart <= self._next <= number:
            self._next = restart
        document = b""
        for each in range(self._next, number + 1):
            self._file.seek(self._offsets[each])
            kind, _, size, _ = PIECE_HEADER.unpack(self._file.read(PIECE_HEADER.size))
            if kind == RESTARTS:
                self._stream = zlib.decompressobj()
            document = self._stream.decompress(self._file.read(size), MOMENT_BYTES_MAX)
            self._next = each + 1
        return document

    def _read_hello(self) -> Hello:
        """Who the first piece says was looked at."""
        if not len(self):
            raise click.ClickException(f"{self.path} holds no moment yet: {self.fault or 'it has just been begun'}")
        hello = self.moment(0).hello
        if hello is None:
            raise click.ClickException(f"{self.path} does not say of which engine it is: it is damaged")
        return hello

    def __repr__(self) -> str:
        """Which, and how long."""
        return f"<RecordingFile {self.path} {len(self)} moments>"


def is_recording(path: Path) -> bool:
    """Whether a file calls itself a recording."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def check_header(path: Path, header: bytes) -> None:
    """Refuse what is no recording.

    Raises:
        click.ClickException: it is none, or a newer version has written it.
    """
    if len(header) < FILE_HEADER.size or not header.startswith(MAGIC):
        raise click.ClickException(f"{path} is no recording: `actum top --record FILE` makes one")
    _, version, _ = FILE_HEADER.unpack(header)
    if version != VERSION:
        raise click.ClickException(
            f"{path} is a recording of version {version}, this actum plays version {VERSION}: use the one that made it"
        )
