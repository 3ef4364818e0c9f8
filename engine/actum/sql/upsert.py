"""`upsert`: write a row that may be there already; the same statement for SQLite and PostgreSQL.

An event that is applied to a row which is not there yet, or is, needs nothing else. SQLAlchemy has this statement once
for each dialect; both have the same grammar, so the one of PostgreSQL serves SQLite too (a test compares the two).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

from sqlalchemy.dialects.postgresql import insert

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Table
    from sqlalchemy.dialects.postgresql import Insert


def upsert(table: Table, update: Mapping[str, Any] | None = None) -> Upsert:
    """A statement that inserts a row, or, if one with its primary key is there, changes that one.

    Args:
        table: with a primary key.
        update: what becomes of the columns of a row that is there, by name; unless given, they become what `values`
            says.

    Example:
        await connection.execute(upsert(orders).values(order_id=event.order_id, total=event.total))
        await connection.execute(
            upsert(totals, update={"orders": totals.c.orders + 1}).values(customer_id=event.customer_id, orders=1)
        )
    """
    return Upsert(table, update)


@final
class Upsert:
    """An upsert without its values yet; from `upsert`."""

    def __init__(self, table: Table, update: Mapping[str, Any] | None) -> None:
        """Use `upsert`."""
        self._table = table
        self._update = update

    def values(self, rows: Sequence[Mapping[str, Any]] | None = None, /, **row: Any) -> Insert:
        """The statement.

        Args:
            rows: several, all with the same columns; or
            row: one, by column.
        """
        given = row if rows is None else rows
        names = row if rows is None else rows[0]
        statement = insert(self._table).values(given)
        keys = self._table.primary_key.columns
        update = self._update
        if update is None:
            update = {name: statement.excluded[name] for name in names if name not in keys}
        if not update:
            return statement.on_conflict_do_nothing(index_elements=list(keys))
        return statement.on_conflict_do_update(index_elements=list(keys), set_=update)

    def __repr__(self) -> str:
        """Where to."""
        return f"<Upsert {self._table.name}>"
