"""`export`: all events, for other tools."""

from __future__ import annotations

import importlib
import os
import secrets
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any

import click
from actum import StoredRecord

from actum_tui.call import Call, verb
from actum_tui.output import Answer, to_json
from actum_tui.verbs.events import as_data, fields_of, filters, last_of, matching

#: Rows of one group in a Parquet file.
GROUP_ROWS = 50_000


def register(command: click.Group) -> None:
    """Add the verb."""
    kind = click.option("--format", "kind", type=click.Choice(["jsonl", "parquet"]), default="jsonl", show_default=True)
    verb(command, "export")(click.argument("file", type=click.Path())(kind(filters(export))))


def export(call: Call, file: str, kind: str, start: int | None, stop: int | None, **wanted: object) -> Answer | None:
    """Write events to FILE, or as JSON lines to `-`: one object for each.

    The file has its name only when it is whole; an existing one is not overwritten. Parquet needs the extra
    `actum[parquet]`; there the event's own fields are JSON text in the column `event`.
    """
    if file == "-" and (kind != "jsonl" or call.json):
        raise click.UsageError("only jsonl, and without --json, can go to standard output")
    if file != "-" and Path(file).exists():
        raise click.UsageError(f"{file} exists already: give another name")
    writes = write_lines if kind == "jsonl" else parquet_writer()
    with call.open() as store, call.progress("exporting") as progress:
        last = last_of(store, stop)
        records = told(matching(store, start or 1, last, wanted), progress, last)
        if file == "-":
            write_lines(sys.stdout.buffer, records)
            return None
        count = write_whole(Path(file), lambda stream: writes(stream, records))
    return Answer({"file": file, "records": count}, [f"{count:,} events in {file}"])


def told(records: Iterable[StoredRecord], progress: Callable[[int, int], None], last: int) -> Iterator[StoredRecord]:
    """The same records; progress is told every thousand."""
    for count, record in enumerate(records):
        if count % 1000 == 0:
            progress(record.position, last)
        yield record


def write_whole(path: Path, write: Callable[[IO[bytes]], int]) -> int:
    """Write a file under a name of its own, then give it its name; nothing is left of one that failed.

    Raises:
        click.UsageError: somebody else has made a file of that name meanwhile; it stays.
    """
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(8)}.unfinished")
    try:  # the name is known before the file is there: an interrupt in between leaves nothing
        with open(unfinished, "xb", opener=private) as stream:
            count = write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        name_whole(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    return count


def private(path: str, flags: int) -> int:
    """Open a file that only its owner may read."""
    return os.open(path, flags, 0o600)


def name_whole(unfinished: Path, path: Path) -> None:
    """Give a file its name; unlike a rename, a link takes no other file's place."""
    try:
        os.link(unfinished, path)
    except FileExistsError as error:
        raise click.UsageError(f"{path} exists already: give another name") from error
    except OSError:  # a file system without links
        unfinished.rename(path)


def write_lines(stream: IO[bytes], records: Iterable[StoredRecord]) -> int:
    """One JSON object on each line."""
    count = 0
    for count, record in enumerate(records, 1):  # noqa: B007  # the number of the last one is the answer
        stream.write(to_json(as_data(record)).encode() + b"\n")
    return count


def parquet_writer() -> Callable[[IO[bytes], Iterable[StoredRecord]], int]:
    """Writes Parquet, if the extra is there."""
    try:
        pyarrow: Any = importlib.import_module("pyarrow")  # an extra, without types
        parquet: Any = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise click.UsageError("Parquet needs its extra: pip install 'actum[parquet]'") from error
    text, whole = pyarrow.string(), pyarrow.int64()
    schema = pyarrow.schema(
        [
            ("position", whole), ("time", pyarrow.timestamp("ns", "UTC")), ("aggregate", text), ("key", text),
            ("version", whole), ("type", text), ("event", text), ("command_id", text), ("correlation_id", text),
            ("causation_id", text), ("user_id", text), ("traceparent", text),
        ]
    )  # fmt: skip

    def write(stream: IO[bytes], records: Iterable[StoredRecord]) -> int:
        count = 0
        iterator = iter(records)
        with parquet.ParquetWriter(stream, schema) as writer:
            while part := list(islice(iterator, GROUP_ROWS)):
                rows = [
                    {**as_data(each), "time": each.timestamp_ns, "event": to_json(fields_of(each))} for each in part
                ]
                columns = {name: [row[name] for row in rows] for name in schema.names}
                writer.write_table(pyarrow.table(columns, schema=schema))
                count += len(part)
        return count

    return write
