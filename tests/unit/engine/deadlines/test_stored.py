"""Commands as deadlines store them: plain data that makes the same command again, or a sentence why not."""

from __future__ import annotations

from typing import Any

import pytest
from actum import Command, Invalid
from actum.deadlines.stored import StoredCommands, plain

from tests.support.bank import Deposit, DepositEach


class Greet(Command):
    """Say something."""

    name: str
    words: list[str] = []


class Other:
    """A namespace."""

    class Greet(Command):
        """Another one of the same name."""

        name: str


@pytest.mark.parametrize(
    ("command", "name", "arguments"),
    [
        (Deposit(account_id="ann", amount=5), "Deposit", {"account_id": "ann", "amount": 5}),
        (DepositEach(account_id="ann", amounts=[1, 2]), "DepositEach", {"account_id": "ann", "amounts": [1, 2]}),
    ],
)
def test_there_and_back(command: Command, name: str, arguments: dict[str, Any]) -> None:
    """The name and the fields, as any tool can show them."""
    commands = StoredCommands([Deposit, DepositEach])
    assert commands.stored(command) == (name, arguments)
    assert commands.command(name, arguments) == command


def test_what_was_added_since_has_its_default() -> None:
    """A command that was stored by an older version."""
    assert StoredCommands([Greet]).command("Greet", {"name": "ann"}) == Greet(name="ann")


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        ("Deposit", "command='Deposit' is no command: give an instance of one"),
        (Greet, "is no command: give an instance of one"),
        (Greet(name="x"), "nothing given to Engine.open handles a command Greet"),
        (Deposit(account_id="ann", amount="5"), "Deposit can't be made of what is stored: Expected `int`, got `str`"),  # type: ignore[arg-type]
        (Deposit(account_id="ann", amount=object()), "Deposit can't be stored: "),  # type: ignore[arg-type]
    ],
)
def test_what_can_not_be_stored(command: object, fault: str) -> None:
    """Is refused when it is scheduled, not when it is due."""
    with pytest.raises(Invalid, match=fault):
        StoredCommands([Deposit]).stored(command)


def test_a_name_has_to_be_unique() -> None:
    """Nobody could say which of them is meant."""
    commands = StoredCommands([Greet, Other.Greet])
    with pytest.raises(Invalid, match="several commands are called Greet: a deadline needs a name that is unique"):
        commands.stored(Greet(name="x"))
    with pytest.raises(Invalid, match="nothing given to Engine.open handles the command Greet"):
        StoredCommands([Other.Greet]).stored(Greet(name="x"))


def test_plain_data_is_a_copy() -> None:
    """What its owner does afterwards does not change it."""
    greet = Greet(name="ann", words=["hello"])
    data = plain(greet)
    greet.words.append("bye")
    assert data == {"name": "ann", "words": ["hello"]}
