"""The databases for the lists of orders: a file of SQLite, and a PostgreSQL where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.support.postgres import postgres_programs, private_postgres


@contextmanager
def databases(directory: Path, *, postgres: bool = True) -> Iterator[list[str]]:
    """Their addresses; both are empty, and gone at the end."""
    with ExitStack() as stack:
        urls = [f"sqlite+aiosqlite:///{directory / 'orders.db'}"]
        if postgres and postgres_programs() is not None:
            urls.append(stack.enter_context(private_postgres()).new_database())
        yield urls
