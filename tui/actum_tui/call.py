"""One call of the command: what every verb is given, how its answer is printed, and what its exit code is.

0: done, and the answer is good. 1: the answer is bad: damage, differences, breaking changes. 2: it could not be done.
"""

from __future__ import annotations

import functools
import importlib
import os
import signal
import sys
import tomllib
import traceback
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, cast

import actum
import click
from actum import ActumError, Aggregate, Row, StoreCorrupt, View, ViewBroken
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from actum_tui.output import Answer, console, envelope, show
from actum_tui.safe_text import safe_text

BAD = 1
FAILED = 2
#: What a shell expects of a process that a signal or a closed pipe ended.
INTERRUPTED = 128 + signal.SIGINT
BROKEN_PIPE = 128 + signal.SIGPIPE


class Application(NamedTuple):
    """A user's classes, as `--app` names them.

    Attributes:
        components: aggregates and views.
        upcasters: for older events.
        services: for decisions.
    """

    components: Sequence[Any]
    upcasters: Sequence[Any]
    services: Sequence[object]


@dataclass
class Call:
    """One call of a verb.

    Attributes:
        verb: its name, as typed: "events ls".
        store: the store's directory, if one was given.
        app: `module:attribute`, if given.
        any_file_system: whether a network file system is allowed.
        json: whether a program reads the answer.
        debug: whether a traceback is wanted.
        warnings: to be shown beside the answer.
    """

    verb: str
    store: str | None
    app: str | None
    any_file_system: bool
    json: bool
    debug: bool
    warnings: list[str] = field(default_factory=list[str])

    @property
    def path(self) -> str:
        """The store's directory."""
        if self.store is None:
            raise click.UsageError(
                "which store? Give --store DIRECTORY, ACTUM_STORE, or [tool.actum] store = in pyproject.toml"
            )
        return self.store

    @contextmanager
    def open(self) -> Generator[actum.Store]:
        """The store, open for reading."""
        with actum.open_store(self.path, any_file_system=self.any_file_system) as store:
            self.warnings += store.warnings
            yield store

    def application(self) -> Application:
        """The user's classes."""
        if self.app is None:
            raise click.UsageError(
                "this needs your classes: give --app MODULE:ATTRIBUTE, or [tool.actum] app = in pyproject.toml"
            )
        return load(self.app)

    def aggregates(self) -> list[type[Aggregate]]:
        """The aggregates among the user's classes."""
        return [one for one in self.application().components if isinstance(one, type) and issubclass(one, Aggregate)]

    def views(self) -> list[type[View[Row]]]:
        """The views among the user's classes."""
        return [one for one in self.application().components if isinstance(one, type) and issubclass(one, View)]

    def engine(self, *, read_only: bool = True) -> actum.Engine:
        """An engine on the store, not yet open."""
        application = self.application()
        if not read_only:
            with self.open():  # an engine would make a store where there is none
                pass
        return actum.Engine.open(
            self.path,
            *application.components,
            services=application.services,
            upcasters=application.upcasters,
            options=actum.Options(any_file_system=self.any_file_system),
            read_only=read_only,
        )

    @contextmanager
    def progress(self, title: str) -> Generator[Callable[[int, int], None]]:
        """A bar on the terminal while something takes long; nothing where nobody looks."""
        err = console(error=True)
        columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
        with Progress(*columns, console=err, transient=True, disable=not err.is_terminal or self.json) as bar:
            task = bar.add_task(title, total=None)
            yield lambda done, whole: bar.update(task, completed=done, total=whole)


def load(name: str) -> Application:
    """The classes that `module:attribute` names: a list of them, or an object with `components` and perhaps more.

    Raises:
        click.UsageError: there is no such thing.
    """
    module_name, _, attribute = name.partition(":")
    if not module_name or not attribute:
        raise click.UsageError(f"--app {name}: write MODULE:ATTRIBUTE")
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        found = functools.reduce(getattr, attribute.split("."), importlib.import_module(module_name))
    except (ImportError, AttributeError) as error:
        raise click.UsageError(f"--app {name}: {error}") from error
    components = getattr(found, "components", found)
    if not isinstance(components, (list, tuple)):
        raise click.UsageError(f"--app {name}: neither a list of classes nor an object with `components`")
    return Application(components, getattr(found, "upcasters", ()), getattr(found, "services", ()))


def settings() -> dict[str, Any]:
    """`[tool.actum]` of pyproject.toml in the working directory."""
    try:
        with Path("pyproject.toml").open("rb") as file:
            found = tomllib.load(file).get("tool", {}).get("actum", {})
    except (OSError, tomllib.TOMLDecodeError, AttributeError):
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def verb(group: click.Group, name: str) -> Callable[[Callable[..., Answer]], click.Command]:
    """Make a verb of a function that takes a `Call` and its own parameters, and gives an `Answer`."""

    def make(function: Callable[..., Answer]) -> click.Command:
        def callback(
            store: str | None,
            app: str | None,
            any_file_system: bool,  # noqa: FBT001  # click passes options by name
            json: bool,  # noqa: FBT001
            debug: bool,  # noqa: FBT001
            **parameters: object,
        ) -> None:
            full = name if group.name == "actum" else f"{group.name} {name}"
            known = settings()
            call = Call(full, store or known.get("store"), app or known.get("app"), any_file_system, json, debug)
            sys.exit(run(call, lambda: function(call, **parameters)))

        options: list[Callable[[Any], Any]] = [
            click.option("--store", "-s", envvar="ACTUM_STORE", metavar="DIRECTORY", help="The store's directory."),
            click.option("--app", "-a", envvar="ACTUM_APP", metavar="MODULE:ATTRIBUTE", help="Your classes."),
            click.option(
                "--any-file-system",
                is_flag=True,
                help="Also on a network file system, where a writer elsewhere is unseen.",
            ),
            click.option("--json", is_flag=True, help="One envelope of JSON for programs."),
            click.option("--debug", is_flag=True, help="Show the traceback of an error."),
        ]
        decorated: Any = functools.update_wrapper(callback, function)
        for option in reversed(options):
            decorated = option(decorated)
        made: click.Command = group.command(name, short_help=(function.__doc__ or "").splitlines()[0].rstrip("."))(
            decorated
        )
        return made

    return make


def run(call: Call, work: Callable[[], Answer]) -> int:
    """Do it, print what came of it, and give the exit code."""
    try:
        answer = work()
        if call.json:
            click.echo(envelope(call.verb, call.store, answer.data, [*call.warnings, *answer.warnings]))
        else:
            show(answer._replace(warnings=[*call.warnings, *answer.warnings]))
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains at its end
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  # a tool answers with a sentence
        return failed(call, error)
    return BAD if answer.bad else 0


def failed(call: Call, error: Exception) -> int:
    """Say what went wrong; the exit code."""
    if call.debug:
        traceback.print_exception(error)
    if isinstance(error, click.UsageError) and not call.json:
        raise error
    message = error.format_message() if isinstance(error, click.ClickException) else str(error)
    if not isinstance(error, (ActumError, OSError, click.ClickException)):
        message = f"unexpected {type(error).__name__}: {message}. --debug shows where; please report it."
    if call.json:
        click.echo(
            envelope(call.verb, call.store, None, call.warnings, {"type": type(error).__name__, "message": message})
        )
    else:
        lines = "\n".join(map(safe_text, message.splitlines()))
        console(error=True).print(f"actum {call.verb}: {lines}", style="red", soft_wrap=True)
    return BAD if isinstance(error, (StoreCorrupt, ViewBroken)) else FAILED
