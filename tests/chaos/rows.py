"""The rows of `make chaos`, in the order of the table."""

from __future__ import annotations

from tests.chaos import (
    faults,
    flips,
    full,
    inputs,
    kill,
    malformed,
    markets,
    orders,
    points,
    power,
    readers,
    seeds,
    transfers,
)
from tests.chaos.fulfilment import row as fulfilment
from tests.chaos.row import Row

ROWS: tuple[Row, ...] = (
    kill.ROW,
    transfers.ROW,
    orders.ROW,
    readers.ROW,
    fulfilment.ROW,
    points.ROW,
    power.ROW,
    faults.ROW,
    full.ROW,
    flips.ROW,
    malformed.ROW,
    seeds.ROW,
    markets.ROW,
    inputs.ROW,
)
