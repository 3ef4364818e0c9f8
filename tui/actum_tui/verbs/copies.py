"""`backup`, `restore`, `compact`: whole copies of a store, each verified before it has its name."""

from __future__ import annotations

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


def answer(report: actum.CopyReport) -> Answer:
    """What a copy came to."""
    head = actum.show_head(report.head)
    data = {
        "path": str(report.path),
        "head": head,
        "frames": report.frames,
        "bytes": report.bytes,
        "seconds": report.seconds,
    }
    shown = pairs(
        ("copied to", str(report.path)),
        ("head", head),
        ("events", report.head.position),
        ("size", size(report.bytes)),
        ("took", f"{report.seconds:.1f} s, read again and verified"),
    )
    return Answer(data, [shown])


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
    """Put a verified copy of the log in its place, without unused pages. No engine may have the store open."""
    with call.progress("copying") as progress:
        return answer(actum.compact_store(call.path, progress=progress))
