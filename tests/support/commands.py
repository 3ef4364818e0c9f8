"""How tests call the `actum` command in their own process."""

from __future__ import annotations

import json
from typing import Any

from actum_tui.command import command
from click.testing import CliRunner


def exit_code_of(*arguments: object) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    result = CliRunner().invoke(command, [str(argument) for argument in arguments], prog_name="actum")
    return result.exit_code, result.stdout, result.stderr


def answered(*arguments: object, code: int = 0) -> Any:
    """The data that a program gets."""
    found, said, complained = exit_code_of(*arguments, "--json")
    assert found == code, said + complained
    content = json.loads(said)
    assert list(content) == ["actum", "verb", "store", "data", "warnings", "error"]
    assert (content["actum"], content["error"]) == (1, None)
    return content["data"]


def refused(*arguments: object, code: int = 2) -> str:
    """The sentence that a person gets, and a program too."""
    found, said, complained = exit_code_of(*arguments)
    assert (found, said) == (code, ""), said + complained
    assert "Traceback" not in complained
    content = json.loads(exit_code_of(*arguments, "--json")[1])
    assert content["data"] is None
    message: str = content["error"]["message"]
    assert message.splitlines()[0] in complained.replace("\n", " ").replace("  ", " ") or message in complained
    return message
