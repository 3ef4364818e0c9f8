"""Backup, restore and compaction, in terms of positions and commands; the copying itself is the storage's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import actum_storage
from actum_storage import Head

from actum.atomic.ids import inseparable
from actum.codec import decode_stored
from actum.errors import Invalid, shown

if TYPE_CHECKING:
    import os

    from actum_storage import CopyReport, Progress


def restore_store(
    backup: str | os.PathLike[str],
    destination: str | os.PathLike[str],
    *,
    position: int | None = None,
    progress: Progress | None = None,
) -> CopyReport:
    """Make a new store of a backup, or of any store, up to its end or up to a position.

    A command's events are never parted, nor are those of one `send_atomic`: if `position` is between two of them, the
    copy ends before them. A copy that ends early has a store id of its own, since its history will be another one.

    Args:
        backup: the directory of a store; it is only read.
        destination: the new directory; it must not exist.
        position: the last position that may be in the copy.
        progress: told where it stands.

    Raises:
        StoreMismatch: there is no store in `backup`, or something at `destination`.
        StoreCorrupt: the backup is damaged.
        StoreFull, StorageError: it can't be written; nothing is left behind.
        Invalid: the backup does not have this position.
    """
    with actum_storage.open_store(backup, any_file_system=True) as store:  # nobody writes to a backup
        end = None if position is None else end_of_command(store, position)
        return store.copy(destination, position=end, progress=progress)


def end_of_command(store: actum_storage.Store, position: int) -> int:
    """The last position up to this one at which a command ends."""
    head: Head = store.head
    if isinstance(position, bool) or not isinstance(position, int) or not 0 <= position <= head.position:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise Invalid(f"position={shown(position)}: the store has positions 1 to {head.position}")
    if position in (0, head.position):
        return position
    frame = store.frame_at(position)
    records = decode_stored(frame.first, frame.body)
    index = position - frame.first
    while 0 <= index < len(records) - 1:
        if not inseparable(records[index], records[index + 1]):
            break
        index -= 1
    return frame.first + index


def compact_store(
    path: str | os.PathLike[str], *, any_file_system: bool = False, progress: Progress | None = None
) -> CopyReport:
    """Put a verified copy in the place of a store's log, without the pages that are no longer used; see its raises.

    No engine may have the store open. Whatever moment a crash strikes, the next opening finds a whole log.

    Raises:
        StoreInUse: an engine has it open.
        StoreMismatch: there is no store.
        UnsafeFileSystem: it lies on a network file system, and `any_file_system` was not said.
        StoreCorrupt, StoreFull, StorageError: nothing was changed.
    """
    if not actum_storage.is_store(path):
        actum_storage.open_store(path, any_file_system=any_file_system).close()  # which says what is wrong
    return actum_storage.compact_store(path, any_file_system=any_file_system, progress=progress)
