"""A store's directory that is open for reading, in a thread of its own: no screen waits, and it is opened once.

All that reads the directory goes through here, one piece after the other, each of them short. A store that was
compacted or replaced is not used any more until it has been opened again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar, final

import actum
from actum import StoredRecord

T = TypeVar("T")

#: Records of one piece of reading.
PIECE_RECORDS = 1_000
#: After these the store has to be opened again.
UNUSABLE = frozenset({actum.StorageError, actum.StoreFailed, actum.StoreClosed})


@final
class StoreFiles:
    """One directory; also its journal."""

    def __init__(self, path: str, *, any_file_system: bool = False) -> None:
        """Not open yet.

        Args:
            path: the directory.
            any_file_system: whether a network file system is allowed.
        """
        self.path = path
        self._any_file_system = any_file_system
        self._store: actum.Store | None = None
        self._failure: actum.StorageError | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="actum store")

    async def open(self) -> None:
        """Open it, or open it again.

        Raises:
            ActumError: it can't be opened.
        """
        await self._run(self._open)

    def _open(self) -> None:
        self._release()
        self._store = actum.open_store(self.path, any_file_system=self._any_file_system)
        self._failure = None

    async def read(self, work: Callable[[actum.Store], T]) -> T:
        """Do something with the store, in the thread.

        Raises:
            ActumError: it can't be read; a `StorageError`: until it is opened again.
        """
        return await self._run(partial(self._read, work))

    def _read(self, work: Callable[[actum.Store], T]) -> T:
        if self._failure is not None:
            raise type(self._failure)(str(self._failure)) from self._failure
        if self._store is None:
            raise actum.StoreClosed(f"{self.path} is not open")
        try:
            return work(self._store)
        except actum.StorageError as error:
            if type(error) in UNUSABLE:  # what is damaged or not there is no reason to give up the rest
                self._failure = error
            raise

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def head(self) -> int:
        """The last durable position, now."""
        return await self.read(lambda store: store.head.position)

    async def records(self, start: int, stop: int) -> list[StoredRecord]:
        """The records at positions `start` to `stop`, both included, as far as they exist."""
        found: list[StoredRecord] = []
        for first in range(max(1, start), stop + 1, PIECE_RECORDS):
            part = await self.read(partial(records_of, start=first, stop=min(stop, first + PIECE_RECORDS - 1)))
            found += part
            if not part:
                break
        return found

    async def history(self, aggregate: str, key: str) -> list[StoredRecord]:
        """The records of one aggregate, oldest first."""
        return await self.read(lambda store: store.history(aggregate, key))

    def _release(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            store.close()

    async def close(self) -> None:
        """Release the store and the thread. Again: nothing."""
        if self._store is not None:
            await self._run(self._release)
        self._thread.shutdown(wait=False, cancel_futures=True)


def records_of(store: actum.Store, start: int, stop: int) -> list[StoredRecord]:
    """Records as far as they exist."""
    head = store.head.position
    return list(store.records(start, min(stop, head))) if start <= head else []
