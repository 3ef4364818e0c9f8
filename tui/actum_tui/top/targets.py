"""Which source is meant by what somebody types: a recording, a running engine, or a store's directory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from actum.monitor import NoEngine

from actum_tui.application import load
from actum_tui.top.live import LiveSource
from actum_tui.top.recording import RecordingSource
from actum_tui.top.stored import StoredSource

if TYPE_CHECKING:
    from actum_tui.call import Call
    from actum_tui.top.source import Source


async def source_of(call: Call, target: str | None, *, offline: bool = False) -> Source:
    """The source, opened.

    Args:
        call: what else was typed: `--store`, `--app`.
        target: a recording's file, a store's directory, or an engine's name, process id or socket.
        offline: whether a store is looked at from its directory though its engine could be attached to.

    Raises:
        click.ClickException: there is no such thing, or it is no recording.
        ActumError: it can't be reached.
    """
    path = None if target is None else Path(target)
    source: Source
    if path is not None and path.is_file():
        source = RecordingSource(path)
        await source.open()
        return source
    if path is not None and path.is_dir() and not offline:
        source = LiveSource(str(path.resolve()))
        try:
            await source.open()
        except NoEngine:
            await source.close()
        else:
            return source
    if path is not None and path.is_dir():
        application = None if call.app is None else load(call.app)
        source = StoredSource(str(path), application=application, any_file_system=call.any_file_system)
    elif path is not None and ("/" in str(target) and path.suffix != ".sock"):
        raise click.ClickException(f"{target} is neither a store's directory nor a recording: there is no such file")
    else:
        source = LiveSource(target)
    try:
        await source.open()
    except BaseException:
        await source.close()
        raise
    return source
