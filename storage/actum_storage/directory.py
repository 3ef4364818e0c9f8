"""A store directory: MANIFEST, `writer.lock`, `log/` and `derived/`, opened in the only safe order.

For writing: look (a foreign directory is left untouched), take the lock, complete what a crash left half-created,
check the files that LMDB would die of, open. For reading: the same without writing anything but LMDB's reader slot,
beside a live writer or not. Creation is `log.new/` (synced) -> `log/` -> MANIFEST, each step a rename: whatever a
crash leaves is either completed at the next opening or recognisably empty, since nothing is acknowledged before the
MANIFEST is durable.
"""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self, final

from actum_storage import failpoints
from actum_storage.derived import Derived
from actum_storage.errors import StorageError, StoreCorrupt, StoreMismatch
from actum_storage.files import DIRECTORY_MODE, make_directory, os_errors, sync_directory, sync_file
from actum_storage.lmdb_log import LmdbLog
from actum_storage.lock import WriterLock, is_held
from actum_storage.manifest import Manifest
from actum_storage.preflight import check_data_file, check_free_space, prepare_lock_file

if TYPE_CHECKING:
    from actum_storage.lmdb_log import Durability

MANIFEST = "MANIFEST"
WRITER_LOCK = "writer.lock"
LOG = "log"
LOG_NEW = "log.new"
DERIVED = "derived"
#: All that a crash during creation can leave; `lost+found` is what a fresh file system has.
HALF_CREATED = frozenset({WRITER_LOCK, LOG, LOG_NEW, MANIFEST + ".new", "lost+found"})


@final
class StoreDirectory:
    """An open store; from `StoreDirectory.open`, to be closed.

    Attributes:
        path: the directory, absolute.
        manifest: what the store says of itself.
        log: the truth.
        derived: checkpoints, which can be thrown away.
        warnings: what is wrong with the directory without being a reason to refuse it, such as loose permissions.
    """

    def __init__(self, path: Path, manifest: Manifest, log: LmdbLog, derived: Derived, lock: WriterLock | None) -> None:
        """Use `StoreDirectory.open`."""
        self.path = path
        self.manifest = manifest
        self.log = log
        self.derived = derived
        self.warnings = loose_permissions(path)
        self._lock = lock

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, write: bool, durability: Durability = "full") -> StoreDirectory:
        """Open the store in a directory; with `write` it is created if there is none.

        Args:
            path: the directory.
            write: whether to become its one writer. Without it nothing is created or changed.
            durability: "relaxed" never fsyncs: for tests and benchmarks only.

        Raises:
            StoreInUse: another writer holds it; or this process has it open already.
            StoreMismatch: no store, a foreign directory, a newer format, another engine.
            StoreCorrupt: a file is damaged, truncated or missing.
            StoreFull: no room to create it.
        """
        if durability not in {"full", "relaxed"}:
            raise StorageError(f"durability {durability!r}: use 'full' or 'relaxed'")
        directory = Path(path).absolute()
        with ExitStack() as opened:
            lock = None
            if write:
                lock = enter_for_writing(directory)
                opened.callback(lock.release)
            manifest = Manifest.read(directory / MANIFEST) if write else enter_for_reading(directory)
            check_log(directory, write=write)
            log = LmdbLog.open(directory / LOG, write=write, durability=durability)
            opened.callback(log.close)
            derived = Derived(
                directory / DERIVED, bytes.fromhex(manifest.store_id), write=write, sync=durability == "full"
            )
            store = cls(directory, manifest, log, derived, lock)
            opened.pop_all()
        return store

    def close(self) -> None:
        """Close everything and give the lock back; a second call does nothing."""
        self.derived.close()
        self.log.close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def __repr__(self) -> str:
        """Path and log."""
        return f"<StoreDirectory {self.path} {self.log!r}>"


def enter_for_writing(directory: Path) -> WriterLock:
    """Lock the directory, with a whole store in it afterwards: an existing one, or a new one."""
    with os_errors(f"{directory} can't be opened"):
        refuse_foreign(directory)
        make_directory(directory)
    lock = WriterLock.acquire(directory / WRITER_LOCK)
    try:
        if not (directory / MANIFEST).exists():
            with os_errors(f"{directory}: the store can't be created"):
                create(directory)
    except BaseException:
        lock.release()
        raise
    return lock


