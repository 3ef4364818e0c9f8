"""Reads a store without an engine, also beside a running one: for tools, backups and the curious.

Everything here is bytes; the engine's package decodes them. Nothing is written.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple, Self, final

from actum_storage.bookmark_report import read_bookmarks
from actum_storage.bookmarks import BookmarkFile
from actum_storage.copies import copy_store
from actum_storage.directory import WRITER_LOCK, StoreDirectory
from actum_storage.files import os_errors
from actum_storage.lock import holder_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from actum_storage.bookmark_report import BookmarkReport
    from actum_storage.chunk_index import ChunkFile
    from actum_storage.chunks import Checkpoint
    from actum_storage.copies import CopyReport, Progress
    from actum_storage.derived import CheckpointReport, Derived
    from actum_storage.frame import Frame
    from actum_storage.log import Head, Log
    from actum_storage.manifest import Manifest


class StoreUsage(NamedTuple):
    """What a store takes.

    Attributes:
        log_bytes: used by the log.
        log_bytes_max: the most it may use.
        readers: places in the log's table of readers that other processes hold: that read at this moment, or were
            killed while they did.
        readers_behind: commits since the state that the oldest of them reads; while there are such, the log grows.
        derived_bytes: of checkpoints.
        free_bytes: on the disk.
    """

    log_bytes: int
    log_bytes_max: int
    readers: int
    readers_behind: int
    derived_bytes: int
    free_bytes: int


@final
class Lent:
    """A directory that is open for reading, lent to somebody who leaves it open; from `Store.lend`."""

    def __init__(self, directory: StoreDirectory) -> None:
        """Use `Store.lend`."""
        self._directory = directory

    @property
    def path(self) -> Path:
        """The directory."""
        return self._directory.path

    @property
    def manifest(self) -> Manifest:
        """What the store says of itself."""
        return self._directory.manifest

    @property
    def log(self) -> Log:
        """The truth."""
        return self._directory.log

    @property
    def derived(self) -> Derived:
        """Checkpoints."""
        return self._directory.derived

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is wrong with the directory without being a reason to refuse it."""
        return self._directory.warnings

    def hold_ballast(self, size_max: int) -> bool:  # noqa: ARG002  # a reader needs no room
        """Nothing."""
        return False

    def drop_ballast(self) -> bool:
        """Nothing."""
        return False

    def close(self) -> None:
        """Nothing: it belongs to the store."""


@final
class Store:
    """A store open for reading; from `open_store`, to be closed."""

    def __init__(self, directory: StoreDirectory) -> None:
        """Use `open_store`."""
        self._directory = directory

    @property
    def manifest(self) -> Manifest:
        """What the store says of itself."""
        return self._directory.manifest

    @property
    def path(self) -> Path:
        """The directory, absolute."""
        return self._directory.path

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is wrong with the directory without being a reason to refuse it."""
        return self._directory.warnings

    @property
    def head(self) -> Head:
        """Where the log ends now; a running writer moves it."""
        return self._directory.log.head

    def frames(self, start: int = 1, stop: int | None = None) -> Iterator[Frame]:
        """Every frame with a record in `[start, stop]`, oldest first, verified; see `Log.frames`."""
        return self._directory.log.frames(start, stop)

    def frames_backwards(self, start: int = 1, stop: int | None = None) -> Iterator[Frame]:
        """The same, newest first; see `Log.frames_backwards`."""
        return self._directory.log.frames_backwards(start, stop)

    def frame_at(self, position: int) -> Frame:
        """The frame that holds a position; see `Log.frame_at`."""
        return self._directory.log.frame_at(position)

    def schemas(self) -> dict[str, bytes]:
        """The stored documents by name."""
        return self._directory.log.schemas()

    def page_faults(self) -> list[str] | None:
        """What is wrong with the pages of the log's file; None while a writer changes them."""
        return self._directory.page_faults()

    def checkpoints(self) -> CheckpointReport:
        """What there is of derived state, and what of it is damaged."""
        return self._directory.derived.report()

    def read_checkpoints(self) -> list[Checkpoint]:
        """The complete checkpoints of the newest generation, the base first."""
        return self._directory.derived.read()

    def browse_checkpoints(self) -> ChunkFile | None:
        """The same, to be read chunk by chunk and closed; None if there is none. See `Derived.browse`."""
        return self._directory.derived.browse()

    def usage(self) -> StoreUsage:
        """What the store takes of its disk now, and who reads it."""
        directory = self._directory
        with os_errors(f"{directory.path} can't be looked at"):
            state = os.statvfs(directory.path)
        log = directory.log.usage()
        return StoreUsage(
            log.bytes, log.bytes_max, log.readers, log.readers_behind, directory.derived.size,
            state.f_bavail * state.f_frsize,
        )  # fmt: skip

    @property
    def writer(self) -> str | None:
        """The process that has the store open for writing now, None if none has."""
        return holder_of(self._directory.path / WRITER_LOCK)

    def subscriptions(self) -> list[BookmarkReport]:
        """The subscriptions that have ever run here, as far as can be seen beside them."""
        return read_bookmarks(self._directory.subscriptions)

    def bookmarks(self, name: str) -> BookmarkFile | None:
        """The bookmark of a subscription that does not run, to be changed and closed; None if there is no such one.

        Raises:
            SubscriptionInUse: it runs; the message names the process.
            StoreCorrupt, StoreMismatch, StorageError: see `BookmarkFile.open`.
        """
        directory = self._directory.subscriptions
        known = {path.stem for path in directory.glob("*.db")}  # a name is no path
        return BookmarkFile.open(directory, name) if name in known else None

    def copy(
        self, destination: str | os.PathLike[str], *, position: int | None = None, progress: Progress | None = None
    ) -> CopyReport:
        """See `copy_store`."""
        return copy_store(self.manifest, self._directory.log, destination, position=position, progress=progress)

    def lend(self) -> Lent:
        """The open files, for somebody else who reads: this process can open them only once."""
        return Lent(self._directory)

    def close(self) -> None:
        """Close; a second call does nothing."""
        self._directory.close()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def __repr__(self) -> str:
        """The directory."""
        return f"<Store {self._directory!r}>"


def open_store(path: str | os.PathLike[str], *, any_file_system: bool = False) -> Store:
    """Open the store in a directory for reading, beside a running writer or not.

    Args:
        path: the directory.
        any_file_system: open it also where a writer on another machine could not be seen: for copies.

    Raises:
        StoreMismatch, StoreCorrupt, UnsafeFileSystem: see `StoreDirectory.open`.
        StoreInUse: this process has the store open already; read through that.
    """
    return Store(StoreDirectory.open(path, write=False, any_file_system=any_file_system))
