"""Views: in-memory read models. Users subclass `View`; `LiveView` is one at work in the engine.

A view's rows change only in its `@project` handlers, in position order, in the loop; everything else is refused. A
handler that raises breaks its own view only: it is not served any more, and commands go on. This module can't reach
the log, a writer or an actor: a query never touches the write model.
"""

from __future__ import annotations

import logging
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import length_hint
from types import GenericAlias
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, final

import msgspec

from actum.errors import Invalid, ViewBroken, WriteOutsideProjection
from actum.logbook import facts
from actum.messages import Event, Row
from actum.upcasting import Several
from actum.views.page import Page
from actum.views.table import Cut, Table

if TYPE_CHECKING:
    from actum.records import Record
    from actum.views.table_schema import TableSchema

RowType = TypeVar("RowType", bound=Row)

log = logging.getLogger("actum.views")

#: The fingerprint under which rows are saved that other code made and today's went on with.
OUTDATED = "outdated"


class ViewOptions(msgspec.Struct, frozen=True):
    """What `class X(View[Row], name=..., revision=...)` said."""

    name: str
    revision: str
    row_type: type[Row] | None


class View(Generic[RowType]):
    """A table of rows, changed by events and asked by queries.

    Class options:
        name: its name in checkpoints and tools, the class's name unless given.
        revision: change it when code that the handlers call, but that isn't in them, changes what they do: the view
            is then rebuilt.

    Example:
        class Balances(View[Balance]):
            @project
            def deposited(self, event: Deposited) -> None:
                row = self.get(event.account_id) or Balance(account_id=event.account_id)
                self.put(row.replace(balance=row.balance + event.amount))

            @answer
            def top(self, query: TopBalances) -> list[Balance]:
                return self.order_by("balance", descending=True, limit=query.limit)
    """

    __view_options__: ClassVar[ViewOptions]

    def __init_subclass__(cls, *, name: str | None = None, revision: str = "") -> None:
        """Take the class options and the row type."""
        super().__init_subclass__()
        cls.__view_options__ = ViewOptions(name or cls.__name__, revision, row_type_of(cls))

    _table: Table[RowType]

    def __init__(self, table: Table[RowType]) -> None:
        """The engine makes views; an application doesn't."""
        self.__dict__["_table"] = table
        # These two are called for nearly every event of a rebuild: the table's own, without another Python call
        # around them.
        self.__dict__["get"] = table.rows.get
        self.__dict__["put"] = table.put

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse what no checkpoint would save.

        Raises:
            WriteOutsideProjection: always.
        """
        raise WriteOutsideProjection(
            f"{type(self).__name__}.{name} can't be set: all that a view knows is in its rows, which checkpoints save"
        )

    def get(self, key: object) -> RowType | None:
        """The row with this key, or None."""
        return self._table.rows.get(key)

    def put(self, row: RowType) -> None:
        """Insert a row, or replace the one with its key. In `@project` handlers only.

        Raises:
            WriteOutsideProjection: called from anywhere else.
            Invalid: not a row of this view's type.
        """
        self._table.put(row)

    def remove(self, key: object) -> bool:
        """Remove the row with this key; False if there is none. In `@project` handlers only.

        Raises:
            WriteOutsideProjection: called from anywhere else.
        """
        return self._table.remove(key)

    def where(self, **equals: object) -> list[RowType]:
        """The rows whose fields have these values, by an index where one fits."""
        return self._table.where(**equals)

    def count(self, **equals: object) -> int:
        """How many rows have these values; all rows without any."""
        return self._table.count(**equals)

    def order_by(
        self,
        index: str | tuple[str, ...],
        *,
        descending: bool = False,
        limit: int | None = None,
        where: Mapping[str, object] | None = None,
        start: object = None,
        stop: object = None,
    ) -> list[RowType]:
        """Rows in the order of a declared index.

        Args:
            index: a field or tuple of fields from the row's `indexes`.
            descending: largest first.
            limit: at most so many rows; None for all.
            where: values that rows must have; those of the index's first fields narrow the search, others filter.
            start: the smallest value of the first field that `where` doesn't fix, inclusive.
            stop: the value to end before, exclusive.

        Raises:
            Invalid: an index that is not declared, a field that does not exist, a limit below 1.
        """
        return self._table.order_by(index, descending=descending, limit=limit, where=where, start=start, stop=stop)

    def page(
        self,
        index: str | tuple[str, ...],
        *,
        limit: int,
        cursor: str | None = None,
        descending: bool = False,
        where: Mapping[str, object] | None = None,
    ) -> Page[RowType]:
        """One page of rows in the order of a declared index; its `cursor` continues there whatever changed in between.

        Raises:
            Invalid: as `order_by`, or a cursor that is damaged or of another question.
        """
        return self._table.page(index, limit=limit, cursor=cursor, descending=descending, where=where)

    def __len__(self) -> int:
        """The number of rows."""
        return len(self._table.rows)

    def __contains__(self, key: object) -> bool:
        """Whether there is a row with this key."""
        return key in self._table.rows

    def __iter__(self) -> Iterator[RowType]:
        """All rows, in the order in which their keys first came."""
        return iter(self._table.rows.values())

    def __repr__(self) -> str:
        """Its name and size."""
        return f"<{type(self).__name__} {len(self)} rows>"


def row_type_of(view: type) -> type[Row] | None:
    """The row type from `View[...]` in the class statement, or its parents'."""
    for parent in view.__mro__:
        for base in vars(parent).get("__orig_bases__", ()):
            arguments = typing.get_args(base)
            if arguments and isinstance(arguments[0], type) and issubclass(arguments[0], Row):
                return arguments[0]
    return None


