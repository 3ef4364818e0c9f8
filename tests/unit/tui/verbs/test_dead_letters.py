"""`dead-letters ls|show|retry|drop` on real stores, with bookmarks in the store and in a database."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import actum
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from tests.support.bank import Account, Deposit, open_bank
from tests.support.commands import answered, exit_code_of, refused
from tests.support.processes import Conversation
from tests.support.sql_models import METADATA, WatchedTable
from tests.support.subscribers import Journal
from tests.support.troubled import MENDED, OUTBOX, fill_troubled
from tests.unit.tui.verbs.test_subscriptions import APP, ENGINE


@pytest.fixture
def shop(tmp_path: Path) -> str:
    """A store in which things went wrong."""
    actum.run(fill_troubled(tmp_path / "shop"))
    return str(tmp_path / "shop")


def letters(store: str, *more: object) -> list[tuple[int, int]]:
    """Position and attempts of each."""
    found = answered("dead-letters", "ls", "-s", store, *more)["dead_letters"]
    return [(each["position"], each["attempts"]) for each in found]


def test_they_are_listed_and_shown(shop: str) -> None:
    """Which event, what its handler raised, how often, when; with the event itself. Escapes are written out."""
    (letter,) = answered("dead-letters", "ls", "-s", shop)["dead_letters"]
    assert (letter["subscription"], letter["tag"], letter["key"]) == ("mailer", "OrderPlaced", "waiting")
    assert letter["error"] == "ValueError: no such letter: \x1b[31m\u202e"
    shown = answered("dead-letters", "show", "mailer", letter["position"], "-s", shop)
    assert shown["record"]["event"]["product_id"] == "unprintable"
    for arguments in (("ls",), ("ls", "mailer"), ("show", "mailer", letter["position"])):
        code, said, _ = exit_code_of("dead-letters", *arguments, "-s", shop)
        assert code == 0
        assert "\\x1b[31m" in said
        assert not {"\x1b", "\u202e"} & set(said)
    assert "no dead letter at position 1" in refused("dead-letters", "show", "mailer", 1, "-s", shop)
    assert "no subscription nobody" in refused("dead-letters", "ls", "nobody", "-s", shop)
    assert "no subscription nobody" in refused("dead-letters", "show", "nobody", 1, "-s", shop)


def test_no_dead_letters(one_event: str) -> None:
    """That is said."""
    assert exit_code_of("dead-letters", "ls", "-s", one_event)[1] == "no dead letters\n"


def test_retry_later(shop: str) -> None:
    """They are marked, and handled when their subscription begins; no classes are needed."""
    ((position, attempts),) = letters(shop)
    assert attempts == 1
    assert answered("dead-letters", "retry", "mailer", position, "-s", shop)["positions"] == [position]
    assert letters(shop) == [(position, 0)]
    assert "again" in exit_code_of("dead-letters", "ls", "-s", shop)[1]
    assert "when its subscription begins" in exit_code_of("dead-letters", "show", "mailer", position, "-s", shop)[1]
    with Conversation(ENGINE, shop) as engine:
        assert engine.first_line == "open"
    assert letters(shop) == [(position, 1)]


def test_retry_now(shop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's handler is called at once: what fails again stays and is told of; nothing else is handled."""
    ((position, _),) = letters(shop)
    again = answered("dead-letters", "retry", "mailer", "--all", "--now", "-s", shop, "-a", APP, code=1)
    assert [each["position"] for each in again["failed"]] == [position]
    assert "no such letter" in again["failed"][0]["error"]
    assert letters(shop) == [(position, 2)]
    answered("subscriptions", "reset", "mailer", "--position", position, "-s", shop)
    assert letters(shop) == [(position, 2)]
    monkeypatch.setenv(MENDED, "yes")
    monkeypatch.setenv(OUTBOX, str(tmp_path / "outbox"))
    assert answered("dead-letters", "retry", "mailer", position, "--now", "-s", shop, "-a", APP)["failed"] == []
    assert (tmp_path / "outbox").read_text() == f"{position} thanks for waiting\n"
    assert letters(shop) == []
    assert "needs your classes" in refused("dead-letters", "retry", "mailer", position, "--now", "-s", shop)


