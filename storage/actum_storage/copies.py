"""Whole copies of a store: backup, restore and compaction are one thing, a verified copy of a log up to a position.

Frames are copied as they are, so the copy's head has the same hash. Reading checks every frame's hash and its link to
the one before; since a log only grows, its head at the beginning makes a consistent copy, whatever is appended
meanwhile, and no read transaction lasts longer than one piece. The copy is made under another name, read again in
full, and gets its MANIFEST and then its own name last: what has a MANIFEST is whole. `derived/` is not copied: the
copy's first opening makes it again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from actum_storage import failpoints
from actum_storage.directory import (
    LOG,
    LOG_COMPACT,
    LOG_OLD,
    MANIFEST,
    WRITER_LOCK,
    StoreDirectory,
    finish_compaction,
    is_store,
)
from actum_storage.errors import StorageError, StoreCorrupt, StoreMismatch
from actum_storage.files import (
    DIRECTORY_MODE,
    make_directory,
    os_errors,
    path_of,
    remove_tree,
    sync_directory,
    sync_file,
)
from actum_storage.frame import Batch, Frame, seal
from actum_storage.layout import STREAM_SIZE
from actum_storage.lmdb_log import LmdbLog
from actum_storage.lmdb_pages import structure_faults
from actum_storage.lock import WriterLock, is_held
from actum_storage.manifest import Manifest
from actum_storage.preflight import UNFINISHED, prepare_lock_file

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from pathlib import Path

    from actum_storage.log import Head, Log

#: Told how many positions are done, of how many.
Progress = Callable[[int, int], object]
#: What is written in one commit of the copy (one frame more when that frame is larger).
COMMIT_BYTES_MAX = 16 << 20


class CopyReport(NamedTuple):
    """A copy that was made and read again in full.

    Attributes:
        path: where it is.
        head: its end; that of the original, unless it was cut.
        frames: how many frames it has.
        bytes: of its log's file.
        seconds: how long it took.
    """

    path: Path
    head: Head
    frames: int
    bytes: int
    seconds: float


def copy_store(
    manifest: Manifest,
    log: Log,
    destination: str | os.PathLike[str],
    *,
    position: int | None = None,
    progress: Progress | None = None,
) -> CopyReport:
    """Copy a log, which may be appended to meanwhile, into a new store.

    Args:
        manifest: the original's. The copy keeps its store id, unless it is cut: then its history is another one.
        log: the original's.
        destination: the new directory; it must not exist.
        position: the last one to be copied; the whole log without it. The frame that holds it is cut behind it.
        progress: told where it stands after each commit.

    Raises:
        StoreMismatch: there is something at `destination`, or no store can be there.
        StoreInUse: another copy is being made there.
        StoreFull, StorageError: it can't be written; nothing is left behind.
        StoreCorrupt: the original is damaged, or the copy is not what was written.
    """
    started = time.monotonic()
    destination = path_of(destination)
    with os_errors(f"{destination}: the copy can't be begun"):
        refuse_destination(destination)
    unfinished = destination.with_name(destination.name + UNFINISHED)
    lock = None
    try:
        with os_errors(f"{unfinished}: the copy can't be begun"):
            make_directory(unfinished)
        lock = WriterLock.acquire(unfinished / WRITER_LOCK)
        with os_errors(f"{unfinished}: the copy can't be written"):
            remove_rest(unfinished)
            cut = position is not None and position < log.head.position
            head, frames = copy_log(log, unfinished / LOG, position, progress)
            made = manifest._replace(store_id=Manifest.new().store_id) if cut else manifest
            made.write(unfinished / MANIFEST)
            sync_directory(unfinished)
            if failpoints.active:
                failpoints.hit("copy.whole")
            unfinished.rename(destination)
            sync_directory(destination.parent)
    except BaseException:
        if lock is not None or not is_held(unfinished / WRITER_LOCK):  # it may be another copy's
            remove_tree(unfinished, ignore_errors=True)
        raise
    finally:
        if lock is not None:
            lock.release()
    size = (destination / LOG / "data.mdb").stat().st_size
    return CopyReport(destination, head, frames, size, time.monotonic() - started)


def refuse_destination(destination: Path) -> None:
    """Refuse what is there already, and what would not be found as a store, or be tidied away.

    Raises:
        StoreMismatch: naming it.
    """
    if destination.exists() or destination.is_symlink():
        raise StoreMismatch(f"{destination} exists already: give the name of a new directory")
    if destination.name.endswith(UNFINISHED):
        raise StoreMismatch(f"{destination}: names that end in {UNFINISHED} are those of broken-off copies")
    if destination.name in ("", ".."):
        raise StoreMismatch(f"{destination} is no name for a new directory")
    path_of(destination.with_name(destination.name + UNFINISHED))
    for above in destination.resolve().parents:
        if is_store(above):
            raise StoreMismatch(f"{destination} lies inside the store {above}: give a directory elsewhere")


def compact_store(
    path: str | os.PathLike[str], *, any_file_system: bool = False, progress: Progress | None = None
) -> CopyReport:
    """Put a verified copy in the place of a store's log, without the pages that LMDB no longer uses.

    Whatever moment a crash strikes, the next opening finds the old log or the new one, whole.

    Raises:
        StoreInUse: an engine has it open.
        StoreCorrupt, StoreMismatch, UnsafeFileSystem, StoreFull, StorageError: nothing was changed.
    """
    started = time.monotonic()
    with StoreDirectory.open(path, write=True, any_file_system=any_file_system) as store:
        directory, new = store.path, store.path / LOG_COMPACT
        if (directory / LOG).is_symlink():
            raise StorageError(f"{directory / LOG} is a link: a compacted log would lie beside it. Put the log there.")
        try:
            with os_errors(f"{new}: the copy can't be written"):
                head, frames = copy_log(store.log, new, None, progress)
                sync_directory(directory)
        except BaseException:
            remove_tree(new, ignore_errors=True)
            raise
        store.log.close()
        with os_errors(f"{directory}: the logs can't be exchanged"):
            if failpoints.active:
                failpoints.hit("compact.copied")
            (directory / LOG).rename(directory / LOG_OLD)
            if failpoints.active:
                failpoints.hit("compact.moved")
            sync_directory(directory)
            finish_compaction(directory)
        size = (directory / LOG / "data.mdb").stat().st_size
    return CopyReport(directory, head, frames, size, time.monotonic() - started)


def remove_rest(unfinished: Path) -> None:
    """Remove what an earlier attempt left; its lock is ours now."""
    for entry in unfinished.iterdir():
        if entry.name != WRITER_LOCK:
            remove_tree(entry) if entry.is_dir() else entry.unlink()


def copy_log(source: Log, target: Path, position: int | None, progress: Progress | None) -> tuple[Head, int]:
    """A new environment with the source's schemas and frames, synced and read again; its head and number of frames."""
    target.mkdir(mode=DIRECTORY_MODE)
    prepare_lock_file(target / "lock.mdb")
    stop = source.head.position if position is None else min(position, source.head.position)
    log = LmdbLog.open(target, write=True)
    try:
        epoch = log.acquire()
        log.put_schemas(epoch, source.schemas())
        for frames in pieces(source, stop):
            if failpoints.active:
                failpoints.hit("copy.piece")
            log.append_sealed(epoch, frames)
            if progress is not None:
                progress(frames[-1].last, stop)
        head = log.head
    finally:
        log.close()
    sync_file(target / "data.mdb")
    sync_directory(target)
    return head, check_copy(target, head)


