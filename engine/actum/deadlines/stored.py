"""A command as a deadline stores it: the name of its class, and its fields as plain data that any tool can show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

import msgspec

from actum.codec import ENCODER, ENCODING_ERRORS, decoder_of
from actum.errors import Invalid, shown
from actum.messages import Command

if TYPE_CHECKING:
    from collections.abc import Iterable

decode_plain = decoder_of(object)


def plain(value: msgspec.Struct) -> Any:
    """The fields of a struct as plain data.

    Raises:
        Invalid: a field can't be stored.
    """
    try:
        return decode_plain(ENCODER.encode(value))
    except ENCODING_ERRORS as error:
        raise Invalid(f"{type(value).__name__} can't be stored: {error}") from error


@final
class StoredCommands:
    """The commands of an engine, by the names of their classes."""

    __slots__ = ("_types",)

    def __init__(self, types: Iterable[type[Command]]) -> None:
        """Those that its aggregates take."""
        self._types: dict[str, list[type[Command]]] = {}
        for one in types:
            self._types.setdefault(one.__name__, []).append(one)

    def stored(self, command: object) -> tuple[str, Any]:
        """A command's name and fields; it can be made again of them.

        Raises:
            Invalid: no aggregate takes it, its name is not unique, or a field has the wrong type.
        """
        if not isinstance(command, Command):
            raise Invalid(f"command={shown(command)} is no command: give an instance of one")
        name = type(command).__name__
        if self._type(name) is not type(command):
            raise Invalid(f"nothing given to Engine.open handles the command {name}")
        arguments = plain(command)
        self.command(name, arguments)
        return name, arguments

    def command(self, name: str, arguments: Any) -> Command:
        """The command that was stored.

        Raises:
            Invalid: there is no such command any more, or it has other fields now.
        """
        try:
            command: Command = decoder_of(self._type(name))(ENCODER.encode(arguments))
        except ENCODING_ERRORS as error:
            raise Invalid(f"{name} can't be made of what is stored: {error}") from error
        return command

    def _type(self, name: str) -> type[Command]:
        """The class of that name."""
        types = self._types.get(name, [])
        if not types:
            raise Invalid(f"nothing given to Engine.open handles a command {name}")
        if len(types) > 1:
            raise Invalid(f"several commands are called {name}: a deadline needs a name that is unique")
        return types[0]
