"""What a store stands on: file system, room, the price of an fsync, permissions, who uses it, versions.

Works on anything that a path may be, also beside a running writer: what can't be looked at is a finding, no error.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from actum_storage.directory import (
    BALLAST,
    DERIVED,
    LOG,
    MANIFEST,
    WRITER_LOCK,
    is_store,
    loose_permissions,
    refuse_foreign,
    refuse_kinds,
)
from actum_storage.errors import StorageError, StoreInUse, StoreMismatch
from actum_storage.file_systems import file_system_of, refused_reason, warned_reason
from actum_storage.files import path_of, sync_data
from actum_storage.findings import Finding
from actum_storage.lmdb_environment import MAP_BYTES, engine_version, readers_of
from actum_storage.lmdb_pages import structure_faults
from actum_storage.lock import holder_of, is_held
from actum_storage.manifest import Manifest
from actum_storage.preflight import UNFINISHED, check_data_file, reserve_of

if TYPE_CHECKING:
    from pathlib import Path

    Check = Callable[[Path], Iterator[Finding]]

#: Small writes, each synced, whose time is measured.
SYNCS = 50
SYNC_BYTES = 4096
#: A commit that waits longer than this for its disk limits one client to a hundred commands a second.
SYNC_SECONDS_SLOW = 0.01
#: Faster than any disk: the sync is not real.
SYNC_SECONDS_UNREAL = 5e-6
FREE_BYTES_LOW = 1 << 30
FREE_SHARE_LOW = 0.05
MAP_SHARE_HIGH = 0.8
#: A file system's clock may be this far ahead of the one that a process sees.
CLOCK_BEHIND_NS_MAX = 2_000_000_000


def diagnose(path: str | os.PathLike[str]) -> list[Finding]:
    """Look at a store's directory and at what is under it, without opening the store. Writes one temporary file.

    One finding for each thing that was looked at, in a fixed order.
    """
    directory = path_of(path)
    if not directory.is_dir():
        kind = "it is not a directory" if directory.exists() else "there is no such directory"
        return [Finding("error", "directory", f"no store at {directory}: {kind}.")]
    try:
        refuse_kinds(directory, write=True)
    except (OSError, StorageError) as error:
        return [Finding("error", "files", str(error))]
    try:
        refuse_foreign(directory)
    except StoreMismatch as error:
        return [Finding("error", "manifest", str(error))]
    except StorageError:
        pass  # a store that lost its MANIFEST: the rest is looked at all the same
    else:
        if not is_store(directory):
            return [Finding("error", "manifest", f"no store at {directory}: it has no {MANIFEST}.")]
    checks: list[Check] = [
        check_manifest, check_writer, check_files, check_file_system, check_room, check_ballast, check_fsync,
        check_permissions, check_map, check_clock, check_readers, check_rests, check_versions,
    ]  # fmt: skip
    found: list[Finding] = []
    for check in checks:
        try:
            found += check(directory)
        except (OSError, StorageError) as error:
            name = check.__name__.removeprefix("check_").replace("_", " ")
            found.append(Finding("error", name, f"can't be looked at: {error}"))
    return found


def check_manifest(directory: Path) -> Iterator[Finding]:
    """What the store says of itself."""
    refuse_foreign(directory)
    manifest = Manifest.read(directory / MANIFEST)
    yield Finding("ok", "manifest", f"format {manifest.format_version}, {manifest.engine}, store {manifest.store_id}")


def check_writer(directory: Path) -> Iterator[Finding]:
    """Whether an engine has it open."""
    holder = holder_of(directory / WRITER_LOCK)
    if holder is not None:
        yield Finding("ok", "writer", f"process {holder} has it open for writing")
    else:
        yield Finding("ok", "writer", "no engine has it open")


def check_files(directory: Path) -> Iterator[Finding]:
    """Whether the log's file can be mapped, and its size."""
    data = directory / LOG / "data.mdb"
    check_data_file(data)
    faults = [] if is_held(directory / WRITER_LOCK) else structure_faults(data)
    if faults:
        yield Finding("error", "files", f"{data} is damaged: {'; '.join(faults)}.", "Restore it from a backup.")
        return
    derived = sum(file.stat().st_size for file in (directory / DERIVED).glob("*"))
    sizes = f"{data.stat().st_size:,} bytes of log, {derived:,} of checkpoints"
    yield Finding("ok", "files", sizes)


def check_file_system(directory: Path) -> Iterator[Finding]:
    """Whether the file system keeps what it promises."""
    system = file_system_of(directory)
    refused, warned = refused_reason(system), warned_reason(system)
    if refused:
        yield Finding("error", "file system", f"{system.kind} at {system.mount}: {refused}", "Use a local disk.")
    elif warned:
        yield Finding("warning", "file system", f"{system.kind} at {system.mount}: {warned}", "Use a local disk.")
    else:
        yield Finding("ok", "file system", f"{system.kind} at {system.mount}")


