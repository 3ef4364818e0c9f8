"""The rows of `make chaos`, in the order of the table."""

from __future__ import annotations

from tests.chaos import flips, kill, malformed
from tests.chaos.row import Row

ROWS: tuple[Row, ...] = (kill.ROW, flips.ROW, malformed.ROW)
