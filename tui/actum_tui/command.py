"""The `actum` command: its verbs and their groups."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Any

import click

from actum_tui.outcome import FAILED, INTERRUPTED, silenced
from actum_tui.output import envelope
from actum_tui.safe_text import safe_lines
from actum_tui.verbs import (
    actors,
    copies,
    dead_letters,
    deadlines,
    events,
    exports,
    health,
    overview,
    processes,
    ps,
    read_models,
    run,
    schemas,
    streams,
    subscriptions,
    top,
    trace,
    vitals,
)

#: A group of verbs that take longer to load than all others together, and where it is.
LATER, LATER_MODULE = "bench", "actum_tui.verbs.bench"


class Command(click.Group):
    """The group of all verbs; what is wrong with the command line itself is told as all other errors are."""

    def main(self, *positional: Any, **keywords: Any) -> Any:  # noqa: ANN401
        """Run a verb and exit."""
        given: Sequence[str] | None = positional[0] if positional else keywords.get("args")
        arguments = list(sys.argv[1:] if given is None else given)
        self._complete(arguments)
        try:
            try:
                code = super().main(*positional, **{**keywords, "standalone_mode": False})
            except click.ClickException as error:
                refuse(error, json="--json" in arguments)
                code = error.exit_code
            sys.stdout.flush()
        except click.Abort:
            code = INTERRUPTED
        except OSError:  # there is nobody to tell
            code = silenced(FAILED)
        sys.exit(code if isinstance(code, int) else 0)

    def _complete(self, arguments: Sequence[str]) -> None:
        """Load the verbs that take long, once, unless one of the others is meant."""
        verb = next((each for each in arguments if not each.startswith("-")), None)
        if verb not in self.commands and LATER not in self.commands:
            importlib.import_module(LATER_MODULE).register(self)


def refuse(error: click.ClickException, *, json: bool) -> None:
    """Say what is wrong with the command line."""
    if json:
        click.echo(envelope(verb_of(error), None, None, [], fault_of(error)))
        return
    context = error.ctx if isinstance(error, click.UsageError) else None
    usage = [] if context is None else [context.get_usage(), ""]
    click.echo("\n".join([*usage, f"Error: {safe_lines(error.format_message())}"]), err=True)


def verb_of(error: click.ClickException) -> str:
    """The verb whose parameters were wrong, as far as it got."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    return "" if context is None else context.command_path.partition(" ")[2]


def fault_of(error: click.ClickException) -> dict[str, str]:
    """An error for programs."""
    return {"type": type(error).__name__, "message": error.format_message()}


@click.group("actum", cls=Command, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="actum")
def command() -> None:
    """Look into an actum store, check it, and look after it.

    Every verb takes --store DIRECTORY and --json; reading verbs work beside a running engine. Exit codes: 0 fine, 1 the
    answer is bad (damage, differences, a breaking change), 2 it could not be done.
    """


for module in (
    *(health, events, streams, read_models, subscriptions, dead_letters, processes, deadlines),
    *(trace, copies, exports, schemas, run, ps, top, overview, vitals, actors),
):
    module.register(command)
