"""What the user's project says: its classes, by `--app`, and `[tool.actum]` in pyproject.toml."""

from __future__ import annotations

import contextlib
import functools
import importlib
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import click


class Application(NamedTuple):
    """A user's classes, as `--app` names them.

    Attributes:
        components: aggregates and views.
        upcasters: for older events.
        services: for decisions and subscriptions.
        middleware: around commands.
    """

    components: Sequence[Any]
    upcasters: Sequence[Any]
    services: Sequence[object]
    middleware: Sequence[Any]


def load(name: str) -> Application:
    """The classes that `module:attribute` names: a list of them, or an object with `components` and perhaps more.

    Raises:
        click.UsageError: there is no such thing, or importing it fails.
    """
    found = attribute(name, option="--app ")
    components = getattr(found, "components", found)
    if not isinstance(components, (list, tuple)):
        raise click.UsageError(f"--app {name}: neither a list of classes nor an object with `components`")
    return Application(
        components, getattr(found, "upcasters", ()), getattr(found, "services", ()), getattr(found, "middleware", ())
    )


def attribute(name: str, *, option: str = "") -> Any:  # noqa: ANN401  # anything at all
    """What `module:attribute` names.

    Args:
        name: the two.
        option: how it was given, for the message.

    Raises:
        click.UsageError: there is no such thing, or importing it fails.
    """
    module_name, _, path = name.partition(":")
    if not module_name or not path:
        raise click.UsageError(f"{option}{name}: write MODULE:ATTRIBUTE")
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        with contextlib.redirect_stdout(sys.stderr):  # what it prints is no part of an answer
            return functools.reduce(getattr, path.split("."), importlib.import_module(module_name))
    except (Exception, SystemExit) as error:  # whatever a module does when it is imported
        raise click.UsageError(f"{option}{name}: {type(error).__name__}: {error}") from error


def setting(name: str) -> str | None:
    """A text in `[tool.actum]` of pyproject.toml in the working directory; None if there is none.

    Raises:
        click.UsageError: it is no text.
    """
    try:
        with Path("pyproject.toml").open("rb") as file:
            content: dict[str, Any] = tomllib.load(file)
    except (OSError, ValueError):
        return None
    tables: Any = content.get("tool")
    table: Any = cast("dict[str, Any]", tables).get("actum") if isinstance(tables, dict) else None
    found: Any = cast("dict[str, Any]", table).get(name) if isinstance(table, dict) else None
    if found is not None and not isinstance(found, str):
        raise click.UsageError(f"pyproject.toml: [tool.actum] {name} must be a text in quotes")
    return found
