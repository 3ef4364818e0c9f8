"""Frames and the log: sealing, parsing, appending by batch size and durability."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from actum_bench.bank import key_of
from actum_storage import GENESIS, Batch, Frame, LmdbLog, seal, stream_hash

if TYPE_CHECKING:
    from micro.conftest import Bench

#: As long as an encoded deposit with its metadata.
RECORD = bytes(90)
#: By how many records are in a frame, how many calls take a few milliseconds.
CALLS = {1: 1_000, 10: 1_000, 100: 500, 1_000: 50}
#: Appends in a round; a full one takes an fsync.
APPENDS = {"full": 20, "relaxed": 100}
SIZES = pytest.mark.parametrize("records", CALLS)


def batch_of(count: int, first: int = 1) -> Batch:
    """Records at the positions from `first`."""
    offsets = [len(RECORD) * number for number in range(count)]
    streams = b"".join(stream_hash("Account", key_of(number)) for number in range(count))
    return Batch(first, offsets, streams, RECORD * count)


@SIZES
def test_seal(records: int, bench: Bench) -> None:
    """Seal a frame."""
    batch = batch_of(records)
    bench(lambda: seal(batch, GENESIS), n=CALLS[records])


@SIZES
def test_parse(records: int, bench: Bench) -> None:
    """Parse and verify a frame."""
    data = seal(batch_of(records), GENESIS).data
    bench(lambda: Frame.parse(data, "a benchmark"), n=CALLS[records])


@SIZES
@pytest.mark.parametrize("durability", ["full", "relaxed"])
def test_append(records: int, durability: Literal["full", "relaxed"], tmp_path: Path, bench: Bench) -> None:
    """Append a frame to the log."""
    log = LmdbLog.open(tmp_path / "log", write=True, durability=durability)
    try:
        epoch, batch = log.acquire(), batch_of(records)

        def append() -> None:
            log.append(epoch, batch._replace(first=log.head.position + 1))

        bench(append, n=APPENDS[durability], durability=durability)
        assert log.head.position % records == 0
    finally:
        log.close()
