"""A store directory: MANIFEST, `writer.lock`, `log/` and `derived/`, opened in the only safe order.

For writing: look (a foreign directory is left untouched), take the lock, complete what a crash left half-created,
check the files that LMDB would die of, open. For reading: the same without writing anything but LMDB's reader slot,
beside a live writer or not. Creation is `log.new/` (synced) -> `log/` -> MANIFEST, each step a rename: whatever a
crash leaves is either completed at the next opening or recognisably empty, since nothing is acknowledged before the
MANIFEST is durable.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Self, final

from actum_storage import failpoints
from actum_storage.ballast import Ballast
from actum_storage.derived import Derived
from actum_storage.errors import StorageError, StoreCorrupt, StoreMismatch, UnsafeFileSystem
from actum_storage.file_systems import file_system_of, refused_reason
from actum_storage.files import (
    DIRECTORY_MODE,
    identity,
    make_directory,
    os_errors,
    path_of,
    remove_tree,
    sync_directory,
    sync_file,
)
from actum_storage.lmdb_log import LmdbLog
from actum_storage.lmdb_pages import structure_faults, walkable
from actum_storage.lock import WriterLock, is_held
from actum_storage.manifest import Manifest
from actum_storage.preflight import (
    UNFINISHED,
    check_data_file,
    check_free_space,
    prepare_lock_file,
)

if TYPE_CHECKING:
    from pathlib import Path

    from actum_storage.lmdb_environment import Durability

MANIFEST = "MANIFEST"
WRITER_LOCK = "writer.lock"
LOG = "log"
LOG_NEW = "log.new"
DERIVED = "derived"
#: Bookmarks of subscriptions; made by the first of them. Not part of the truth, but it can't be made again.
SUBSCRIPTIONS = "subscriptions"
BALLAST = "ballast"
#: A compacted copy of the log, and the log that it has replaced; both are gone when compaction has ended.
LOG_COMPACT = "log.compact"
LOG_OLD = "log.old"
#: While a compaction exchanges the logs there is none for some milliseconds: a reader looks again so often.
READ_ATTEMPTS_MAX = 20
READ_ATTEMPT_SECONDS = 0.02
#: What each part has to be, if it is there.
KINDS: dict[str, Callable[[int], bool]] = {
    MANIFEST: stat.S_ISREG,
    WRITER_LOCK: stat.S_ISREG,
    LOG: stat.S_ISDIR,
    f"{LOG}/data.mdb": stat.S_ISREG,
    f"{LOG}/lock.mdb": stat.S_ISREG,
    DERIVED: stat.S_ISDIR,
    BALLAST: stat.S_ISREG,
}
#: Those without which nothing is left.
TRUTH = frozenset({MANIFEST, LOG, f"{LOG}/data.mdb"})
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
        self._ballast = Ballast(path / BALLAST)

    @property
    def subscriptions(self) -> Path:
        """Where the bookmarks of subscriptions lie."""
        return self.path / SUBSCRIPTIONS

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        write: bool,
        durability: Durability = "full",
        any_file_system: bool = False,
    ) -> StoreDirectory:
        """Open the store in a directory; with `write` it is created if there is none.

        Args:
            path: the directory.
            write: whether to become its one writer. Without it nothing is created or changed.
            durability: "relaxed" never fsyncs: for tests and benchmarks only.
            any_file_system: open it also where LMDB is not safe, such as on a network file system.

        Raises:
            UnsafeFileSystem: it lies on such a file system.
            StoreInUse: another writer holds it; or this process has it open already.
            StoreMismatch: no store, a foreign directory, a newer format, another engine.
            StoreCorrupt: a file is damaged, truncated or missing.
            StoreFull: no room to create it.
        """
        if durability not in {"full", "relaxed"}:
            raise StorageError(f"durability {durability!r}: use 'full' or 'relaxed'")
        directory = path_of(path)
        for _ in range(0 if write else READ_ATTEMPTS_MAX):
            log = identity(directory / LOG)
            try:
                return cls._open(directory, write=write, durability=durability, any_file_system=any_file_system)
            except StorageError as error:
                if not may_pass(error, directory, log):
                    raise
                time.sleep(READ_ATTEMPT_SECONDS)
        return cls._open(directory, write=write, durability=durability, any_file_system=any_file_system)

    @classmethod
    def _open(cls, directory: Path, *, write: bool, durability: Durability, any_file_system: bool) -> StoreDirectory:
        """One attempt."""
        with os_errors(f"{directory} can't be opened"), ExitStack() as opened:
            refuse_kinds(directory, write=write)
            if not any_file_system:
                refuse_file_system(directory)
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

    def page_faults(self) -> list[str] | None:
        """What is wrong with the pages of the log's file; None if a writer changes them meanwhile."""
        if self._lock is not None or is_held(self.path / WRITER_LOCK):
            return None
        faults = structure_faults(self.path / LOG / "data.mdb")
        return None if faults and is_held(self.path / WRITER_LOCK) else faults

    def hold_ballast(self, size_max: int) -> bool:
        """Keep room for the end; whether it is kept. See `Ballast`."""
        return self._lock is not None and self._ballast.hold(size_max)

    def drop_ballast(self) -> bool:
        """Give that room back; whether there was any."""
        return self._lock is not None and self._ballast.drop()

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


