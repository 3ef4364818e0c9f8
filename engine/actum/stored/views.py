"""The rows of views as the newest checkpoint has them, read without the user's classes. Only `Store` calls this.

A checkpoint is a base and deltas behind it. Reading goes through the deltas once, keeping what they say of each key,
and then through the base, a chunk at a time: so a view of a million rows takes the memory of what has changed since its
base, however much that is, and about two seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Self, cast, final

import msgspec
from actum_storage import StoreMismatch

from actum.codec import decoder_of
from actum.errors import Invalid, shown
from actum.recovery.closing import Closing, decode_closing, is_of_log, view_section

if TYPE_CHECKING:
    from actum_storage import ChunkFile, ChunkPlace, Store

    from actum.recovery.closing import SavedView


class StoredColumn(NamedTuple):
    """A field of a view's rows.

    Attributes:
        name: the field.
        type: as Python writes it; empty if the checkpoint doesn't say.
        numeric: whether its values are numbers.
    """

    name: str
    type: str = ""
    numeric: bool = False


class StoredView(msgspec.Struct, frozen=True, kw_only=True):
    """A view in the newest checkpoint.

    Attributes:
        name: its name.
        position: everything up to here, and nothing behind it, is in its rows; the log may have gone on.
        key: the field that identifies a row; empty if the checkpoint doesn't say, as those of older versions.
        rows: how many there are; None if the checkpoint doesn't say.
        columns: the fields of a row.
    """

    name: str
    position: int
    key: str
    rows: int | None
    columns: tuple[StoredColumn, ...]


class Part(msgspec.Struct, array_like=True, frozen=True):
    """A chunk of rows: those that were put, and the keys of those that were removed before."""

    rows: list[msgspec.Raw]
    removed: list[Any]


class Places(NamedTuple):
    """Where the rows of a view lie.

    Attributes:
        once: chunks that hold each row once.
        changes: what has changed those since, in order.
    """

    once: Sequence[ChunkPlace]
    changes: Sequence[ChunkPlace]


decode_part = decoder_of(Part)
decode_row: Callable[[Any], Any] = decoder_of(cast("type[Any]", Any))


@final
class StoredRows:
    """The rows of one view, to be iterated and closed; from `Store.rows`. They stay the same while the engine goes on.

    Attributes:
        view: which view, and as of which position.
    """

    def __init__(self, file: ChunkFile, view: StoredView, saved: SavedView, places: Places) -> None:
        """Use `Store.rows`."""
        self.view = view
        self._file = file
        self._saved = saved
        self._places = places

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Each row's fields by name, as plain data; from the disk, a chunk at a time.

        Raises:
            StoreCorrupt: a chunk is damaged: nothing is lost, an engine makes it again.
            StoreMismatch: a chunk can't be read by this version.
        """
        changes, gone = self._changes()
        for place in self._places.once:
            for raw in self._part(place).rows:
                row = self._named(decode_row(raw))
                if not changes and not gone:
                    yield row
                    continue
                key = row[self.view.key]
                if key not in gone:
                    changed = changes.pop(key, None)
                    yield row if changed is None else self._named(decode_row(changed))
        for changed in changes.values():
            yield self._named(decode_row(changed))

    def close(self) -> None:
        """Close; a second call does nothing."""
        self._file.close()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def __repr__(self) -> str:
        """Of which view, as of when."""
        return f"<StoredRows of {self.view.name} @{self.view.position}>"

    def _changes(self) -> tuple[dict[Any, msgspec.Raw], set[Any]]:
        """What has become of rows since: how they are now, by key; and the keys of those that were removed."""
        changes: dict[Any, msgspec.Raw] = {}
        gone: set[Any] = set()
        for place in self._places.changes:
            part = self._part(place)
            for key in part.removed:
                changes.pop(key, None)
                gone.add(key)
            for raw in part.rows:
                changes[self._named(decode_row(raw))[self.view.key]] = raw
        return changes, gone

    def _part(self, place: ChunkPlace) -> Part:
        """One chunk."""
        try:
            return decode_part(self._file.body(place))
        except msgspec.DecodeError as error:
            raise StoreMismatch(
                f"the rows of view {self.view.name} can't be read by this version: {error}. Read them with the one"
                " that saved them"
            ) from error

    def _named(self, row: Any) -> dict[str, Any]:
        """The fields of a row by name."""
        return named(row, self._saved)


def named(row: Any, saved: SavedView) -> dict[str, Any]:
    """The fields of a row by name, as it is saved: a map or an array, perhaps without what is as by default."""
    columns = saved.columns
    if isinstance(row, dict):
        fields = cast("dict[str, Any]", row)
        if not columns:
            return fields
        return {column.name: fields.get(column.stored_as or column.name, column.default) for column in columns}
    values: list[Any] = row[saved.places_skipped :]
    if not columns:
        return {str(place): value for place, value in enumerate(values, 1)}
    names = {column.name: column.default for column in columns}
    return names | {column.name: value for column, value in zip(columns, values, strict=False)}


