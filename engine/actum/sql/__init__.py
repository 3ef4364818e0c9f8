"""Read models in a SQL database, each event applied exactly once. Needs `pip install 'actum[sql]'`.

    projection   what users subclass: a subscription whose bookmark moves in the transaction of its handlers' writes
    ledger       the tables of bookmarks and dead letters
    upsert       a row that may be there already, for both dialects
    outage       which errors are the database's, not the event's

Nothing else of actum imports this package, or SQLAlchemy.
"""

from actum.handlers import handle

try:
    from actum.sql.ledger import BookmarkMoved
    from actum.sql.projection import SqlProjection
    from actum.sql.upsert import upsert
except ModuleNotFoundError as missing:
    raise ImportError(f"{missing.name} is missing: pip install 'actum[sql]'") from missing

__all__ = ["BookmarkMoved", "SqlProjection", "handle", "upsert"]
