"""Read models in a SQL database, each event applied exactly once. Needs `pip install 'actum[sql]'`.

    projection   what users subclass: a subscription whose bookmark moves in the transaction of its handlers' writes
    ledger       the tables of bookmarks and dead letters
    guard        keeps a handler from ending the transaction
    upsert       a row that may be there already, for both dialects
    outage       which errors are the database's, not the event's
    site         where the tables are: live, or in a second set beside them
    rebuild      builds the second set, compares it, puts its rows in place of the live ones

Nothing else of actum imports this package, or SQLAlchemy.
"""

from actum.handlers import handle

try:
    from actum.sql.ledger import BookmarkMoved
    from actum.sql.projection import SqlProjection
    from actum.sql.rebuild import RebuildReport, TableReport, rebuild
    from actum.sql.upsert import upsert
except ModuleNotFoundError as missing:
    raise ImportError(f"{missing.name} is missing: pip install 'actum[sql]'") from missing

__all__ = ["BookmarkMoved", "RebuildReport", "SqlProjection", "TableReport", "handle", "rebuild", "upsert"]