def enter_for_reading(directory: Path) -> Manifest:
    """The manifest of an existing store; nothing is created."""
    if not directory.is_dir():
        raise StoreMismatch(f"no store at {directory}: there is no such directory")
    with os_errors(f"{directory} can't be opened"):
        refuse_foreign(directory)
    if not (directory / MANIFEST).exists():
        raise StoreMismatch(f"no store at {directory}: it has no {MANIFEST}. Open it for writing once to create it.")
    return Manifest.read(directory / MANIFEST)


def refuse_foreign(directory: Path) -> None:
    """Refuse a directory that is neither a store, nor the beginning of one, nor empty; it is not touched."""
    if not directory.exists():
        return
    if not directory.is_dir():
        raise StoreMismatch(f"no store at {directory}: it is not a directory")
    names = {entry.name for entry in directory.iterdir()}
    if MANIFEST in names or names <= HALF_CREATED:
        return
    if {LOG, WRITER_LOCK} <= names:
        raise lost_manifest(directory)
    strangers = ", ".join(sorted(names - HALF_CREATED)[:3])
    raise StoreMismatch(
        f"no store at {directory}: it holds other things ({strangers}). Give an empty or a new directory."
    )


def create(directory: Path) -> None:
    """Make a new store of an empty directory, or of what a crash left of an earlier attempt."""
    if failpoints.active:
        failpoints.hit("create.locked")
    log, log_new = directory / LOG, directory / LOG_NEW
    check_free_space(directory)
    if log_new.exists():
        shutil.rmtree(log_new)
    if log.exists():
        refuse_records(directory)
    else:
        log_new.mkdir(mode=DIRECTORY_MODE)
        prepare_lock_file(log_new / "lock.mdb")
        LmdbLog.open(log_new, write=True).close()
        sync_file(log_new / "data.mdb")
        sync_directory(log_new)
        if failpoints.active:
            failpoints.hit("create.log")
        log_new.rename(log)
    sync_directory(directory)
    if failpoints.active:
        failpoints.hit("create.renamed")
    Manifest.new().write(directory / MANIFEST)


def refuse_records(directory: Path) -> None:
    """A log without a MANIFEST must be empty: it is one that a crash left during creation."""
    check_log(directory, write=True)
    log = LmdbLog.open(directory / LOG, write=True)
    position = log.head.position
    log.close()
    if position:
        raise lost_manifest(directory)


def lost_manifest(directory: Path) -> StoreCorrupt:
    """The error for a store with records but without a MANIFEST."""
    return StoreCorrupt(f"{directory / MANIFEST} is missing, but there is a log. Restore the {MANIFEST} from a backup.")


def check_log(directory: Path, *, write: bool) -> None:
    """Everything that must hold before LMDB may open `log/`."""
    data, lock = directory / LOG / "data.mdb", directory / LOG / "lock.mdb"
    check_data_file(data)
    if not write and not lock.exists() and is_held(directory / WRITER_LOCK):
        raise StoreCorrupt(f"{lock} was deleted while a writer runs: stop that writer before reading")
    if write or os.access(lock if lock.exists() else lock.parent, os.W_OK):
        prepare_lock_file(lock)  # where a reader may not write at all, LMDB says so, or needs no lock


def loose_permissions(directory: Path) -> tuple[str, ...]:
    """One sentence for each part of the store that others may read or write."""
    names = ("", MANIFEST, WRITER_LOCK, LOG, f"{LOG}/data.mdb", f"{LOG}/lock.mdb", DERIVED)
    found: list[str] = []
    for path in (directory / name for name in names):
        mode = path.stat().st_mode & 0o777 if path.exists() else 0
        if mode & 0o077:
            tight = mode & DIRECTORY_MODE
            found.append(f"{path} is open to others (mode {mode:04o}): chmod {tight:03o} {path}")
    return tuple(found)