def check_room(directory: Path) -> Iterator[Finding]:
    """Free space and free inodes."""
    import shutil

    usage = shutil.disk_usage(directory)
    share = usage.free / usage.total if usage.total else 0.0
    low = usage.free < FREE_BYTES_LOW and share < FREE_SHARE_LOW
    what = f"{usage.free:,} bytes free, {share:.0%} of the file system."
    if usage.free < reserve_of(os.statvfs(directory)) and low:
        yield Finding("error", "room", what, "Free space: no command is taken now.")
        return
    yield Finding("warning" if low else "ok", "room", what, "Free space: a full disk takes no commands." if low else "")


def check_ballast(directory: Path) -> Iterator[Finding]:
    """Whether room is kept for closing on a full disk."""
    ballast = directory / BALLAST
    held = ballast.stat().st_blocks * 512 if ballast.exists() else 0
    yield Finding("ok", "ballast", f"{held:,} bytes kept for closing on a full disk" if held else "none is kept")


def check_fsync(directory: Path) -> Iterator[Finding]:
    """How long a small write takes until the disk has it."""
    import statistics

    try:
        seconds = sorted(sync_seconds(directory))
    except OSError as error:
        yield Finding("warning", "fsync", f"not measured: {error.strerror}.", "Nothing can be written here.")
        return
    median, worst = statistics.median(seconds), max(seconds)
    what = f"{median * 1e3:.2f} ms median, {worst * 1e3:.2f} ms worst of {SYNCS}."
    if median < SYNC_SECONDS_UNREAL:
        yield Finding("warning", "fsync", f"{what} Too fast for any disk.", "Nothing survives a power cut here.")
    elif median > SYNC_SECONDS_SLOW:
        yield Finding("warning", "fsync", what, "Every commit waits for it: use a faster disk.")
    else:
        yield Finding("ok", "fsync", what)


def sync_seconds(directory: Path) -> Iterator[float]:
    """The times of some small writes, each synced."""
    import tempfile

    with tempfile.TemporaryFile(dir=directory) as file:
        for _ in range(SYNCS):
            started = time.perf_counter()
            os.pwrite(file.fileno(), os.urandom(SYNC_BYTES), 0)
            sync_data(file.fileno())
            yield time.perf_counter() - started


def check_permissions(directory: Path) -> Iterator[Finding]:
    """Whether others can read or write it, and whether we can."""
    found = loose_permissions(directory)
    yield from (Finding("warning", "permissions", each) for each in found)
    strangers = [each for each in (directory, *directory.iterdir()) if each.stat().st_uid != os.geteuid()]
    if strangers:
        what = f"{strangers[0]} belongs to user {strangers[0].stat().st_uid}, this is user {os.geteuid()}."
        yield Finding("warning", "permissions", what, "Run it as the same user as the engine.")
    if not found and not strangers:
        yield Finding("ok", "permissions", "closed to others")


def check_map(directory: Path) -> Iterator[Finding]:
    """How much of the address space that LMDB may map is used."""
    used = (directory / LOG / "data.mdb").stat().st_size
    share = used / MAP_BYTES[0]
    high = share > MAP_SHARE_HIGH
    yield Finding("warning" if high else "ok", "map", f"{share:.2%} of {MAP_BYTES[0] >> 40} TiB")


def check_clock(directory: Path) -> Iterator[Finding]:
    """Whether the clock is behind what was written; positions order events, but timestamps are read by people."""
    now_ns = time.time_ns()
    written = {
        "the store's creation": Manifest.read(directory / MANIFEST).created_ns,
        "the last write to the log": (directory / LOG / "data.mdb").stat().st_mtime_ns,
    }
    what, latest_ns = max(written.items(), key=lambda entry: entry[1])
    if latest_ns > now_ns + CLOCK_BEHIND_NS_MAX:
        behind = (latest_ns - now_ns) / 1e9
        yield Finding("warning", "clock", f"{behind:,.0f} s behind {what}.", "Set it: timestamps will go back.")
    else:
        now = datetime.fromtimestamp(now_ns // 1_000_000_000, UTC)
        yield Finding("ok", "clock", f"{now:%Y-%m-%dT%H:%M:%SZ}, not behind anything that was written")


def check_readers(directory: Path) -> Iterator[Finding]:
    """Who reads: a reader that stays makes the file grow."""
    if not is_held(directory / WRITER_LOCK):
        return
    try:
        lines = readers_of(directory / LOG)
    except StoreInUse:
        yield Finding("ok", "readers", "not counted: the engine is in this process")
        return
    yield Finding("ok", "readers", f"{len(lines)} reading just now{': processes ' + ', '.join(lines) if lines else ''}")


def check_rests(directory: Path) -> Iterator[Finding]:
    """What a crash left; the next opening tidies it up."""
    rests = [entry.name for entry in directory.iterdir() if entry.name.endswith((".new", ".compact", ".old"))]
    beside = directory.with_name(directory.name + UNFINISHED)
    if beside.exists():
        rests.append(str(beside))
    if rests:
        yield Finding(
            "warning", "leftovers", f"{', '.join(sorted(rests))}: broken off.", "The next attempt removes them."
        )


def check_versions(directory: Path) -> Iterator[Finding]:
    """What runs here."""
    import platform

    del directory
    yield Finding("ok", "versions", f"Python {platform.python_version()}, {engine_version()}, {platform.platform()}")
