"""The subscriptions of a store, seen and mended from outside: without their classes, and while they don't run.

What is seen is what lies in the store's directory. A subscription that keeps its bookmark itself, such as a SQL
projection, shows only whether it runs. Only `Store` calls this.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec
from actum_storage import GENESIS, Bookmark, DeadLetter

from actum.codec import decode_stored
from actum.errors import Invalid, shown

if TYPE_CHECKING:
    from collections.abc import Generator

    import actum_storage
    from actum_storage import BookmarkFile, BookmarkReport


class StoredSubscription(msgspec.Struct, frozen=True, kw_only=True):
    """One subscription that has run on a store, as `Store.subscriptions` gives it.

    Attributes:
        name: its name.
        process: the process that runs it, or None if none does.
        position: of its bookmark; None if it keeps that itself, or has none yet.
        head: where the log ends.
        updated_ns: when the bookmark was written last, nanoseconds since 1970 UTC; 0 without one.
        waiting_ns: the time of the first event behind the bookmark, or None if there is none.
        dead_letters: what it could not handle, by position.
        fault: what is wrong with its file or its bookmark, or nothing.
    """

    name: str
    process: str | None
    position: int | None
    head: int
    updated_ns: int = 0
    waiting_ns: int | None = None
    dead_letters: tuple[DeadLetter, ...] = ()
    fault: str = ""

    @property
    def lag(self) -> int | None:
        """Events between the bookmark and the log's end; None without a bookmark."""
        return None if self.position is None else max(0, self.head - self.position)


def seen(store: actum_storage.Store, report: BookmarkReport) -> StoredSubscription:
    """One subscription, its bookmark compared with the log."""
    head, bookmark = store.head.position, report.bookmark
    known = {"name": report.name, "process": report.holder, "head": head, "dead_letters": report.dead_letters}
    if bookmark is None:
        return StoredSubscription(**known, position=None, fault=report.fault)  # type: ignore[arg-type]
    fault, waiting_ns = history_fault(store, bookmark, head), None
    if bookmark.position < head and not fault:
        frame = store.frame_at(bookmark.position + 1)
        waiting_ns = decode_stored(frame.first, frame.body)[bookmark.position + 1 - frame.first].timestamp_ns
    return StoredSubscription(
        **known,  # type: ignore[arg-type]
        position=bookmark.position,
        updated_ns=report.updated_ns,
        waiting_ns=waiting_ns,
        fault=fault,
    )


def history_fault(store: actum_storage.Store, bookmark: Bookmark, head: int) -> str:
    """Why a bookmark is not of this log, or nothing."""
    if bookmark.store_id != store.manifest.store_id:
        return f"its bookmark belongs to store {bookmark.store_id or 'in memory'}, not to this one"
    if bookmark.position > head or bookmark_at(store, bookmark.position) != bookmark:
        return (
            f"its bookmark is at position {bookmark.position:,} of another history: the log was put back from a backup"
        )
    return ""


def bookmark_at(store: actum_storage.Store, position: int) -> Bookmark:
    """The bookmark of a position that the log has, or of 0."""
    return Bookmark(store.manifest.store_id, position, store.frame_at(position).hash if position else GENESIS)


def reset(store: actum_storage.Store, name: str, position: int, now_ns: int) -> None:
    """Set a bookmark; the dead letters behind it are forgotten: their events come again.

    Raises:
        Invalid: the log does not have this position.
    """
    head = store.head.position
    if type(position) is not int or not 0 <= position <= head:
        raise Invalid(f"position={shown(position)}: the log has positions 1 to {head}; 0 is its beginning")
    with opened(store, name) as bookmarks:
        bookmarks.reset(bookmark_at(store, position), position, now_ns)


def drop(store: actum_storage.Store, name: str, position: int) -> None:
    """Forget a dead letter."""
    with opened(store, name) as bookmarks:
        bookmarks.drop(letter_in(bookmarks, name, position).position)


def retry(store: actum_storage.Store, name: str, position: int, now_ns: int) -> None:
    """Have a dead letter handled again when its subscription begins."""
    with opened(store, name) as bookmarks:
        bookmarks.bury(letter_in(bookmarks, name, position)._replace(attempts=0), None, now_ns)


def letter_in(bookmarks: BookmarkFile, name: str, position: int) -> DeadLetter:
    """The dead letter at a position.

    Raises:
        Invalid: there is none.
    """
    for letter in bookmarks.dead_letters():
        if letter.position == position:
            return letter
    raise Invalid(f"subscription {name} has no dead letter at position {shown(position)}")


@contextmanager
def opened(store: actum_storage.Store, name: str) -> Generator[BookmarkFile]:
    """The file of a subscription that does not run, and that keeps its bookmark there.

    Raises:
        Invalid: there is none.
        SubscriptionInUse: it runs; the message names the process.
    """
    bookmarks = store.bookmarks(name)
    if bookmarks is None:
        known = ", ".join(report.name for report in store.subscriptions())
        raise Invalid(f"no subscription {shown(name)} has run on this store: it knows {known or 'none'}")
    try:
        if bookmarks.load() is None:
            raise Invalid(
                f"subscription {name} has no bookmark in the store: it keeps it itself, as a SQL projection does"
            )
        yield bookmarks
    finally:
        bookmarks.close()