def stored_rows(store: Store, name: str) -> StoredRows:
    """The rows of a view in the newest checkpoint; see `Store.rows`."""
    file = store.browse_checkpoints()
    if file is None:
        raise no_view(name, ())
    try:
        return rows_in(file, closings_in(file, store), name)
    except BaseException:
        file.close()
        raise


def rows_in(file: ChunkFile, closings: Sequence[Closing], name: str) -> StoredRows:
    """The rows of a view in a file, which they go on reading.

    Raises:
        Invalid: the last checkpoint doesn't have it, or is too old to say which field is its key.
    """
    known = readable(closings)
    if name not in known:
        raise no_view(name, known)
    places, saved = places_of(file, closings, name), closings[-1].views[name]
    if places.changes and not saved.key:
        raise Invalid(
            f"the rows of view {name} can't be put together: the checkpoint, of an older version of actum, does not say"
            " which field is their key. Have its engine make a new one: engine.checkpoint(base=True)"
        )
    return StoredRows(file, view_of(file, closings[-1], name, places), saved, places)


def no_view(name: str, known: Sequence[str]) -> Invalid:
    """The error for a view that is not there."""
    there = ", ".join(known) or "none. An engine saves views now and then, and when it is closed"
    return Invalid(f"the newest checkpoint has no view {shown(name)}: it has {there}")


def stored_views(store: Store) -> list[StoredView]:
    """The views in the newest checkpoint; see `Store.views`."""
    file = store.browse_checkpoints()
    if file is None:
        return []
    with file:
        closings = closings_in(file, store)
        return [view_of(file, closings[-1], name, places_of(file, closings, name)) for name in readable(closings)]


def checkpoint_position(store: Store) -> int:
    """Where the newest checkpoint was made; 0 if there is none of this log."""
    file = store.browse_checkpoints()
    if file is None:
        return 0
    with file:
        closings = closings_in(file, store)
        return closings[-1].position if closings else 0


def saved_aggregates(store: Store) -> tuple[str, ...]:
    """The names of the aggregates of the code that made the newest checkpoint; none if it doesn't say."""
    file = store.browse_checkpoints()
    if file is None:
        return ()
    with file:
        closings = closings_in(file, store)
    reading = closings[-1].reading if closings else None
    return () if reading is None else tuple(sorted(reading.evolves))


def closings_in(file: ChunkFile | None, store: Store) -> list[Closing]:
    """What the checkpoints of a file say; nothing if they were made of another log, as the engine sees it.

    Raises:
        StoreCorrupt: they are ahead of the log.
        StoreMismatch: they can't be read by this version.
    """
    try:
        closings = [decode_closing(checkpoint.closing) for checkpoint in file.checkpoints] if file is not None else []
    except msgspec.DecodeError as error:
        raise StoreMismatch(
            f"the checkpoint can't be read by this version: {error}. Read it with the one that made it, or delete the"
            " directory derived/: an engine makes it again"
        ) from error
    return closings if closings and is_of_log(store, closings[-1]) else []


def readable(closings: Sequence[Closing]) -> list[str]:
    """The views whose rows are all there: those that the last checkpoint has, and a beginning of theirs before it."""
    return [name for name in closings[-1].views if beginning(closings, name) is not None] if closings else []


def beginning(closings: Sequence[Closing], name: str) -> int | None:
    """The checkpoint at which the rows of a view begin; None if they don't."""
    begun: int | None = None
    for index, closing in enumerate(closings):
        saved = closing.views.get(name)
        if saved is None:
            begun = None
        elif saved.reset:
            begun = index
    return begun


def places_of(file: ChunkFile, closings: Sequence[Closing], name: str) -> Places:
    """Where the rows of a readable view lie."""
    start = beginning(closings, name) or 0
    section = view_section(name)
    parts = [[place for place in each.chunks if place.section == section] for each in file.checkpoints[start:]]
    places = [place for part in parts for place in part]
    once = closings[start].views[name].once if len(places) > 1 else 1
    return Places(places[:once], places[once:])


def view_of(file: ChunkFile, closing: Closing, name: str, places: Places) -> StoredView:
    """What is known of a view; the names of its fields are looked up in a row if the checkpoint doesn't say them."""
    saved = closing.views[name]
    columns = tuple(StoredColumn(column.name, column.type, column.numeric) for column in saved.columns)
    return StoredView(
        name=name,
        position=closing.position,
        key=saved.key,
        rows=saved.rows,
        columns=columns or columns_in(file, [*places.once, *places.changes], saved),
    )


def columns_in(file: ChunkFile, places: Sequence[ChunkPlace], saved: SavedView) -> tuple[StoredColumn, ...]:
    """The fields of the first row that is found."""
    for place in places:
        for raw in decode_part(file.body(place)).rows:
            return tuple(map(StoredColumn, named(decode_row(raw), saved)))
    return ()