def is_store(path: str | os.PathLike[str]) -> bool:
    """Whether a directory calls itself a store, whole or damaged."""
    return (path_of(path) / MANIFEST).exists()


def may_pass(error: StorageError, directory: Path, log: tuple[int, int] | None) -> bool:
    """Whether what a reader met may come of a compaction that exchanged the logs just then."""
    with suppress(OSError):
        exchanging = is_held(directory / WRITER_LOCK) or identity(directory / LOG) != log
        return exchanging and type(error) in (StorageError, StoreCorrupt)
    return False


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
        with os_errors(f"{directory}: what a compaction left can't be put in order"):
            finish_compaction(directory)
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


def refuse_kinds(directory: Path, *, write: bool) -> None:
    """Refuse what is no plain file or directory where one belongs: opening a pipe waits, a device has no end.

    Raises:
        StoreCorrupt: naming it.
    """
    for name, fits in KINDS.items():
        if name in (DERIVED, BALLAST) and not write:
            continue  # a reader needs neither
        path = directory / name
        try:
            mode = path.stat().st_mode
        except NotADirectoryError:
            continue  # what is above it is named
        except OSError:
            if not path.is_symlink():
                continue  # not there, or not to be looked at: who opens it says so
            mode = 0  # a link to nothing, or in a circle
        if not fits(mode):
            wanted = "directory" if fits is stat.S_ISDIR else "plain file"
            fix = "Restore the store from a backup." if name in TRUTH else "Delete it: it is made again."
            raise StoreCorrupt(f"{path} is not a {wanted}. {fix}")


def refuse_file_system(directory: Path) -> None:
    """Refuse a file system on which LMDB's memory maps and locks are not those of one machine.

    Raises:
        UnsafeFileSystem: naming it.
    """
    system = file_system_of(directory)
    reason = refused_reason(system)
    if reason is not None:
        raise UnsafeFileSystem(
            f"{directory} lies on {system.kind}, mounted at {system.mount}: {reason} Use a local disk. If you know"
            " that one machine alone uses it, say any_file_system=True."
        )


def refuse_foreign(directory: Path) -> None:
    """Refuse a directory that is neither a store, nor the beginning of one, nor empty; it is not touched."""
    if not directory.exists():
        return
    if not directory.is_dir():
        raise StoreMismatch(f"no store at {directory}: it is not a directory")
    names = {entry.name for entry in directory.iterdir()}
    if directory.name.endswith(UNFINISHED) and names:
        raise StoreMismatch(f"no store at {directory}: it is an unfinished copy. Make the backup again.")
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
        remove_tree(log_new)
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


def finish_compaction(directory: Path) -> None:
    """Bring a compaction that was broken off to its end: forwards if the old log was moved away, else back."""
    log, new, old = directory / LOG, directory / LOG_COMPACT, directory / LOG_OLD
    if old.exists() and not log.exists():
        (new if new.exists() else old).rename(log)
        sync_directory(directory)
        if failpoints.active:
            failpoints.hit("compact.swapped")
    if log.exists():
        for rest in (new, old):
            if rest.exists():
                remove_tree(rest)


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
    if not data.exists() and (directory / LOG_OLD).exists():
        raise StoreCorrupt(f"{data} is missing: a compaction was broken off. Open the store for writing once.")
    check_data_file(data)
    live = not write and is_held(directory / WRITER_LOCK)
    if live and not lock.exists():
        raise StoreCorrupt(f"{lock} was deleted while a writer runs: stop that writer before reading")
    if not live and walkable(data):
        faults = structure_faults(data)
        if faults and (write or not is_held(directory / WRITER_LOCK)):  # a writer that came meanwhile changes pages
            raise StoreCorrupt(f"{data} is damaged: {'; '.join(faults)}. Restore the store from a backup.")
    if write or os.access(lock if lock.exists() else lock.parent, os.W_OK):
        prepare_lock_file(lock)  # where a reader may not write at all, LMDB says so, or needs no lock


def loose_permissions(directory: Path) -> tuple[str, ...]:
    """One sentence for each part of the store that others may read or write."""
    names = ("", MANIFEST, WRITER_LOCK, LOG, f"{LOG}/data.mdb", f"{LOG}/lock.mdb", DERIVED, SUBSCRIPTIONS, BALLAST)
    found: list[str] = []
    for path in (directory / name for name in names):
        mode = path.stat().st_mode & 0o777 if path.exists() else 0
        if mode & 0o077:
            tight = mode & DIRECTORY_MODE
            found.append(f"{path} is open to others (mode {mode:04o}): chmod {tight:03o} {path}")
    return tuple(found)
