"""Which errors say that the database is away or not ready, or could not do it just now, not that the event is wrong.

Such an error makes no dead letter: the batch is tried again until the database is back. A table or column that is not
there is of that kind too: every event would fail alike until somebody migrates the database or mends the handler.
"""

from __future__ import annotations

import re

from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.exc import TimeoutError as PoolTimeout

#: SQLSTATE, by its beginning: connections, deadlocks, resources, locks, operators and limits, and system errors.
AWAY_STATES = ("08", "25P03", "40", "53", "55P03", "57", "58")
#: A server that only reads; a schema, right, column, function, table or type that is missing.
UNREADY_STATES = ("25006", "3F000", "42501", "42703", "42883", "42P01", "42704")
STATES = AWAY_STATES + UNREADY_STATES
#: SQLite, by its name: somebody else has the lock, or the file or disk does not do what it should.
SQLITE_NAMES = (
    "SQLITE_BUSY",
    "SQLITE_LOCKED",
    "SQLITE_IOERR",
    "SQLITE_FULL",
    "SQLITE_CANTOPEN",
    "SQLITE_PROTOCOL",
    "SQLITE_READONLY",
    "SQLITE_PERM",
)
#: What SQLite says of what is missing, under the name that it has for every error of a statement.
SQLITE_MISSING = re.compile(r"no such (table|column): |table .* has no column named ")
#: What a driver says of a connection that ended in the middle of something.
CONNECTION_WORDS = ("connection is closed", "connection was closed", "connection has been closed")


def is_outage(error: BaseException) -> bool:
    """Whether trying again later is what helps; the error itself, or what it was raised from."""
    seen: BaseException | None = error
    for _ in range(10):  # a chain may be a ring
        if seen is None:
            return False
        if is_one(seen):
            return True
        seen = seen.__cause__
    return False


def is_one(error: BaseException) -> bool:
    """Whether it is such an error itself."""
    if isinstance(error, (PoolTimeout, InvalidatePoolError)):
        return True
    if not isinstance(error, DBAPIError):
        return False
    original = error.orig
    state = getattr(original, "sqlstate", None) or getattr(original, "pgcode", None) or ""
    name = getattr(original, "sqlite_errorname", None) or ""
    return (
        error.connection_invalidated
        or state.startswith(STATES)
        or name.startswith(SQLITE_NAMES)
        or (name == "SQLITE_ERROR" and SQLITE_MISSING.match(str(original)) is not None)
        or any(words in str(original) for words in CONNECTION_WORDS)
    )
