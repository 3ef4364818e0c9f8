"""`backup`, `restore`, `compact`: whole copies of a store, each verified before it has its name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import actum
import click

from actum_tui.call import Call, verb
from actum_tui.output import Answer, pairs, size


def register(command: click.Group) -> None:
    """Add the verbs."""
    destination = click.argument("destination", type=click.Path())
    verb(command, "backup")(destination(backup))
    source = click.argument("backup", type=click.Path())
    position = click.option("--position", type=click.IntRange(0), help="Up to here; a command is never parted.")
    verb(command, "restore")(source(destination(position(restore))))
    verb(command, "compact")(compact)


def facts(report: actum.CopyReport) -> tuple[dict[str, Any], list[tuple[str, object]]]:
    """What a copy came to, for programs and for people."""
    head = actum.show_head(report.head)
    data: dict[str, Any] = {
        "path": str(report.path),
        "head": head,
        "frames": report.frames,
        "bytes": report.bytes,
        "seconds": report.seconds,
    }
    shown: list[tuple[str, object]] = [
        ("copied to", str(report.path)),
        ("head", head),
        ("events", report.head.position),
        ("size", size(report.bytes)),
        ("took", f"{report.seconds:.1f} s, read again and verified"),
    ]
    return data, shown


def answer(report: actum.CopyReport) -> Answer:
    """The answer of a verb that made a copy."""
    data, shown = facts(report)
    return Answer(data, [pairs(*shown)])


def backup(call: Call, destination: str) -> Answer:
    """Copy a store, also a running one, into a new directory; verified.

    The copy is a store of the same log, without checkpoints. It has its name only when it is whole.
    """
    with call.open() as store, call.progress("copying") as progress:
        return answer(store.backup(destination, progress=progress))


def restore(call: Call, backup: str, destination: str, position: int | None) -> Answer:
    """Make a new store of a backup, also up to a position. --store is not needed."""
    with call.progress("copying") as progress:
        return answer(actum.restore_store(backup, destination, position=position, progress=progress))


def compact(call: Call) -> Answer:
    """Put a verified copy of the log in its place, without unused pages. No engine may have the store open.

    With --app the checkpoints are written anew too, without what later ones have replaced.
    """
    engine = None if call.app is None else call.engine(read_only=False)  # what is wrong with it is said before
    with call.progress("copying") as progress:
        report = actum.compact_store(call.path, any_file_system=call.any_file_system, progress=progress)
    data, shown = facts(report)
    saved = True
    if engine is not None:
        derived = report.path / "derived"
        data["checkpoint_bytes_before"] = before = bytes_in(derived)
        saved = actum.run(save_base(engine, call.warnings))
        data["checkpoint_bytes"] = after = bytes_in(derived)
        shown.append(("checkpoints", f"{size(before)} before, {size(after)} now" if saved else "not written anew"))
    return Answer(data, [pairs(*shown)], bad=not saved)


async def save_base(engine: actum.Engine, warnings: list[str]) -> bool:
    """Write the checkpoints anew; whether that worked, and if not a warning why."""
    try:
        async with engine:
            return await engine.checkpoint(base=True)
    except actum.ActumError as error:
        warnings.append(str(error))
        return False


def bytes_in(directory: Path) -> int:
    """The size of the files in a directory, which need not exist."""
    return sum(file.stat().st_size for file in directory.glob("*"))
