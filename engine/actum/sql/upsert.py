"""`upsert`: write a row that may be there already; the same statement for SQLite and PostgreSQL.

An event that is applied to a row which is not there yet, or is, needs nothing else. SQLAlchemy has this statement once
for each dialect; both have the same grammar, so the one of PostgreSQL serves SQLite too (a test compares the two).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, final

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert

from actum.errors import Invalid, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.dialects.postgresql import Insert


def upsert(table: Table, update: Mapping[str, Any] | None = None) -> Upsert:
    """A statement that inserts a row, or, if one with its primary key is there, changes that one.

    Args:
        table: with a primary key.
        update: what becomes of the columns of a row that is there, by name; unless given, they become what `values`
            says.

    Raises:
        Invalid: it is no table, has no primary key, or not such a column.

    Example:
        await connection.execute(upsert(orders).values(order_id=event.order_id, total=event.total))
        await connection.execute(
            upsert(totals, update={"orders": totals.c.orders + 1}).values(customer_id=event.customer_id, orders=1)
        )
    """
    if not isinstance(table, Table):
        raise Invalid(f"upsert({shown(table)}): give a SQLAlchemy Table")
    if not table.primary_key.columns:
        raise Invalid(f"upsert: {table.name} has no primary key, by which a row that is there would be known")
    check_columns(table, update or ())
    return Upsert(table, update)


def check_columns(table: Table, names: Iterable[str]) -> None:
    """Refuse columns that a table does not have."""
    for name in names:
        if name not in table.c:
            raise Invalid(f"{table.name} has no column {shown(name)}; it has {', '.join(table.c.keys())}")


@final
class Upsert:
    """An upsert without its values yet; from `upsert`."""

    def __init__(self, table: Table, update: Mapping[str, Any] | None) -> None:
        """Use `upsert`."""
        self._table = table
        self._update = update

    def values(self, rows: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None, /, **row: Any) -> Insert:
        """The statement.

        Args:
            rows: one as a mapping, or several, all with the same columns; or
            row: one, by column.

        Raises:
            Invalid: there is no row, or one that does not fit the table or the others.
        """
        table = self._table
        if rows and row:
            raise Invalid(f"upsert of {table.name}: give values either rows or columns, not both")
        given = row if rows is None else rows
        if not given:
            raise Invalid(f"upsert: give a row of {table.name} to values, or a list of them that is not empty")
        first, *others = [given] if isinstance(given, Mapping) else given
        names = list(first)
        check_columns(table, names)
        if any(each.keys() != first.keys() for each in others):
            raise Invalid(f"upsert of {table.name}: the rows differ in their columns; give all the same ones")
        statement = insert(table).values(given)
        keys = table.primary_key.columns
        update = self._update
        if update is None:
            update = {name: statement.excluded[name] for name in names if name not in keys}
        if not update:
            return statement.on_conflict_do_nothing(index_elements=list(keys))
        return statement.on_conflict_do_update(index_elements=list(keys), set_=update)

    def __repr__(self) -> str:
        """Where to."""
        return f"<Upsert {self._table.name}>"
