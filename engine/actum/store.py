"""`actum.open_store`: reads a store without an engine and without the user's classes, also beside a running engine.

Events come as plain data; the stored schemas say what they mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import actum_storage

from actum.codec import Schema, decode_schema, decode_stored

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from typing import Self

    from actum_storage import Head, Manifest, VerifyReport

    from actum.records import StoredRecord


@final
class Store:
    """A store open for reading; from `open_store`.

    Example:
        with actum.open_store("bank") as store:
            for record in store.records(start=100):
                print(record.position, record.tag, record.event)
    """

    def __init__(self, store: actum_storage.Store) -> None:
        """Use `open_store`."""
        self._store = store

    @property
    def manifest(self) -> Manifest:
        """What the store says of itself."""
        return self._store.manifest

    @property
    def head(self) -> Head:
        """The last durable position and the hash of its frame, now: a running engine moves it."""
        return self._store.head

    def records(self, start: int = 1, stop: int | None = None) -> Iterator[StoredRecord]:
        """The records at positions `start` to `stop`, both included, in order; up to the head as of now without `stop`.

        Raises:
            StoreCorrupt: the log is damaged; the error names the position.
        """
        last = self.head.position if stop is None else stop
        for frame in self._store.frames(start, last):
            for record in decode_stored(frame.first, frame.body):
                if start <= record.position <= last:
                    yield record

    def schemas(self) -> list[Schema]:
        """The JSON Schema of every version of every event type that the store has seen, by tag."""
        return sorted(
            (decode_schema(document) for document in self._store.schemas().values()), key=lambda schema: schema.tag
        )

    def verify(self) -> VerifyReport:
        """Read everything: every frame's hash, the chain of hashes, dense positions, every schema's hash.

        Raises:
            StoreCorrupt: at the first damage, naming file and position.
        """
        return self._store.verify()

    def close(self) -> None:
        """Close; again: nothing."""
        self._store.close()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def __repr__(self) -> str:
        """Where it is."""
        return f"<Store {self._store!r}>"


def open_store(path: str | os.PathLike[str]) -> Store:
    """Open a store for reading; nothing is written, and a running engine is not disturbed.

    Raises:
        StoreMismatch: there is no store, or it is of another format.
        StoreCorrupt: it is damaged.
        StoreInUse: this very process has it open already.
    """
    return Store(actum_storage.open_store(path))
