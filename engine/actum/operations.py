"""What an engine offers for operating it and for looking into it; applications send, ask, and read views."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast, overload

from actum_storage import copy_store

from actum import inspection
from actum.errors import Invalid
from actum.past_view import PastView
from actum.records import check_identifier, command_id_bytes
from actum.watching.live_queries import LiveQueries

if TYPE_CHECKING:
    from datetime import datetime
    from os import PathLike
    from uuid import UUID

    from actum_storage import CopyReport, Progress

    from actum.aggregate import Aggregate
    from actum.inspection import SnapshotDifferences
    from actum.messages import Row
    from actum.processes.process import Process
    from actum.records import Receipt, Record
    from actum.subscriptions.consumer import Consumer
    from actum.subscriptions.subscription import Subscription
    from actum.view_differences import ViewDifferences
    from actum.views.live_view import View

A = TypeVar("A", bound="Aggregate | Process")
W = TypeVar("W", bound="Row")


class Operations(LiveQueries):
    """The part of `Engine` that tools and tests use."""

    async def history(self, owner: type[Aggregate | Process], key: str) -> list[Record]:
        """All durable records of one aggregate, oldest first. For tools and tests: applications read views.

        Those of an instance of a process hold a `ProcessStepped` for each step, `ProcessFailed`, and `ProcessEnded` if
        somebody has cancelled it. They stay when it is done.

        Args:
            owner: the class of the aggregate or of the process.
            key: which one.
        """
        return await inspection.history(self._open_core(), owner, key)

    async def state(self, owner: type[A], key: str, *, version: int | None = None, at: datetime | None = None) -> A:
        """The durable state of one aggregate, or of one instance of a process, also one that is done; a copy.

        For tools and tests: applications read views. A version of an instance counts its history's entries.

        Args:
            owner: the class of the aggregate or of the process.
            key: which one.
            version: as of this version; as of now without it.
            at: as of this moment, by the timestamps of its records; aware.

        Raises:
            Invalid: that version does not exist, the moment has no time zone, or both were given.
        """
        core, asked = self._open_core(), cast("type[Aggregate | Process]", owner)
        if at is not None:
            if version is not None:
                raise Invalid("give version= or at=, not both")
            version = await inspection.version_at(core, asked, key, at)
        return cast("A", await inspection.state(core, asked, key, version))

    async def outcome(self, command_id: UUID | str) -> Receipt | None:
        """What became of a command: its receipt, or None if it wrote nothing so far. Reads the log backwards.

        One that still waits in a mailbox, or is still being decided, has not written yet.
        """
        return await inspection.outcome(self._open_core(), command_id_bytes(command_id))

    def rows(self, view: type[View[W]]) -> list[W]:
        """All rows of a view, in no particular order. For tools and tests: applications ask.

        Raises:
            ViewBroken: see `rebuild`.
        """
        live = self._open_core().view_of(view)
        live.check()
        return list(live.table.rows.values())

    async def rows_at(self, view: type[View[W]], *, position: int, progress: Progress | None = None) -> list[W]:
        """All rows of a view as they were at a position, folded from the log beside the view that is served.

        For tools and tests. Commands and queries go on meanwhile. Cancelling drops what has been folded.

        Args:
            view: its class; its handlers of today are what folds.
            position: as of this event, also one in the middle of a command's; 0 for before the first.
            progress: told how far it has come, and how far it has to go: positions.

        Raises:
            ViewBroken: a handler fails on the way; the error says at which position.
            Invalid: the view is not of this engine, or the log has no such position.
            EngineClosed: the engine closed meanwhile.
        """
        core = self._open_core()
        past = PastView(core, core.view_of(view).name)
        try:
            await past.move(position, progress)
            return list(past.view.table.rows.values())
        finally:
            past.release()

    def subscription(self, subscription: type[Subscription]) -> Consumer:
        """A subscription at work, to be paused, reset, waited for and asked.

        Raises:
            Invalid: the class was not given to `Engine.open`.
        """
        return self._open_core().subscriptions.of(subscription)

    @overload
    async def rebuild(self, view: type[View[Any]], *, compare: Literal[False] = False) -> None: ...

    @overload
    async def rebuild(self, view: type[View[Any]], *, compare: Literal[True]) -> ViewDifferences: ...

    @overload
    async def rebuild(self, view: type[View[Any]], *, compare: bool) -> ViewDifferences | None: ...

    async def rebuild(self, view: type[View[Any]], *, compare: bool = False) -> ViewDifferences | None:
        """Fold a view from the whole log again, beside the one that is served, then put it in its place in one turn.

        Heals a broken view, once its handler is mended. Commands and queries go on meanwhile; `statistics()` says how
        far it is.

        Cancelling drops the new one; the old one stays.

        Args:
            view: its class.
            compare: also compare both row by row just before, and give the differences.

        Raises:
            ViewBroken: the handler failed again; with `compare`, the one that is served is broken.
            Invalid: the view is not of this engine, or is being rebuilt already.
            EngineClosed: the engine closed meanwhile.
        """
        core = self._open_core()
        return await core.rebuilder.rebuild(core.view_of(view).name, compare=compare)

    async def verify_view(self, view: type[View[Any]]) -> ViewDifferences:
        """Fold a view from the whole log again and compare it with the one that is served, row by row.

        Raises:
            ViewBroken: the served one is broken, or its handler fails on the log.
            Invalid: the view is not of this engine, or is being rebuilt.
            EngineClosed: the engine closed meanwhile.
        """
        core = self._open_core()
        return await core.rebuilder.verify(core.view_of(view).name)

    async def verify_snapshots(self, aggregate: type[Aggregate]) -> SnapshotDifferences:
        """Fold every saved state of an aggregate class from the log again, up to its version, and compare.

        Raises:
            Invalid: the class is not of this engine.
        """
        return await inspection.verify_snapshots(self._open_core(), aggregate)

    async def checkpoint(self, *, base: bool = False) -> bool:
        """Save derived state now; False if that failed, which is logged and in `statistics()`.

        It happens by itself, periodically and on close.

        Args:
            base: write everything anew, in a file without what later checkpoints have replaced, instead of what has
                changed since the last.
        """
        core = self._open_core()
        return core.checkpointer is not None and await core.checkpointer.checkpoint(base=base)

    async def backup(self, destination: str | PathLike[str], *, progress: Progress | None = None) -> CopyReport:
        """Copy the log as it is now into a new store, while commands go on; verified when this returns.

        The copy is a store: open it, or `restore_store` it. Without its checkpoints it opens as slowly as a rebuild.

        Cancelling ends the waiting; the copying ends by itself, or when the engine closes.

        Args:
            destination: the new directory; it must not exist. A disk of its own is best.
            progress: told where it stands, in another thread.

        Raises:
            StoreMismatch: there is something at `destination`, or it is no path.
            StoreFull, StorageError: it can't be written; nothing is left behind, and this engine goes on.
            Invalid: this engine has no directory.
        """
        core = self._open_core()
        manifest = None if core.store is None else getattr(core.store, "manifest", None)
        if manifest is None:
            raise Invalid("this engine has no directory: a backup copies a store that lies on disk")
        return await asyncio.to_thread(copy_store, manifest, core.log, destination, progress=progress)

    def release(self, aggregate: type[Aggregate], key: str) -> bool:
        """Let a quarantined aggregate work again; False if it was not in quarantine."""
        actor = inspection.streams_of(self._open_core(), aggregate).actors.get(check_identifier("key", key))
        return actor is not None and actor.release()
