"""What `Engine.watch` takes."""

from __future__ import annotations

from typing import Any

import pytest
from actum import EngineClosed, Invalid

from tests.support.bank import AllBalances, Balance, Balances, Deposit, open_bank
from tests.support.fragile import Fragments, FragmentView
from tests.support.scenes import scene


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"since": -1}, "since=-1 is not a position"),
        ({"since": True}, "since=True is not a position"),
        ({"since": "1"}, "since='1' is not a position"),
        ({"buffer_max": 0}, "buffer_max=0 is not a number of rows or answers"),
        ({"buffer_max": 1.5}, "buffer_max=1.5 is not a number"),
        ({"when_slow": "wait"}, "when_slow='wait' is none of 'coalesce', 'drop', 'close'"),
        ({"when_slow": []}, "when_slow=a list is none of"),
    ],
)
@scene
async def test_arguments(arguments: dict[str, Any], said: str) -> None:
    """Each fault is named."""
    async with open_bank() as bank:
        for watched in (Balances, AllBalances()):
            with pytest.raises(Invalid, match=said):
                bank.watch(watched, **arguments)


@pytest.mark.parametrize(
    ("watched", "said"),
    [
        (FragmentView, "the class FragmentView is not a view of this engine"),
        (Fragments(), "nothing given to Engine.open handles the query Fragments"),
        (AllBalances, "AllBalances is a class: make a query of it"),
        (Deposit(account_id="a", amount=1), "a query is an instance of a subclass of Query"),
        (Balance, "a query is an instance of a subclass of Query, not the class Balance"),
        (None, "not None"),
    ],
)
@scene
async def test_what_can_be_watched(watched: Any, said: str) -> None:
    """Queries and views of this engine."""
    async with open_bank() as bank:
        with pytest.raises(Invalid, match=said):
            bank.watch(watched)
        assert bank.statistics().watches.watchers == 0


@scene
async def test_an_engine_that_is_not_open() -> None:
    """As for every question."""
    bank = open_bank()
    with pytest.raises(EngineClosed):
        bank.watch(Balances)
    async with bank:
        pass
    with pytest.raises(EngineClosed):
        bank.watch(Balances)
