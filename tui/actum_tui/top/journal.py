"""The log, read for who looks at it: from the store's directory, beside the engine and at no cost to it.

Reading is done in a thread of its own, in short pieces, so that neither the screen waits nor a reader holds on to the
log's pages. An engine in memory has no directory: it is asked for its records.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol, TypeVar, final

import actum
from actum import StoredRecord
from actum.monitor import Attached, Records, RecordsRequest

T = TypeVar("T")

#: Records of one piece of reading.
PIECE_RECORDS = 1_000
#: Records of an engine in memory that are looked through for an aggregate's history.
HISTORY_RECORDS_MAX = 100_000


class Journal(Protocol):
    """A log to be read."""

    async def head(self) -> int:
        """The last durable position, now."""
        ...

    async def records(self, start: int, stop: int) -> list[StoredRecord]:
        """The records at positions `start` to `stop`, both included, as far as they exist."""
        ...

    async def history(self, aggregate: str, key: str) -> list[StoredRecord]:
        """The records of one aggregate, oldest first."""
        ...

    async def close(self) -> None:
        """Release it. Again: nothing."""
        ...


@final
class DirectoryJournal:
    """The log in a store's directory."""

    def __init__(self, path: str, *, any_file_system: bool = False) -> None:
        """Opened by the first reading.

        Args:
            path: the store's directory.
            any_file_system: whether a network file system is allowed.
        """
        self._path = path
        self._any_file_system = any_file_system
        self._store: actum.Store | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="actum journal")

    async def read(self, work: Callable[[actum.Store], T]) -> T:
        """Do something with the store, in the thread. After an error the store is opened again the next time.

        Raises:
            ActumError: it can't be read.
        """

        def reading() -> T:
            try:
                if self._store is None:
                    self._store = actum.open_store(self._path, any_file_system=self._any_file_system)
                return work(self._store)
            except actum.ActumError:
                self._close()
                raise

        return await asyncio.get_running_loop().run_in_executor(self._thread, reading)

    async def head(self) -> int:
        """The last durable position, now."""
        return await self.read(lambda store: store.head.position)

    async def records(self, start: int, stop: int) -> list[StoredRecord]:
        """The records at positions `start` to `stop`, both included, as far as they exist."""
        found: list[StoredRecord] = []
        for first in range(max(1, start), stop + 1, PIECE_RECORDS):
            found += await self.read(partial(records_of, start=first, stop=min(stop, first + PIECE_RECORDS - 1)))
        return found

    async def history(self, aggregate: str, key: str) -> list[StoredRecord]:
        """The records of one aggregate, oldest first."""
        return await self.read(lambda store: store.history(aggregate, key))

    def _close(self) -> None:
        """In the thread."""
        if self._store is not None:
            self._store.close()
            self._store = None

    async def close(self) -> None:
        """Release the store and the thread. Again: nothing."""
        await asyncio.get_running_loop().run_in_executor(None, lambda: self._thread.shutdown(cancel_futures=True))
        self._close()


def records_of(store: actum.Store, start: int, stop: int) -> list[StoredRecord]:
    """Records as far as they exist."""
    return list(store.records(start, min(stop, store.head.position)))


@final
class RemoteJournal:
    """The log of an engine in memory."""

    def __init__(self, attached: Callable[[], Attached]) -> None:
        """Read through whoever is attached.

        Args:
            attached: gives the engine; another one after it was opened again.
        """
        self._attached = attached

    async def head(self) -> int:
        """The last durable position, now."""
        return (await self._ask(1, 0)).head

    async def records(self, start: int, stop: int) -> list[StoredRecord]:
        """The records at positions `start` to `stop`, both included, as far as they exist."""
        found: list[StoredRecord] = []
        while start <= stop:
            answer = await self._ask(start, stop)
            if not answer.records:
                break
            found += answer.records
            start = answer.records[-1].position + 1
        return found

    async def history(self, aggregate: str, key: str) -> list[StoredRecord]:
        """The records of one aggregate among the last 100,000, oldest first."""
        head = await self.head()
        found = await self.records(max(1, head - HISTORY_RECORDS_MAX + 1), head)
        return [record for record in found if (record.aggregate, record.key) == (aggregate, key)]

    async def _ask(self, start: int, stop: int) -> Records:
        answer = await self._attached().ask(RecordsRequest(start, stop))
        assert isinstance(answer, Records)
        return answer

    async def close(self) -> None:
        """Nothing to release."""
