"""Packages that only an extra brings, looked for before what needs them is imported; absence is one clear error."""

from __future__ import annotations

from importlib.util import find_spec

import click


def require(*packages: str, extra: str) -> None:
    """See that some packages are there, without loading them.

    Args:
        packages: as they are imported.
        extra: of actum, which brings them.

    Raises:
        click.ClickException: one is not; the message says how to get it.
    """
    for package in packages:
        if find_spec(package) is None:
            raise click.ClickException(f"{package} is missing: pip install 'actum[{extra}]'")
