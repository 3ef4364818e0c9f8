"""One call of the command: what every verb is given."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import actum
import click
from actum import Aggregate, Process, Row, Subscription, View
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from actum_tui.application import Application, load, setting
from actum_tui.outcome import run
from actum_tui.output import Answer, console

T = TypeVar("T")
R = TypeVar("R")


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
        return self._components(Aggregate)

    def views(self) -> list[type[View[Row]]]:
        """The views among the user's classes."""
        return self._components(View)

    def processes(self) -> list[type[Process]]:
        """The processes among the user's classes."""
        return self._components(Process)

    def subscriptions(self) -> list[type[Subscription]]:
        """The subscriptions among the user's classes."""
        return self._components(Subscription)

    def _components(self, kind: type[T]) -> list[type[T]]:
        """The user's classes of a kind."""
        return [one for one in self.application().components if isinstance(one, type) and issubclass(one, kind)]

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
            middleware=application.middleware,
            options=actum.Options(any_file_system=self.any_file_system),
            read_only=read_only,
            automatic=False,  # who mends one thing must not set off others
        )

    def follower(self, subscription: type[Subscription]) -> actum.Follower:
        """One subscription on the store, not yet open; it handles nothing by itself."""
        application = self.application()
        return actum.follow(
            self.path,
            subscription,
            services=application.services,
            upcasters=application.upcasters,
            options=actum.Options(any_file_system=self.any_file_system),
            paused=True,
        )

    def run(self, work: Coroutine[Any, Any, R]) -> R:
        """Run something that calls the user's code; what that prints is no part of an answer."""
        with contextlib.redirect_stdout(sys.stderr):
            return actum.run(work)

    @contextmanager
    def elsewhere(self, call_there: str) -> Generator[None]:
        """What can't be done here because another process has the store, or the subscription, can be done there."""
        try:
            yield
        except (actum.StoreInUse, actum.SubscriptionInUse) as error:
            raise type(error)(f"{error} Or have that process do it: {call_there}") from error

    @contextmanager
    def progress(self, title: str) -> Generator[Callable[[int, int], None]]:
        """A bar on the terminal while something takes long; nothing where nobody looks."""
        err = console(error=True)
        columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
        with Progress(*columns, console=err, transient=True, disable=not err.is_terminal or self.json) as bar:
            task = bar.add_task(title, total=None)
            yield lambda done, whole: bar.update(task, completed=done, total=whole)


#: What every verb takes.
OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option("--json", is_flag=True, help="One envelope of JSON for programs."),
    click.option("--debug", is_flag=True, help="Show the traceback of an error."),
)
#: What every verb about a store takes before these.
STORE_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option("--store", "-s", envvar="ACTUM_STORE", metavar="DIRECTORY", help="The store's directory."),
    click.option("--app", "-a", envvar="ACTUM_APP", metavar="MODULE:ATTRIBUTE", help="Your classes."),
    click.option(
        "--any-file-system",
        is_flag=True,
        help="Also on a network file system, where a writer elsewhere is unseen.",
    ),
)


def verb(
    group: click.Group, name: str, *, store: bool = True
) -> Callable[[Callable[..., Answer | None]], click.Command]:
    """Make a verb of a function that takes a `Call` and its own parameters, and gives an `Answer`, or prints.

    Args:
        group: where it stands.
        name: how it is typed.
        store: whether it is about a store, and has the options that say which.
    """

    def make(function: Callable[..., Answer | None]) -> click.Command:
        def callback(
            json: bool,  # noqa: FBT001  # click passes options by name
            debug: bool,  # noqa: FBT001
            **parameters: Any,  # noqa: ANN401
        ) -> None:
            full = name if group.name == "actum" else f"{group.name} {name}"
            call = Call(full, None, None, any_file_system=False, json=json, debug=debug)
            if store:
                call.store = parameters.pop("store") or setting("store")
                call.app = parameters.pop("app") or setting("app")
                call.any_file_system = parameters.pop("any_file_system")
            sys.exit(run(call, lambda: function(call, **parameters)))

        options = [*(STORE_OPTIONS if store else ()), *OPTIONS]
        decorated: Any = functools.update_wrapper(callback, function)
        for option in reversed(options):
            decorated = option(decorated)
        made: click.Command = group.command(name, short_help=(function.__doc__ or "").splitlines()[0].rstrip("."))(
            decorated
        )
        return made

    return make