def check_copy(target: Path, head: Head) -> int:
    """Read a copy from the disk again: its pages, every hash and every link; the number of its frames.

    Raises:
        StoreCorrupt: it is not what was written.
    """
    data = target / "data.mdb"
    faults = structure_faults(data)
    if faults:
        raise StoreCorrupt(f"{data}, a copy just made, is damaged: {'; '.join(faults)}. Check this disk.")
    log = LmdbLog.open(target, write=False)
    try:
        count = sum(1 for _ in log.frames())
        if log.head != head:
            raise StoreCorrupt(f"{data}, a copy just made, ends at {log.head}, not at {head}. Check this disk.")
    finally:
        log.close()
    return count


def pieces(source: Log, stop: int) -> Iterator[list[Frame]]:
    """The frames up to a position, as many at a time as one commit takes, the last one cut behind it."""
    piece: list[Frame] = []
    size = 0
    for frame in source.frames(1, stop) if stop else ():
        piece.append(frame if frame.last <= stop else cut_frame(frame, stop))
        size += len(frame.data)
        if size >= COMMIT_BYTES_MAX:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def cut_frame(frame: Frame, last: int) -> Frame:
    """The records of a frame up to a position, sealed again."""
    records = [bytes(frame.record(index)) for index in range(last - frame.first + 1)]
    offsets: list[int] = []
    size = 0
    for record in records:
        offsets.append(size)
        size += len(record)
    streams = bytes(frame.streams[: STREAM_SIZE * len(records)])
    return seal(Batch(frame.first, offsets, streams, b"".join(records)), frame.previous)
