"""Looking through a log of any length, in pieces, in both directions."""

from __future__ import annotations

from pathlib import Path

import actum
import pytest
from actum import StoredRecord
from actum.monitor import Filter, TraceSearch
from actum_tui.top import search as search_module
from actum_tui.top.journal import DirectoryJournal
from actum_tui.top.search import Search, trace_piece

from tests.support.bank import Deposit, DepositEach, open_bank
from tests.support.scenes import scene

EVENTS = 2_000


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A store with 2,000 deposits of 1 to 2,000, the last but ten with a correlation id."""

    async def fill() -> None:
        async with open_bank(tmp_path / "bank") as bank:
            for first in range(1, EVENTS, 100):
                amounts = list(range(first, first + 100))
                await bank.send(DepositEach(account_id="a", amounts=amounts))
            await bank.send(Deposit(account_id="b", amount=1), correlation_id="basket")

    actum.run(fill())
    return str(tmp_path / "bank")


async def looked(search: Search, head: int, *, records: int = 10, positions: int = 10_000) -> list[int]:
    """The positions of what one look finds, in the order in which it comes."""
    found: list[int] = []
    async for these in search.further(head, records=records, positions=positions):
        assert [record.position for record in these] == sorted(record.position for record in these)
        found += [record.position for record in these]
    return found


@scene
async def test_backwards_as_far_as_is_wanted(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stops when it has found enough, or looked at enough, says how far it is, and goes on from there."""
    monkeypatch.setattr(search_module, "PIECE_POSITIONS", 100)
    journal = DirectoryJournal(path)
    head = await journal.head()
    search = Search(journal, Filter.parse("amount<=50 key:a"), head)
    assert await looked(search, head, positions=500) == []
    assert search.told(head) == "looked at 500 events back to position 1,502; m looks further"
    assert not search.over(head)
    found = await looked(search, head, records=10)
    assert found == list(range(2, 51)) or found == [*range(2, 51), 1]
    assert await looked(search, head) in ([1], [])
    assert search.over(head)
    assert search.told(head) == "looked at all 2,001 events"
    await journal.close()


@scene
async def test_forwards_and_within_positions(path: str) -> None:
    """What a filter says of positions is where it looks; without a filter it reads no more than is wanted."""
    journal = DirectoryJournal(path)
    head = await journal.head()
    search = Search(journal, Filter.parse("position>=100 position<200 amount>150"), 1, forwards=True)
    assert await looked(search, head, records=1_000) == list(range(151, 200))
    assert search.looked_at == 100
    assert search.over(head)
    newest = Search(journal, Filter(), head)
    assert await looked(newest, head, records=7) == list(range(head - 6, head + 1))
    later = Search(journal, Filter(), 5, forwards=True)
    await looked(later, head, records=7)
    assert later.told(head) == "looked at 7 events up to position 11; m looks further"
    assert Search(journal, Filter.parse("position<50"), head).at == 0
    await journal.close()


@scene
async def test_a_trace_is_looked_for_in_the_directory(path: str) -> None:
    """Frames without its marks are not decoded; the answer is the same as from all records."""
    journal = DirectoryJournal(path)
    head = await journal.head()
    search = TraceSearch("basket", head)
    while await trace_piece(journal, search):
        pass
    assert [record.key for record in search.trace().records] == ["b"]

    class Records:
        """A journal that has records and nothing else."""

        async def head(self) -> int:
            """The last position."""
            return head

        async def records(self, start: int, stop: int) -> list[StoredRecord]:
            """Some records."""
            return await journal.records(start, stop)

        async def history(self, aggregate: str, key: str) -> list[StoredRecord]:
            """None is asked for."""
            raise NotImplementedError

        async def close(self) -> None:
            """Nothing."""

    other = TraceSearch("basket", head)
    while await trace_piece(Records(), other):
        pass
    assert other.trace() == search.trace()
    await journal.close()
