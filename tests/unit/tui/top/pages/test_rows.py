"""Screen 4 on real engines: rows change while they are watched; they are ordered, filtered and paged, now and then."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from actum import Engine, MemoryLog, Options, Query, Row, View, answer, project
from actum_tui.top.pages.rows import RowsPage
from actum_tui.top.row_cells import CHANGED

from tests.support.bank import Account, Deposit, Deposited, HeldAssessor, Note, Noted, Withdraw, open_bank
from tests.support.dashboards import app_of, comes, dashboard, seen, sees, sees_not
from tests.support.scenes import scene

#: What a terminal or Textual would obey.
HOSTILE = "\x1b[31m[red]\u202e[/]"
SHOWN = "\\x1b[31m[red]\\u202e[/]"
SIZES = [(80, 24), (160, 50)]


def page_of(pilot: Any) -> RowsPage:
    """The screen."""
    page = app_of(pilot).page
    assert isinstance(page, RowsPage)
    return page


def marks(pilot: Any) -> dict[str, tuple[str, list[str]]]:
    """The sign of each row that has one, and its cells that are drawn as changed, by its key."""
    grid = page_of(pilot).grid
    rows = [grid.get_row_at(number) for number in range(grid.row_count)]
    return {
        row[1].plain.strip(): (row[0].plain, [cell.plain.strip() for cell in row[1:] if str(cell.style) == CHANGED])
        for row in rows
        if row[0].plain
    }


async def fill(bank: Engine, count: int) -> None:
    """So many accounts, each with one unit more than the one before."""
    for number in range(count):
        await bank.send(Deposit(account_id=f"{'ab'[number % 2]}-{number:03}", amount=number + 1))


@pytest.mark.parametrize("size", SIZES)
@scene
async def test_rows_change_while_they_are_watched(size: tuple[int, int]) -> None:
    """Changed cells and new rows are marked, with a sign and a colour, for a moment; a row that is gone leaves."""
    async with open_bank(monitor=True) as bank:
        await fill(bank, 5)
        async with dashboard(page="4", size=size) as pilot:
            await sees(pilot, "Balances", "Activities", "5 rows", "lag 0", "a-000", "rows 1-5 of 5")
            await comes(pilot, lambda: page_of(pilot).settled)
            assert not marks(pilot)
            await bank.send(Deposit(account_id="a-002", amount=1000))
            await bank.send(Deposit(account_id="c-new", amount=7))
            await sees(pilot, "1,003", "c-new")
            assert marks(pilot) == {"a-002": ("~", ["1,003"]), "c-new": ("+", [])}
            await bank.send(Withdraw(account_id="c-new", amount=7))
            await sees_not(pilot, "c-new")
            await comes(pilot, lambda: not marks(pilot), what="the end of the marks")


@scene
async def test_order_by_any_column() -> None:
    """By keys and by the header; what an index orders is marked; the other way round."""
    async with open_bank(monitor=True) as bank:
        await fill(bank, 60)
        async with dashboard(page="4", size=(100, 24)) as pilot:
            await sees(pilot, "account_id", "branch*", "balance*", "a-000")
            await pilot.press("s", "s", "s")
            await sees(pilot, "balance*▲", "by balance", "a-000")
            await pilot.press("S")
            await sees(pilot, "balance*▼", "b-059")
            grid = page_of(pilot).grid
            assert grid.get_row_at(0)[1].plain == "b-059"
            await pilot.press("s")
            await sees(pilot, "has an index", "a-000")


@scene
async def test_pages_of_a_view() -> None:
    """Page by page, to the last and to the first, and over the edges with the arrows."""
    async with open_bank(monitor=True) as bank:
        await fill(bank, 100)
        async with dashboard(page="4", size=(80, 24)) as pilot:
            room = page_of(pilot).grid.rows_max
            await sees(pilot, f"rows 1-{room} of 100", "a-000")
            await pilot.press("pagedown")
            await sees(pilot, f"rows {room + 1}-{2 * room} of 100")
            await pilot.press("end")
            await sees(pilot, f"rows {101 - room}-100 of 100", "b-099")
            await pilot.press("down")
            await sees(pilot, "b-099")
            await pilot.press("home")
            await sees(pilot, f"rows 1-{room} of 100", "a-000")
            await pilot.press("up", *["down"] * room)
            await sees(pilot, f"rows 2-{room + 1} of 100")
            await pilot.press("pageup")
            await sees(pilot, f"rows 1-{room} of 100", "a-000")


@scene
async def test_the_filter() -> None:
    """Only rows that match, live; what is wrong with it, and none at all, are said."""
    async with open_bank(monitor=True) as bank:
        await fill(bank, 30)
        async with dashboard(page="4", size=(100, 24)) as pilot:
            await sees(pilot, "rows 1-")
            await pilot.press("slash", *"branch=a balance>2", "0", "enter")
            await sees(pilot, "of 5   match branch=a balance>20, 30 in all", "a-020")
            assert "b-021" not in seen(pilot.app)
            await bank.send(Deposit(account_id="a-004", amount=100))
            await sees(pilot, "a-004", "of 6")
            await pilot.press("slash", "end", "0", "0", "0")
            await sees(pilot, "None of 30 rows matches branch=a balance>20000.")
            await pilot.press("escape")
            await sees(pilot, "of 30", "b-001")
            await pilot.press("slash", *"balance>", "enter")
            await comes(pilot, lambda: page_of(pilot).query_one("#fault").has_class("open"), what="the fault")


@scene
async def test_a_row_in_full() -> None:
    """Each field with its type and its value, of the row under the cursor."""
    async with open_bank(monitor=True) as bank:
        await fill(bank, 3)
        async with dashboard(page="4", size=(80, 24)) as pilot:
            await sees(pilot, "a-002")
            await pilot.press("enter")
            await sees(pilot, "branch      str  a", "account_id  str  a-000")
            await pilot.press("down")
            await sees(pilot, "account_id  str  b-001")
            await pilot.press("y")
            assert json.loads(pilot.app.clipboard) == {"account_id": "b-001", "branch": "b", "balance": 2}
            await pilot.press("enter")
            await sees_not(pilot, "account_id  str")


@pytest.mark.parametrize("size", SIZES)
@scene
async def test_as_of_a_position(tmp_path: Path, size: tuple[int, int]) -> None:
    """The same table for the past, clearly marked; what a step changes is marked; back to now with one key."""
    async with open_bank(tmp_path / "bank", monitor=True) as bank:
        for amount in range(1, 31):
            await bank.send(Deposit(account_id="a-1", amount=amount))
        await bank.send(Deposit(account_id="b-1", amount=5))
        async with dashboard(tmp_path / "bank", page="4", size=size) as pilot:
            await sees(pilot, "465", "b-1")
            assert "Now" not in seen(pilot.app)
            await pilot.press("a", *"10", "enter")
            await sees(pilot, "PAST as of position 10", "1 row ", "@10", " 55", "rows 1-1 of 1", "Now")
            assert "live" not in seen(pilot.app).replace("LIVE", "").splitlines()[1]
            await bank.send(Deposit(account_id="b-1", amount=5))
            await pilot.press("full_stop")
            await sees(pilot, "PAST as of position 11", " 66")
            assert marks(pilot) == {"a-1": ("~", ["66"])}
            await pilot.press("a", *"-1", "enter")
            await sees(pilot, "PAST as of position 31", "465")
            await pilot.press("n")
            await sees_not(pilot, "PAST")
            await sees(pilot, "b-1", " 10", "live")
            await pilot.press("comma")
            await sees(pilot, "PAST as of position 31")
            await pilot.press("escape")
            await sees_not(pilot, "PAST")


@scene
async def test_a_position_that_is_none_is_refused() -> None:
    """With what there is; escape closes the line."""
    async with open_bank(monitor=True) as bank:
        await fill(bank, 3)
        async with dashboard(page="4", size=(100, 24)) as pilot:
            await sees(pilot, "a-002")
            await pilot.press("a", *"99", "enter")
            await sees(pilot, "there is no position 99: the log has 3")
            await pilot.press("escape")
            await comes(pilot, lambda: page_of(pilot).grid.has_focus)
            assert "PAST" not in seen(pilot.app)


@scene
async def test_another_view() -> None:
    """By the list or by keys; each has its own columns."""
    async with open_bank(monitor=True) as bank:
        await fill(bank, 3)
        async with dashboard(page="4", size=(120, 24)) as pilot:
            await sees(pilot, "balance*")
            await pilot.press("right_square_bracket")
            await sees(pilot, "timestamp_ns", "user_id")
            await pilot.press("left_square_bracket")
            await sees(pilot, "balance*")
            await pilot.click("#views", offset=(4, 2))
            await sees(pilot, "timestamp_ns")


class Everything(Row, key="name"):
    """A wide row."""

    name: str
    a: int = 0
    b: int = 0
    c: int = 0
    d: int = 0
    e: int = 0
    f: int = 0
    g: int = 0
    h: int = 0
    i: int = 0
    j: int = 0
    last_one: str = "here"


class EverythingOf(Query[Everything | None]):
    """One of them."""

    name: str


class Widths(View[Everything]):
    """Many fields; fails if it is told to."""

    @project
    def deposited(self, event: Deposited) -> None:
        """One more."""
        if event.amount == UNLUCKY:
            raise ValueError(f"no {HOSTILE} thirteens")
        self.put(Everything(name=event.account_id, a=event.amount, last_one=event.account_id * 30))

    @answer
    def of(self, query: EverythingOf) -> Everything | None:
        """By the key."""
        return self.get(query.name)


UNLUCKY = 13


def open_wide() -> Engine:
    """An engine with a wide view."""
    options = Options(gate_seconds=0.0005, gc_policy="none", durability="relaxed", ballast_bytes=0)
    return Engine.open(
        MemoryLog(), Account, Widths, services=[HeldAssessor()], options=options, monitor=True, admin=True
    )


@scene
async def test_fields_that_do_not_fit() -> None:
    """Ten are seen; the others come with a key, the row's key stays. What is long is cut."""
    async with open_wide() as engine:
        await engine.send(Deposit(account_id="ann", amount=4))
        async with dashboard(page="4", size=(120, 24)) as pilot:
            await sees(pilot, "name", " i ", "2 > fields more")
            await pilot.press("greater_than_sign", "greater_than_sign", "greater_than_sign")
            await sees(pilot, "< 2 and 0 >", "last_one", "annannann", "…")
            assert "ann" in page_of(pilot).grid.get_row_at(0)[1].plain
            await pilot.press("less_than_sign", "less_than_sign")
            await sees(pilot, "< 0 and 2 >")


