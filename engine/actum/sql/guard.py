"""Keeps a batch's transaction whole: a handler that would end it is refused before the database hears of it.

It is for mistakes, not for malice: what goes to the driver past SQLAlchemy is not seen.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, event

from actum.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from sqlalchemy.ext.asyncio import AsyncConnection

#: A statement that ends a transaction, perhaps behind comments; to roll back to a savepoint does not.
ENDING = re.compile(
    r"(?:\s|;|--[^\n]*|/\*(?s:.*?)\*/)*+"
    r"(?P<what>commit|end|abort|prepare\s+transaction|rollback(?!\s+(?:work\s+|transaction\s+)?to\b))\b",
    re.IGNORECASE,
)


@contextmanager
def guarded(connection: AsyncConnection) -> Generator[None]:
    """Nobody ends the transaction in here.

    Raises:
        Invalid: in whoever tries to.
    """
    guarded_connection = connection.sync_connection
    listeners: dict[str, Callable[..., Any]] = {
        "commit": refuse_commit,
        "rollback": refuse_rollback,
        "before_cursor_execute": refuse_statement,
    }
    for name, listener in listeners.items():
        event.listen(guarded_connection, name, listener)
    try:
        yield
    finally:
        for name, listener in listeners.items():
            event.remove(guarded_connection, name, listener)


def refuse_commit(connection: Connection) -> None:
    """A handler calls `commit()`. SQLAlchemy takes the transaction for ended then, and would not undo it any more."""
    connection.connection.rollback()
    refuse("commit")


def refuse_rollback(connection: Connection) -> None:
    """A handler calls `rollback()` or `close()`."""
    del connection
    refuse("roll back or close the connection")


def refuse_statement(connection: Connection, cursor: object, statement: str, *others: Any) -> None:
    """A handler executes something; it may be `COMMIT`."""
    del connection, cursor, others
    found = ENDING.match(statement)
    if found is not None:
        refuse(f"execute {found['what'].upper()}")


def refuse(what: str) -> None:
    """Say why not.

    Raises:
        Invalid: always.
    """
    raise Invalid(
        f"a handler must not {what}: what it writes takes effect together with the bookmark; to undo a part of it use "
        "connection.begin_nested()"
    )
