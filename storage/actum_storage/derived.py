"""Derived state on disk: checkpoints in append-only files, one generation after the other.

A generation is a file: a base, then deltas behind it. When the caller finds the deltas too long it writes a new base,
which is a new file; the older files go when it is complete. All of it is a function of the log and of the code, so
nothing in here may make a store unopenable: what is damaged, torn or foreign is not there, and deleting the directory
costs a rebuild.

The disk is used gently, since the log's fsyncs share it: pieces of at most 256 kB, each synced by itself.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager, suppress
from threading import RLock
from typing import TYPE_CHECKING, NamedTuple, final

from actum_storage import failpoints
from actum_storage.chunk_index import ChunkFile, ChunkIndex
from actum_storage.chunks import (
    CHUNK_MAGIC,
    CLOSING_MAGIC,
    Chunk,
    Seal,
    file_header,
    header_link,
    parse_file,
    record_header,
)
from actum_storage.errors import ReadOnly, StorageError, StoreClosed
from actum_storage.files import FILE_MODE, make_directory, os_errors, sync_data, sync_directory, write_all
from actum_storage.fork import ForkGuard

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from actum_storage.chunks import Checkpoint

#: How much is written and synced at a time.
PIECE_BYTES_MAX = 256 * 1024

FILE_NAME = r"([0-9]{8,})\.chunks"


class Generation(NamedTuple):
    """The valid part of a file.

    Attributes:
        number: which generation it is.
        base_end: where the base ends.
        end: where the last complete checkpoint ends.
        link: the hash that the next checkpoint continues.
    """

    number: int
    base_end: int
    end: int
    link: bytes


class CheckpointReport(NamedTuple):
    """What there is of derived state.

    Attributes:
        where: the file.
        checkpoints: complete ones in it.
        bytes: its size.
        bytes_unused: behind the last complete one: a checkpoint that was broken off, or damage. Both are ignored.
    """

    where: str
    checkpoints: int
    bytes: int
    bytes_unused: int


@final
class Derived:
    """The files in `derived/`; from `StoreDirectory`."""

    def __init__(self, directory: Path, store_id: bytes, *, write: bool, sync: bool = True) -> None:
        """Use `StoreDirectory.open`. Nothing is read or created yet."""
        self._directory = directory
        self._store_id = store_id
        self._write = write
        self._sync = sync
        self._guard = ForkGuard()
        self._closed = False
        self._known = False
        self._current: Generation | None = None
        self._writer: CheckpointWriter | None = None
        self._index = ChunkIndex(store_id)
        self._indexed: tuple[int, int] | None = None  # which file that is of

    def read(self) -> list[Checkpoint]:
        """All complete checkpoints of the newest generation that has one, the base first; empty if there is none.

        The bodies are views of one read of the whole file.
        """
        self._check_open()
        for number in sorted(self._numbers(), reverse=True):
            try:
                data = self._path(number).read_bytes()
            except (OSError, MemoryError):
                continue  # foreign, or deleted meanwhile by a writer that completed a newer one
            contents = parse_file(data, self._store_id)
            if contents.checkpoints:
                self._current = Generation(number, contents.ends[0], contents.ends[-1], contents.link)
                self._known = True
                return contents.checkpoints
        self._current, self._known = None, True
        return []

    def report(self) -> CheckpointReport:
        """What the newest generation holds, and where its valid part ends before the file does."""
        self._check_open()
        for number in sorted(self._numbers(), reverse=True):
            path = self._path(number)
            try:
                data = path.read_bytes()
            except (OSError, MemoryError):
                continue
            contents = parse_file(data, self._store_id)
            end = contents.ends[-1] if contents.ends else 0
            return CheckpointReport(str(path), len(contents.checkpoints), len(data), len(data) - end)
        return CheckpointReport(str(self._directory), 0, 0, 0)

    def browse(self) -> ChunkFile | None:
        """The newest generation that has a complete checkpoint, to be read chunk by chunk; None if there is none.

        What has been learnt of it is kept: to look again costs a few reads.
        """
        self._check_open()
        for number in sorted(self._numbers(), reverse=True):
            path = self._path(number)
            try:
                descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                continue  # as in `read`
            try:
                state = os.fstat(descriptor)
                if self._indexed != (state.st_dev, state.st_ino):
                    self._index.clear()
                    self._indexed = state.st_dev, state.st_ino
                with os_errors(f"{path} can't be read"):
                    self._index.read_on(descriptor)
                if self._index.checkpoints:
                    return ChunkFile(path, os.dup(descriptor), self._index)
            finally:
                os.close(descriptor)
        return None

    @property
    def size(self) -> int:
        """Bytes of all files."""
        self._check_open()
        return sum(map(self._size, self._numbers()))

    @property
    def size_base(self) -> int:
        """Bytes of the current generation's base; 0 if there is none."""
        current = self._generation()
        return current.base_end if current else 0

    @property
    def size_deltas(self) -> int:
        """Bytes of the complete deltas behind it."""
        current = self._generation()
        return current.end - current.base_end if current else 0

    def begin(self, *, base: bool) -> CheckpointWriter:
        """Begin a checkpoint: a new generation, or a delta behind the last complete checkpoint.

        Raises:
            StorageError: a delta without a base, or another checkpoint is being written.
            StoreFull: no room.
        """
        self._check_writer()
        if self._writer is not None:
            raise StorageError(f"{self._directory}: a checkpoint is being written already. Close or abort it first.")
        current = self._generation()
        with os_errors(f"{self._directory}: a checkpoint can't be begun"):
            if failpoints.active:
                failpoints.hit("derived.begin")
            if base:
                self._writer = self._begin_base()
            elif current is None:
                raise StorageError(f"{self._directory}: there is no base yet. Begin with base=True.")
            else:
                self._writer = self._begin_delta(current)
        return self._writer

    def clear(self) -> None:
        """Delete every generation; foreign files stay."""
        self._check_writer()
        if self._writer is not None:
            self._writer.abort()
        self._current, self._known = None, True
        self._delete_others(keep=None)

    def close(self) -> None:
        """Abort what is being written; a second call does nothing."""
        if self._writer is not None and not self._guard.forked:
            self._writer.abort()
        self._closed = True

    def finished(self, generation: Generation | None) -> None:
        """Called by the writer at its end; `generation` is what its file is now, None if it was aborted."""
        self._writer = None
        if generation is not None:
            self._current, self._known = generation, True
            self._delete_others(keep=generation.number)

    def __repr__(self) -> str:
        """Directory and what is known of the current generation."""
        current = self._current
        state = f"generation {current.number}, {current.end} bytes" if current else "no generation"
        return f"<Derived {self._directory} {state}>"

    def _begin_base(self) -> CheckpointWriter:
        make_directory(self._directory)
        number = max(self._numbers(), default=0) + 1
        path = self._path(number)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
        header = file_header(self._store_id)
        writer = CheckpointWriter(
            self, path, descriptor, Generation(number, 0, 0, header_link(header)), sync=self._sync
        )
        writer.put(header)
        return writer

    def _begin_delta(self, current: Generation) -> CheckpointWriter:
        path = self._path(current.number)
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        os.ftruncate(descriptor, current.end)
        os.lseek(descriptor, current.end, os.SEEK_SET)
        return CheckpointWriter(self, path, descriptor, current, sync=self._sync)

    def _generation(self) -> Generation | None:
        """The current generation, looked for again if its file has been deleted or cut meanwhile."""
        if not self._known or (self._current is not None and self._size(self._current.number) < self._current.end):
            self.read()
        return self._current

    def _size(self, number: int) -> int:
        try:
            return self._path(number).stat().st_size
        except OSError:
            return 0

    def _delete_others(self, *, keep: int | None) -> None:
        for number in self._numbers():
            if number != keep:
                if failpoints.active:
                    failpoints.hit("derived.delete")
                with suppress(OSError):
                    self._path(number).unlink()

    def _numbers(self) -> list[int]:
        try:
            names = [path.name for path in self._directory.iterdir() if path.is_file()]
        except OSError:
            return []
        return [int(match[1]) for name in names if (match := re.fullmatch(FILE_NAME, name))]

    def _path(self, number: int) -> Path:
        return self._directory / f"{number:08d}.chunks"

    def _check_open(self) -> None:
        self._guard.check()
        if self._closed:
            raise StoreClosed(f"{self._directory} is closed: open the store again")

    def _check_writer(self) -> None:
        self._check_open()
        if not self._write:
            raise ReadOnly(f"{self._directory} is open for reading: open the store with write=True")