@scene
async def test_a_broken_view_says_why_and_what_to_do() -> None:
    """And can be rebuilt, if that is allowed; nothing in the reason is obeyed."""
    async with open_wide() as engine:
        await engine.send(Deposit(account_id="ann", amount=4))
        await engine.send(Deposit(account_id="ann", amount=UNLUCKY))
        async with dashboard(page="4", size=(160, 30)) as pilot:
            await sees(pilot, "BROKEN", SHOWN, "Mend the handler", "--rw")
            await pilot.press("R")
            await sees(pilot, "Nothing was done")
        async with dashboard(page="4", size=(160, 30), rw=True) as pilot:
            await sees(pilot, "BROKEN", "R rebuilds it")
            await pilot.press("R")
            await sees(pilot, "Leave it")


@scene
async def test_hostile_rows_are_shown_as_text() -> None:
    """In the table, in the detail, in the filter."""
    async with open_bank(monitor=True) as bank:
        await bank.send(Deposit(account_id=HOSTILE, amount=4))
        await bank.send(Note(account_id="[@click=app.quit]x[/]", text=HOSTILE))
        async with dashboard(page="4", size=(120, 30)) as pilot:
            await sees(pilot, SHOWN)
            await pilot.press("enter")
            await sees(pilot, f"account_id  str  {SHOWN}")
            await pilot.press("right_square_bracket")
            await sees(pilot, "[@click=app.quit]x[/]")


