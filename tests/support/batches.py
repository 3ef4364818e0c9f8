"""Batches of records for tests of the storage room, where records are opaque bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actum_storage import Batch, Frame, Head, stream_hash

if TYPE_CHECKING:
    from actum_storage import Log


def record(position: int, *, size: int = 24) -> bytes:
    """A record that tells its position, so that a mixed-up one is noticed."""
    return f"record {position} ".encode().ljust(size, b".")


def batch(first: int, count: int = 1, *, size: int = 24) -> Batch:
    """Records `first` to `first + count - 1`."""
    return batch_of(first, [record(position, size=size) for position in range(first, first + count)])


def batch_of(first: int, records: list[bytes]) -> Batch:
    """These records, from position `first`."""
    offsets = [sum(map(len, records[:index])) for index in range(len(records))]
    streams = b"".join(stream_hash("Account", str(first + index)) for index in range(len(records)))
    return Batch(first, offsets, streams, bytearray(b"".join(records)))


def fill(log: Log, *counts: int, size: int = 24) -> Head:
    """Append one frame for each count, as a new writer."""
    epoch = log.acquire()
    for count in counts:
        log.append(epoch, batch(log.head.position + 1, count, size=size))
    return log.head


def records_of(frame: Frame) -> list[bytes]:
    """Every record of a frame, one by one."""
    return [bytes(frame.record(index)) for index in range(frame.count)]