def test_drop(shop: str) -> None:
    """It is gone; what is not there is refused before anything is done."""
    ((position, _),) = letters(shop)
    assert "at position 1" in refused("dead-letters", "drop", "mailer", position, 1, "-s", shop)
    assert letters(shop) == [(position, 1)]
    assert "or --all" in refused("dead-letters", "drop", "mailer", "-s", shop)
    assert "or --all" in refused("dead-letters", "drop", "mailer", position, "--all", "-s", shop)
    assert answered("dead-letters", "drop", "mailer", "--all", "-s", shop)["positions"] == [position]
    assert letters(shop) == []


def test_beside_their_process(shop: str) -> None:
    """They are listed; who wants to change them is told what to do in there."""
    with Conversation(ENGINE, shop) as engine:
        ((position, _),) = letters(shop)
        for arguments in (("retry", "mailer", position), ("drop", "mailer", position)):
            message = refused("dead-letters", *arguments, "-s", shop)
            assert f"runs in process {engine.process.pid}" in message
            assert f"await engine.subscription(...).{arguments[0]}({position})" in message
        message = refused("dead-letters", "retry", "mailer", position, "--now", "-s", shop, "-a", APP)
        assert f"await engine.subscription(Mailer).retry({position})" in message


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A store with a SQL projection that could not handle one event."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'read.db'}"
    database: AsyncEngine = create_async_engine(url, poolclass=NullPool)  # each verb has a loop of its own
    journal = Journal()
    journal.faults = {2: -1}

    async def fill() -> None:
        async with database.begin() as connection:
            await connection.run_sync(METADATA.create_all)
        async with open_bank(tmp_path / "bank", WatchedTable, services=[journal, database]) as bank:
            for amount in (1, 2, 3):
                await bank.send(Deposit(account_id="a", amount=amount))
            await bank.subscription(WatchedTable).caught_up()

    actum.run(fill())
    good = Journal()
    shown = SimpleNamespace(components=[Account, WatchedTable], services=[good, database], journal=good)
    monkeypatch.setattr("tests.unit.tui.verbs.test_dead_letters.TABLES", shown, raising=False)
    return str(tmp_path / "bank")


def test_those_in_a_database(tables: str) -> None:
    """With the user's classes they are listed, retried and dropped as those in the store; without, nothing is known."""
    app = ("-a", "tests.unit.tui.verbs.test_dead_letters:TABLES")
    assert letters(tables) == []
    (one,) = answered("subscriptions", "ls", "-s", tables)["subscriptions"]
    assert (one["state"], one["position"]) == ("new", None)
    (one,) = answered("subscriptions", "ls", "-s", tables, *app)["subscriptions"]
    assert (one["state"], one["position"], one["lag"], one["dead_letters"]) == ("stopped", 3, 0, 1)
    assert letters(tables, *app) == [(2, 2)]
    assert "keeps it itself" in refused("subscriptions", "reset", "watched", "-s", tables)
    assert "add --now" in refused("dead-letters", "retry", "watched", 2, "-s", tables, *app)
    assert answered("dead-letters", "retry", "watched", 2, "--now", "-s", tables, *app)["positions"] == [2]
    assert letters(tables, *app) == []
    assert answered("subscriptions", "reset", "watched", "--position", 1, "-s", tables, *app)["position"] == 1
    assert answered("subscriptions", "ls", "-s", tables, *app)["subscriptions"][0]["lag"] == 2


def test_dropped_from_a_database(tables: str) -> None:
    """It is gone there."""
    app = ("-a", "tests.unit.tui.verbs.test_dead_letters:TABLES")
    assert answered("dead-letters", "drop", "watched", "--all", "-s", tables, *app)["positions"] == [2]
    assert letters(tables, *app) == []