@scene
async def test_a_view_without_rows() -> None:
    """Says so, and a row that comes is seen."""
    async with open_bank(monitor=True) as bank, dashboard(page="4") as pilot:
        await sees(pilot, "The view has no rows: nothing that makes one")
        await bank.send(Deposit(account_id="ann", amount=4))
        await sees(pilot, "ann", "rows 1-1 of 1")


class Many(View[Everything]):
    """A thousand rows for each note."""

    @project
    def noted(self, event: Noted) -> None:
        """So many more."""
        first = int(event.text)
        for number in range(first, first + 1_000):
            self.put(Everything(name=f"{number:07}", a=number))

    @project
    def deposited(self, event: Deposited) -> None:
        """One of them changes."""
        self.put(Everything(name=event.account_id, a=event.amount))

    @answer
    def of(self, query: EverythingOf) -> Everything | None:
        """By the key."""
        return self.get(query.name)


@scene
async def test_a_hundred_thousand_rows() -> None:
    """The last page, and what a filter finds in all of them, while they change."""
    async with Engine.open(MemoryLog(), Account, Many, services=[HeldAssessor()], monitor=True) as engine:
        await engine.send_many([Note(account_id="a", text=str(first)) for first in range(0, 100_000, 1_000)])
        async with dashboard(page="4", size=(100, 24)) as pilot:
            await sees(pilot, "100,000 rows", "0000000")
            await pilot.press("end")
            await sees(pilot, "0099999", "of 100,000")
            await pilot.press("home", "slash", *"a>99990", "enter")
            await sees(pilot, "of 9   match", "0099991")
            await engine.send(Deposit(account_id="0000007", amount=2_000_000))
            await pilot.press("slash", "end", "9", "enter")
            await sees(pilot, "of 1   match a>999909", "0000007", "2,000,000")
