"""Reads a view class: the shape of its table, its projections, and the queries that it answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import msgspec

from actum.fingerprints import digest, fingerprint_of, own_constants, own_functions, type_description
from actum.handlers import HandlerInfo, read_handlers
from actum.kinds.checks import check_name, check_plain, check_types, event_descriptions
from actum.messages import Event, Query, Row
from actum.records import Record
from actum.upcasting import Upcasts
from actum.views.live_view import Projection, View
from actum.views.table_schema import TableSchema, check_schema


@final
class ViewKind(msgspec.Struct, frozen=True):
    """One view class, read."""

    name: str
    view: type[View[Any]]
    schema: TableSchema
    projections: dict[type[Event], Projection]
    answers: dict[type[Query[Any]], Callable[[Any, Any], Any]]
    fingerprint: str


class ViewReader:
    """Reads one view class."""

    def __init__(self, view: type[View[Any]], upcasts: Upcasts, faults: list[str]) -> None:
        self.view = view
        self.upcasts = upcasts
        self.faults = faults

    def read(self) -> ViewKind:
        """The kind, with what is faulty left out and named."""
        options = self.view.__view_options__
        check_name(options.name, self.view.__name__, self.faults)
        schema = self._schema(options.row_type)
        handlers = read_handlers(self.view, View, {"project": Event, "answer": Query}, self.faults)
        projects = [handler for handler in handlers if handler.role == "project"]
        check_types([schema.row_type, *(handler.message for handler in projects)], self.faults)
        projections: dict[type[Event], Projection] = {}
        answers: dict[type[Query[Any]], Callable[[Any, Any], Any]] = {}
        for handler in handlers:
            self._check(handler, projections if handler.role == "project" else answers)
            if handler.role == "project":
                projections[handler.message] = Projection(handler.function, wants_record=bool(handler.parameters))
            else:
                answers[handler.message] = handler.function
        fingerprint = digest(
            b"view",
            options.revision.encode(),
            type_description(options.row_type or Row),
            schema.key.encode(),
            fingerprint_of(own_functions(self.view, View, without="answer")),
            own_constants(self.view, View),
            *event_descriptions((handler.message for handler in projects), self.upcasts),
        )
        return ViewKind(options.name, self.view, schema, projections, answers, fingerprint)

    def _schema(self, row_type: type[Row] | None) -> TableSchema:
        """The table's shape, checked."""
        name = self.view.__name__
        if row_type is None:
            self.faults.append(f"{name} has no row type: write `class {name}(View[<a Row>])`")
            return TableSchema(row_type=Row, key="")
        options = row_type.__row_options__
        if options.key is None:
            self.faults.append(
                f"{row_type.__name__} has no key: "
                f"write `class {row_type.__name__}(Row, key=<the field that identifies a row>)`"
            )
            return TableSchema(row_type=row_type, key="")
        schema = TableSchema(
            row_type=row_type, key=options.key, indexes=options.indexes, hash_indexes=options.hash_indexes
        )
        self.faults.extend(check_schema(schema))
        return schema

    def _check(self, handler: HandlerInfo, known: dict[Any, Any]) -> None:
        """One handler per message, synchronous, with the parameters its role may have."""
        if handler.message in known:
            self.faults.append(
                f"{handler.where}: {self.view.__name__} handles {handler.message.__name__} twice: keep one handler"
            )
        check_plain(handler, self.faults)
        if handler.role == "project" and handler.parameters not in ((), (Record,)):
            self.faults.append(
                f"{handler.where}: after the event a projection may take one `record: Record`, no services"
            )
        if handler.role == "answer" and handler.parameters:
            self.faults.append(f"{handler.where}: an answer takes the query only")
