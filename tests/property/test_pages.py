"""A page of a view is what sorting and slicing a list of its rows gives, whatever changes between two slices."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import actum
import pytest
from actum import Engine
from actum.monitor import RowsRequest, looks, pace
from actum.monitor.frames import RowsPage
from actum.monitor.ordering import comparable
from actum.monitor.pace import Crowd, Pace
from actum.monitor.pages import page_of
from actum.monitor.rows import Onlookers, Pages
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.bank import Balance, Balances, Deposit, open_bank
from tests.support.bank_model import COMMANDS

ACCOUNTS = [f"a{number}" for number in range(6)]
REQUESTS = st.builds(
    RowsRequest,
    view=st.just("Balances"),
    order=st.sampled_from([None, "account_id", "branch", "balance"]),
    descending=st.booleans(),
    offset=st.integers(0, 8),
    limit=st.integers(1, 5),
)


@pytest.fixture(autouse=True)
def small_steps() -> Iterator[None]:
    """A few rows are many slices."""
    with (
        patch.object(looks, "STEP_ROWS", 1),
        patch.object(looks, "PART_ROWS", 1),
        patch.object(pace, "SLICE_STEPS_MAX", 1),
    ):
        yield


def model(rows: list[Balance], request: RowsRequest) -> list[tuple[Any, ...]]:
    """The page, as a few lines say it; `branch` orders by an index that has the balance behind it."""
    if request.order is not None:
        names = {"branch": ("branch", "balance", "account_id")}.get(request.order, (request.order, "account_id"))
        rows = sorted(rows, key=lambda row: tuple(getattr(row, name) for name in names), reverse=request.descending)
    page = rows[request.offset : request.offset + request.limit]
    return [(row.account_id, row.branch, row.balance) for row in page]


def pages_of(bank: Engine) -> Pages:
    """For one client."""
    core = bank._core
    assert core is not None
    return Onlookers(core).pages()


@settings(max_examples=150)
@given(commands=st.lists(COMMANDS, max_size=3), request=REQUESTS)
def test_a_page(commands: list[list[Any]], request: RowsRequest) -> None:
    """Asked for once, in a frame, and as of each position."""

    async def play() -> None:
        async with open_bank() as bank:
            for some in commands:
                await bank.send_many(some)
            pages, head = pages_of(bank), bank.statistics().position
            rows = bank.rows(Balances)
            page = await pages.page(request)
            assert page.rows == tuple(model(rows, request))
            assert (page.count, page.matched, page.looked_at) == (len(rows),) * 3
            assert (page.position, page.looked_position, page.exact) == (head, head, True)
            shown = pages.live(request)
            while shown is None or shown.looked_at < shown.count:
                await asyncio.sleep(0)
                shown = pages.live(request)
            assert shown == page
            for position in range(head + 1):
                then = await pages.page(replace(request, position=position))
                rows_then = await bank.rows_at(Balances, position=position)
                assert (then.rows, then.position) == (tuple(model(rows_then, request)), position)
            pages.close()

    actum.run(play())


async def interrupted(bank: Engine, looking: asyncio.Task[RowsPage], changes: list[tuple[int, list[Any]]]) -> RowsPage:
    """Commands between any two slices of a look."""
    for turns, commands in changes:
        for _ in range(turns):
            await asyncio.sleep(0)
        await bank.send_many(commands)
    return await looking


CHANGES = st.lists(st.tuples(st.integers(0, 3), COMMANDS), max_size=4)


@settings(max_examples=100)
@given(before=COMMANDS, changes=CHANGES, request=REQUESTS)
def test_a_small_view_that_changes(before: list[Any], changes: list[Any], request: RowsRequest) -> None:
    """The page is exactly that of the position that it names, in the order of the rows then."""

    async def play() -> None:
        async with open_bank() as bank:
            await bank.send_many(before)
            page = await interrupted(bank, asyncio.create_task(pages_of(bank).page(request)), changes)
            assert page.exact
            assert page.position == page.looked_position
            rows = await bank.rows_at(Balances, position=page.position)
            assert page.rows == tuple(model(rows, request))
            assert (page.count, page.matched) == (len(rows), len(rows))

    actum.run(play())


@settings(max_examples=150)
@given(before=COMMANDS, changes=CHANGES, order=st.sampled_from([None, "account_id"]), descending=st.booleans())
def test_a_large_view_that_changes(
    before: list[Any], changes: list[Any], order: str | None, *, descending: bool
) -> None:
    """Rows are as they are when the look ends, in order, once; one that was there and stayed as it was is among them.

    Where nothing changed it is exact.
    """
    request = RowsRequest(view="Balances", order=order, descending=descending)

    async def play() -> None:
        async with open_bank() as bank:
            await bank.send_many([Deposit(account_id=account, amount=1) for account in ACCOUNTS])
            await bank.send_many(before)
            page = await interrupted(bank, asyncio.create_task(walked(bank, request)), changes)
            rows = {row.account_id: row for row in await bank.rows_at(Balances, position=page.position)}
            earlier = {row.account_id: row for row in await bank.rows_at(Balances, position=page.looked_position)}
            found = [rows[key] for key, *_ in page.rows]
            assert page.rows == tuple((row.account_id, row.branch, row.balance) for row in found)
            assert len(set(found)) == len(found)
            stayed = {key for key, row in earlier.items() if await stayed_so(bank, key, row, page)}
            assert stayed <= {row.account_id for row in found}
            if order is not None:
                assert found == sorted(found, key=lambda row: comparable(row.account_id), reverse=descending)
            assert page.exact == (page.position == page.looked_position)

    with patch.object(looks, "LISTED_ROWS_MAX", 2):
        actum.run(play())


async def walked(bank: Engine, request: RowsRequest) -> RowsPage:
    """A page for which every row is looked at, also where no order is wanted."""
    core = bank._core
    assert core is not None
    live = core.views["Balances"]
    look = looks.Look(live, request, lambda _: True)
    await Pace(core.clock, Crowd()).walk(look.steps())
    position = look.position if look.exact else live.position
    return page_of(live, look, look.rows(), request, position)


async def stayed_so(bank: Engine, key: str, row: Balance, page: RowsPage) -> bool:
    """Whether a row was the same at every position between the beginning of a look and its end."""
    for position in range(page.looked_position, page.position + 1):
        if row not in await bank.rows_at(Balances, position=position):
            return False
    return True