@final
class Projection(msgspec.Struct, frozen=True):
    """One `@project` handler."""

    function: Callable[..., None]
    wants_record: bool


@final
class LiveView:
    """A view at work: its rows, how far it has come, and whether it is broken.

    Attributes:
        name: its name in checkpoints and tools.
        view: the user's object.
        table: its rows.
        position: everything up to here is in the rows.
        broken: why it is not served, or None.
        saved: whether the newest checkpoint continues with these rows.
        all_changed: whether every row counts as changed since the last cut.
        outdated: whether the rows that were restored are those of other code; saved, they are again.
        made: where these rows took the place of others, if other code may have made those; 0 if it did not.
    """

    __slots__ = (
        "_handlers", "_projections", "_schema", "_view_type", "_wants_records", "all_changed", "broken",
        "fingerprint", "made", "name", "outdated", "position", "saved", "saved_type", "table", "view",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        view: type[View[Any]],
        schema: TableSchema,
        projections: Mapping[type[Event], Projection],
        fingerprint: str,
    ) -> None:
        """An empty view at position 0."""
        self.name = name
        self.fingerprint = fingerprint
        self._view_type = view
        self._schema = schema
        self._projections = projections
        self._wants_records = any(projection.wants_record for projection in projections.values())
        fields = {field.name: field.type for field in msgspec.structs.fields(schema.row_type)}
        #: How a chunk of rows is decoded: rows, and keys of removed ones.
        self.saved_type: Any = GenericAlias(
            tuple, (GenericAlias(list, (schema.row_type,)), GenericAlias(list, (fields[schema.key],)))
        )
        self.clear()

    def clear(self) -> None:
        """Back to position 0: no rows, nothing saved, not broken."""
        self.table: Table[Any] = Table(self._schema)
        self.view = self._view_type(self.table)
        self.position = 0
        self.broken: ViewBroken | None = None
        self.saved = False
        self.all_changed = True
        self.made = 0
        self.outdated = False
        self._handlers: dict[type, Callable[..., None] | None] = {
            event: self._bound(projection) for event, projection in self._projections.items()
        }
        self._handlers[Several] = self._project_each_record if self._wants_records else self._project_each

    @property
    def wants_records(self) -> bool:
        """Whether any of its handlers takes the record beside the event."""
        return self._wants_records

    @property
    def saved_fingerprint(self) -> str:
        """Which code the rows are saved as made by: that of two is no code's."""
        return OUTDATED if self.outdated else self.fingerprint

    def twin(self) -> LiveView:
        """An empty view of the same class, to be filled beside this one."""
        return LiveView(self.name, self._view_type, self._schema, self._projections, self.fingerprint)

    def restore(self, rows: list[Any], removed: list[Any]) -> None:
        """Take over saved rows."""
        self.all_changed = False
        self.table.restore(rows, removed)

    def build(self) -> None:
        """Make the indexes after a restore or a replay; rows that can't be indexed break the view."""
        try:
            self.table.build()
        except Invalid as error:
            self._break(self.position, "its rows", error)

    def build_slices(self) -> Iterator[None]:
        """As `build`, a slice at a time, for a view that is not served yet."""
        try:
            yield from self.table.build_slices()
        except Invalid as error:
            self._break(self.position, "its rows", error)

    def cut(self) -> Cut[Any]:
        """What changed since the last cut; from now on it counts as saved."""
        self.saved = True
        self.all_changed = False
        return self.table.cut()

    def refuse(self, cause: Exception) -> None:
        """Stop serving rows of other code, since there will be no others."""
        fix = f". Fix the handler and reopen, or call engine.rebuild({type(self.view).__name__})"
        self.broken = ViewBroken(
            f"view {self.name} can't be served: its saved rows were made by other code, and making it again failed: "
            f"{cause}{'' if isinstance(cause, ViewBroken) else fix}",
            view=self.name,
            position=cause.position if isinstance(cause, ViewBroken) else self.position,
        )
        self.broken.__cause__ = cause

    def _bound(self, projection: Projection) -> Callable[..., None]:
        """The handler as `apply` calls it: with the event, and with its record if any handler of the view wants one."""
        handler: Callable[..., None] = projection.function.__get__(self.view)
        if self._wants_records and not projection.wants_record:

            def without_record(event: Event, record: Record) -> None:  # noqa: ARG001  # the record is for the others
                handler(event)

            return without_record
        return handler

    def _project_each(self, several: Several) -> None:
        """What an upcaster made several events of."""
        for event in several.events:
            handler = self._handlers.get(type(event))
            if handler is not None:
                handler(event)

    def _project_each_record(self, several: Several, record: Record) -> None:
        """The same for a view that wants records: each event comes with the record it was stored in."""
        for event in several.events:
            handler = self._handlers.get(type(event))
            if handler is not None:
                handler(event, msgspec.structs.replace(record, event=event))

    def apply(self, first: int, events: Sequence[Event], records: Callable[[], Sequence[Record]]) -> None:
        """Fold the events at positions `first` and on into the rows; those that are in already are skipped.

        A handler that raises breaks the view at that event's position; nothing is raised here.

        Args:
            first: the position of the first event.
            events: dense in position.
            records: gives the events' records, called only if a handler wants them.
        """
        if self.broken is not None or first + len(events) <= self.position + 1:
            return
        assert first <= self.position + 1, f"{self.name} is at {self.position}, the next event at {first}"
        skip = self.position + 1 - first
        if skip:
            events = events[skip:]
        handlers, table = self._handlers, self.table
        left: Iterator[Any] = iter(events)
        event: Any = None
        table.writable = True
        try:
            if self._wants_records:
                left = iter(records()[skip:])
                record: Record
                for record in left:
                    event = record.event
                    handler = handlers.get(type(record.event))
                    if handler is not None:
                        handler(event, record)
            else:
                for event in left:
                    try:
                        handler = handlers[type(event)]
                    except KeyError:  # once for each type that the view does not project: to ask each time costs more
                        handler = handlers[type(event)] = None
                    if handler is not None:
                        handler(event)
        except BaseException as error:  # noqa: BLE001  # whatever a handler raises breaks this view and nothing else
            self._break(first + skip + len(events) - 1 - length_hint(left), type(event).__name__, error)
            return
        finally:
            table.writable = False
        self.position = first + skip + len(events) - 1

    def _break(self, position: int, event: str, error: BaseException) -> None:
        """Stop serving: the rows may hold half of an event."""
        self.broken = ViewBroken(
            f"view {self.name} is broken: its handler of {event} at position {position} raised "
            f"{type(error).__name__}: {error}. "
            f"Fix the handler and reopen, or call engine.rebuild({type(self.view).__name__})",
            view=self.name,
            position=position,
        )
        self.broken.__cause__ = error
        said = facts("view broken", error, view=self.name, position=position)
        log.error("%s", self.broken, exc_info=error, extra=said)

    def check(self) -> None:
        """Raise if the view can't be served; a new error each time, since a raised one carries its traceback.

        Raises:
            ViewBroken: with the position and the cause.
        """
        if self.broken is not None:
            raise ViewBroken(str(self.broken), view=self.name, position=self.broken.position) from self.broken.__cause__

    def __repr__(self) -> str:
        """Name, rows and position."""
        state = " broken" if self.broken is not None else ""
        return f"<LiveView {self.name} {len(self.table.rows)} rows @{self.position}{state}>"
