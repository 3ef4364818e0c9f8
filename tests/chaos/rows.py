"""The rows of the table, in the order in which they are printed."""

from __future__ import annotations

from tests.chaos.row import Row

#: Each room of this folder adds its own.
ROWS: tuple[Row, ...] = ()
