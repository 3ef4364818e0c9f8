"""The bus: a command finds its actor, a query its view, and what finds nothing is told why."""

from __future__ import annotations

from typing import Any

import pytest
from actum import Command, Invalid, MemoryLog, Options, Query, View
from actum.engine import Engine

from tests.support.bank import (
    Account,
    Balance,
    BalanceOf,
    Balances,
    Deposit,
    Glance,
    HeldAssessor,
    TopBalances,
    open_bank,
)
from tests.support.scenes import scene


class Audit(Command):
    """A command that nobody takes."""

    account_id: str


class Average(Query[float]):
    """A query that nobody answers."""


@scene
async def test_commands_with_one_key_reach_one_aggregate() -> None:
    """The aggregate's `key` names the field; another value is another aggregate."""
    async with open_bank() as bank:
        for account_id in ("ann", "bob", "ann"):
            await bank.send(Deposit(account_id=account_id, amount=5))
        assert (await bank.state(Account, "ann")).balance == 10
        assert (await bank.state(Account, "bob")).balance == 5
        assert bank.statistics().awake == 2


@scene
async def test_a_command_that_nobody_takes_is_invalid() -> None:
    """The message names it and those that are known."""
    async with open_bank() as bank:
        with pytest.raises(
            Invalid, match="handles the command Audit; known are: Deposit, DepositEach, Glance, Lend"
        ) as caught:
            await bank.send(Audit(account_id="ann"))
        assert "Withdraw" in str(caught.value)


@scene
async def test_a_query_that_nobody_answers_is_invalid() -> None:
    """As with commands."""
    async with open_bank() as bank:
        with pytest.raises(Invalid, match="handles the query Average; known are: ActivityOf"):
            await bank.ask(Average())


@scene
async def test_an_engine_that_knows_nothing_says_so() -> None:
    """No components at all."""
    async with Engine.open(MemoryLog(), options=Options()) as engine:
        with pytest.raises(Invalid, match="known are: none"):
            await engine.send(Audit(account_id="ann"))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (Deposit, "Deposit is a class: make a command of it"),
        ("deposit", "a command is an instance of a subclass of Command, not 'deposit'"),
        (TopBalances(), "a command is an instance of a subclass of Command, not a TopBalances"),
        (None, "not None"),
    ],
)
@scene
async def test_what_is_no_command_is_invalid(given: Any, words: str) -> None:
    """The mistake is named."""
    async with open_bank() as bank:
        with pytest.raises(Invalid, match=words):
            await bank.send(given)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (TopBalances, "TopBalances is a class: make a query of it"),
        (Glance(account_id="ann"), "a query is an instance of a subclass of Query, not a Glance"),
    ],
)
@scene
async def test_what_is_no_query_is_invalid(given: Any, words: str) -> None:
    """The mistake is named."""
    async with open_bank() as bank:
        with pytest.raises(Invalid, match=words):
            await bank.ask(given)


@pytest.mark.parametrize("key", [7, None, "", "x" * 201, ["ann"], {"ann": 1}, "\ud800"], ids=repr)
@scene
async def test_a_bad_key_is_invalid_and_wakes_nobody(key: Any) -> None:
    """A key is a string of 1 to 200 bytes; the message names the aggregate and the field."""
    async with open_bank() as bank:
        with pytest.raises(Invalid, match="Account's key account_id"):
            await bank.send(Deposit(account_id=key, amount=1))
        assert bank.statistics().awake == 0


@scene
async def test_a_query_is_answered_by_its_view() -> None:
    """By key, and by index."""
    async with open_bank() as bank:
        await bank.send(Deposit(account_id="north-ann", amount=5))
        await bank.send(Deposit(account_id="north-bob", amount=7))
        assert await bank.ask(BalanceOf(account_id="north-ann")) == 5
        assert await bank.ask(BalanceOf(account_id="nobody")) is None
        assert [row.account_id for row in await bank.ask(TopBalances())] == ["north-bob", "north-ann"]


@scene
async def test_a_subclass_of_a_command_is_another_command() -> None:
    """Handlers are found by the exact type, as the catalogue checks it."""

    class Gift(Deposit):
        """Not registered."""

    async with open_bank() as bank:
        with pytest.raises(Invalid, match="handles the command Gift"):
            await bank.send(Gift(account_id="ann", amount=1))


@scene
async def test_an_answer_s_error_is_the_caller_s() -> None:
    """What an `@answer` raises comes out of `ask`, and the view goes on."""
    async with Engine.open(MemoryLog(), Account, Balances, services=[HeldAssessor()]) as engine:
        with pytest.raises(Invalid, match="limit"):
            await engine.ask(TopBalances(limit=0))
        assert await engine.ask(TopBalances()) == []
    assert issubclass(Balances, View)
    assert Balance.__struct_config__.frozen
