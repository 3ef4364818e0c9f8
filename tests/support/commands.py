"""How tests call the `actum` command in their own process."""

from __future__ import annotations

from actum_tui.command import command
from click.testing import CliRunner


def exit_code_of(*arguments: object) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    result = CliRunner().invoke(command, [str(argument) for argument in arguments], prog_name="actum")
    return result.exit_code, result.stdout, result.stderr
