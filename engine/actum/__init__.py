"""actum: an event-sourced, actor-style, in-memory CQRS engine that lives inside a Python process."""

from actum_storage import (
    ActumError,
    Fenced,
    Log,
    MemoryLog,
    OutcomeUnknown,
    ReadOnly,
    StorageError,
    StoreClosed,
    StoreCorrupt,
    StoreFailed,
    StoreForked,
    StoreFull,
    StoreInUse,
    StoreMismatch,
)

from actum.aggregate import Aggregate
from actum.clock import Clock
from actum.engine import Engine
from actum.errors import (
    CatalogueError,
    CommandFailed,
    CommandTimeout,
    Conflict,
    EngineClosed,
    Invalid,
    Overloaded,
    Quarantined,
    Reentrant,
    Rejected,
    ViewBroken,
    WriteOutsideProjection,
)
from actum.handlers import answer, decide, evolve, project
from actum.messages import Command, Event, Query, Row, Value
from actum.middleware import Envelope, Middleware, Send
from actum.options import Options
from actum.page import Page
from actum.records import Receipt, Record, StoredRecord
from actum.runner import run
from actum.statistics import AggregateStatistics, CheckpointStatistics, EngineStatistics, ViewStatistics
from actum.store import Store, open_store
from actum.upcasting import upcast
from actum.views import View

__all__ = [
    "ActumError",
    "Aggregate",
    "AggregateStatistics",
    "CatalogueError",
    "CheckpointStatistics",
    "Clock",
    "Command",
    "CommandFailed",
    "CommandTimeout",
    "Conflict",
    "Engine",
    "EngineClosed",
    "EngineStatistics",
    "Envelope",
    "Event",
    "Fenced",
    "Invalid",
    "Log",
    "MemoryLog",
    "Middleware",
    "Options",
    "OutcomeUnknown",
    "Overloaded",
    "Page",
    "Quarantined",
    "Query",
    "ReadOnly",
    "Receipt",
    "Record",
    "Reentrant",
    "Rejected",
    "Row",
    "Send",
    "StorageError",
    "Store",
    "StoreClosed",
    "StoreCorrupt",
    "StoreFailed",
    "StoreForked",
    "StoreFull",
    "StoreInUse",
    "StoreMismatch",
    "StoredRecord",
    "Value",
    "View",
    "ViewBroken",
    "ViewStatistics",
    "WriteOutsideProjection",
    "answer",
    "decide",
    "evolve",
    "open_store",
    "project",
    "run",
    "upcast",
]
