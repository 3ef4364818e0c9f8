"""Read models in a SQL database, each event applied exactly once. Needs `pip install 'actum[sql]'`.

    projection   what users subclass: a subscription whose bookmark moves in the transaction of its handlers' writes
    ledger       the tables of bookmarks and dead letters
    upsert       a row that may be there already, for both dialects
    outage       which errors are the database's, not the event's

Nothing else of actum imports this package, or SQLAlchemy.
"""

try:
    import sqlalchemy.ext.asyncio  # noqa: F401  # whether it is there
except ImportError as missing:
    raise ImportError("sqlalchemy is missing: pip install 'actum[sql]'") from missing

from actum.handlers import handle
from actum.sql.ledger import BookmarkMoved
from actum.sql.projection import SqlProjection
from actum.sql.upsert import upsert

__all__ = ["BookmarkMoved", "SqlProjection", "handle", "upsert"]