@final
class CheckpointWriter:
    """Writes one checkpoint; from `Derived.begin`. Used by one thread; ends with `close` or `abort`."""

    def __init__(self, derived: Derived, path: Path, descriptor: int, before: Generation, *, sync: bool) -> None:
        """Use `Derived.begin`."""
        self._derived = derived
        self._path = path
        self._descriptor = descriptor
        self._before = before
        self._sync = sync
        self._seal = Seal(before.link)
        self._pending = bytearray()
        self._end = before.end
        self._guard = ForkGuard()
        self._lock = RLock()  # closing the store aborts, perhaps from another thread

    def write(self, chunk: Chunk) -> None:
        """Add a chunk; it reaches the file in pieces of at most `PIECE_BYTES_MAX`, each synced.

        Raises:
            StoreFull, StorageError: the checkpoint can't be completed; it was aborted.
        """
        header, own_hash = record_header(CHUNK_MAGIC, chunk)
        with self._lock, self._aborting():
            self.put(header)
            self.put(chunk.body)
            self._seal.add(own_hash, len(header) + memoryview(chunk.body).nbytes)

    def close(self, closing: bytes) -> None:
        """Make the checkpoint exist: write the closing record, sync file and directory, delete older generations.

        Raises:
            StoreFull, StorageError: it could not be completed; it was aborted.
        """
        with self._lock:
            body = self._seal.body() + closing
            header, own_hash = record_header(CLOSING_MAGIC, Chunk("", self._seal.count, body))
            with self._aborting(), os_errors(f"{self._path}: the checkpoint can't be completed"):
                if failpoints.active:
                    failpoints.hit("derived.closing")
                self.put(header + body)
                self._flush(0)
                if self._sync:
                    os.fsync(self._descriptor)
                    sync_directory(self._path.parent)
                if failpoints.active:
                    failpoints.hit("derived.closed")
            self._release()
            base_end = self._before.base_end or self._end
            self._derived.finished(Generation(self._before.number, base_end, self._end, own_hash))

    def abort(self) -> None:
        """Undo what was written; never fails, a torn tail is ignored by whoever reads. A second call does nothing."""
        if self._guard.forked:
            return
        with self._lock:
            if self._descriptor < 0:
                return
            with suppress(OSError):
                if self._before.end:
                    os.ftruncate(self._descriptor, self._before.end)
                else:
                    self._path.unlink()
            self._release()
            self._derived.finished(None)

    def put(self, data: bytes | bytearray | memoryview) -> None:
        """Add bytes; whole pieces go to the file at once."""
        self._guard.check()
        if self._descriptor < 0:
            raise StoreClosed(f"{self._path}: the checkpoint was closed or aborted. Begin another one.")
        self._pending += data
        self._end += memoryview(data).nbytes
        self._flush(PIECE_BYTES_MAX)

    @contextmanager
    def _aborting(self) -> Generator[None]:
        try:
            yield
        except BaseException:
            self.abort()
            raise

    def _flush(self, keep_below: int) -> None:
        """Write pieces until fewer than `keep_below` bytes wait, or none."""
        with os_errors(f"{self._path}: a checkpoint can't be written"):
            while self._pending and len(self._pending) >= keep_below:
                if failpoints.active:
                    failpoints.hit("derived.piece")
                write_all(self._descriptor, bytes(self._pending[:PIECE_BYTES_MAX]))
                del self._pending[:PIECE_BYTES_MAX]
                if failpoints.active:
                    failpoints.hit("derived.sync")
                if self._sync:
                    sync_data(self._descriptor)

    def _release(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        os.close(descriptor)
