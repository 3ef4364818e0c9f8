"""What a store's directory says, read beside whoever writes it: the part of a frame that costs the engine nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actum.monitor.frames import StoreVitals

if TYPE_CHECKING:
    from actum.stored.store import Store


def store_vitals(store: Store) -> StoreVitals:
    """How a store is now. Reads for a millisecond or so, in transactions that end at once.

    Raises:
        StorageError: it can't be read; `StoreFailed`: it was replaced, and has to be opened again.
    """
    position = store.head.position
    checkpoint = store.checkpoint_position
    usage = store.usage()
    return StoreVitals(
        position=position,
        timestamp_ns=store.record(position).timestamp_ns if position else 0,
        writer=store.writer,
        log_bytes=usage.log_bytes,
        map_bytes=usage.log_bytes_max,
        readers=usage.readers,
        derived_bytes=usage.derived_bytes,
        checkpoint_position=checkpoint,
        free_bytes=usage.free_bytes,
        readers_behind=usage.readers_behind,
        unsaved_since_ns=store.record(checkpoint + 1).timestamp_ns if checkpoint < position else 0,
    )
