"""`views show`: which rows, in which order, as of when."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import actum
import pytest
from actum import Row, View, project
from actum_tui.command import command
from click.testing import CliRunner, Result

from tests.support.bank import Account, Activities, Balances, Deposit, HeldAssessor, Note, Noted, Withdraw, open_bank

APP = "tests.support.bank_app:BANK"
HOSTILE = "[@click=app.bell]\x1b[31m\u202e"


def call(*arguments: object) -> Result:
    """One call of the command."""
    return CliRunner().invoke(command, [str(argument) for argument in arguments], prog_name="actum")


def data(*arguments: object) -> dict[str, Any]:
    """What a call answers to a program."""
    answered: dict[str, Any] = json.loads(call(*arguments, "--json").output)
    assert answered["error"] is None
    return answered["data"]  # type: ignore[no-any-return]


def fault(*arguments: object) -> str:
    """What a call that fails says to a program."""
    message: str = json.loads(call(*arguments, "--json").output)["error"]["message"]
    return message


@pytest.fixture
def show(tmp_path: Path) -> tuple[object, ...]:
    """`views show Balances` on a store with accounts of 10, 20, 30, 40, the first of which was emptied at the end."""

    async def fill() -> None:
        async with open_bank(tmp_path / "bank") as bank:
            for number in range(1, 5):
                await bank.send(
                    Deposit(account_id=f"{'north' if number % 2 else 'south'}-{number}", amount=number * 10)
                )
            await bank.send(Withdraw(account_id="north-1", amount=10))

    actum.run(fill())
    return ("views", "show", "Balances", "-s", tmp_path / "bank", "-a", APP)


def balances(answered: dict[str, Any]) -> list[int]:
    """Their balances."""
    return [row["balance"] for row in answered["rows"]]


def test_now(show: tuple[object, ...]) -> None:
    """All rows, by key, with what the columns are."""
    answered = data(*show)
    assert balances(answered) == [30, 20, 40]
    assert (answered["count"], answered["whole"], answered["position"]) == (3, 3, 5)
    assert answered["columns"][2] == {"name": "balance", "type": "int", "numeric": True, "ordered": True}


def test_order_and_pages(show: tuple[object, ...]) -> None:
    """By any field, from either end, from anywhere; what is left is said."""
    assert balances(data(*show, "--order", "balance")) == [20, 30, 40]
    assert balances(data(*show, "--order", "balance", "--descending", "--offset", 1, "--limit", 1)) == [30]
    assert "1 more: --limit 2" in call(*show, "--offset", 1, "--limit", 1).output
    assert "no rows" in call(*show, "--offset", 10).output
    assert "no field 'colour' to order by" in fault(*show, "--order", "colour")


def test_filters(show: tuple[object, ...]) -> None:
    """The grammar that all tables have."""
    answered = data(*show, "--where", "balance>20 branch:n*")
    assert (balances(answered), answered["count"], answered["whole"]) == ([30], 1, 3)
    assert "no field 'colour' to filter by" in fault(*show, "--where", "colour:red")
    assert fault(*show, "--where", "balance>")


def test_as_of_a_position(show: tuple[object, ...]) -> None:
    """Rows that are gone are there again; what is not there yet is refused."""
    assert balances(data(*show, "--at", 0)) == []
    assert balances(data(*show, "--at", 1)) == [10]
    answered = data(*show, "--at", 4, "--where", "branch:north", "--order", "balance", "--descending")
    assert (balances(answered), answered["position"]) == ([30, 10], 4)
    assert "position=6 is not in the log: give 0 to 5" in fault(*show, "--at", 6)
    assert call(*show, "--at", 6).exit_code == 2


def test_one_row(show: tuple[object, ...]) -> None:
    """By its key, as it is shown; also as of a position."""
    answered = data(*show, "--key", "south-2")
    assert (balances(answered), answered["count"]) == ([20], 1)
    assert balances(data(*show, "--key", "north-1")) == []
    assert balances(data(*show, "--key", "north-1", "--at", 4)) == [10]


class Texts(Row, key="account_id"):
    """A row with a text."""

    account_id: str
    text: str


class TextView(View[Texts]):
    """The last note of each account."""

    @project
    def noted(self, event: Noted) -> None:
        """Another one."""
        self.put(Texts(account_id=event.account_id, text=event.text))


APPLICATION = SimpleNamespace(components=[Account, Balances, Activities, TextView], services=[HeldAssessor()])


def test_data_is_shown_as_data(tmp_path: Path) -> None:
    """And all of it, however long it is."""

    async def fill() -> None:
        async with open_bank(tmp_path / "bank", TextView) as bank:
            await bank.send(Note(account_id="hostile", text=HOSTILE))
            await bank.send(Note(account_id="long", text="x" * 100_000))

    actum.run(fill())
    show = ("views", "show", "TextView", "-s", tmp_path / "bank", "-a", f"{__name__}:APPLICATION")
    printed = call(*show).output
    assert "[@click=app.bell]\\u001b[31m\\u202e" in printed or "[@click=app.bell]\\x1b[31m\\u202e" in printed
    assert not {"\x1b", "\u202e"} & set(printed)
    assert [len(row["text"]) for row in data(*show)["rows"]] == [len(HOSTILE), 100_000]
