"""actum: an event-sourced, actor-style, in-memory CQRS engine that lives inside a Python process."""

from actum_storage import (
    ActumError,
    Bookmark,
    CopyReport,
    DeadLetter,
    Fenced,
    Finding,
    Head,
    Log,
    MemoryLog,
    NoSuchPosition,
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
    StoreUsage,
    SubscriptionInUse,
    UnsafeFileSystem,
    diagnose,
)

from actum.aggregate import Aggregate
from actum.alert import Alert
from actum.atomic.conditions import Condition
from actum.clock import Clock
from actum.deadlines.deadline import Deadline, Deadlines
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
    SubscriptionStopped,
    ViewBroken,
    WatchClosed,
    WriteOutsideProjection,
)
from actum.follower import Follower, FollowerStatistics, follow
from actum.handlers import answer, decide, evolve, handle, project
from actum.inspection import SnapshotDifferences
from actum.messages import Command, Event, Query, Row, Value
from actum.middleware import Envelope, Middleware, Send
from actum.options import Options
from actum.processes.process import Cancel, Done, Process, Schedule, react, refused
from actum.processes.status import ProcessStatus
from actum.processes.stream import ProcessEnded, ProcessFailed, ProcessStepped
from actum.records import Receipt, Record, StoredRecord
from actum.recovery.restoration import compact_store, restore_store
from actum.recovery.verification import VerifyReport, show_head
from actum.runner import run
from actum.schemas.changes import schema_changes, schema_lock
from actum.schemas.comparison import SchemaChange
from actum.statistics import (
    AggregateStatistics,
    CheckpointStatistics,
    DeadlineStatistics,
    EngineStatistics,
    ProcessStatistics,
    RebuildStatistics,
    SubscriptionStatistics,
    ViewStatistics,
    WatchStatistics,
)
from actum.stored.automation import StoredProcess, StoredStep
from actum.stored.store import Store, Stream, open_store
from actum.stored.subscriptions import StoredSubscription
from actum.stored.traces import StoredTrace, TraceNode
from actum.stored.views import StoredColumn, StoredRows, StoredView
from actum.subscriptions.consumer import Consumer
from actum.subscriptions.subscription import Subscription
from actum.upcasting import upcast
from actum.view_differences import ViewDifferences
from actum.views.live_view import View
from actum.views.page import Page
from actum.watching.changes import Answer, RowsChanged
from actum.watching.watch import Watch

__all__ = [
    "ActumError",
    "Aggregate",
    "AggregateStatistics",
    "Alert",
    "Answer",
    "Bookmark",
    "Cancel",
    "CatalogueError",
    "CheckpointStatistics",
    "Clock",
    "Command",
    "CommandFailed",
    "CommandTimeout",
    "Condition",
    "Conflict",
    "Consumer",
    "CopyReport",
    "DeadLetter",
    "Deadline",
    "DeadlineStatistics",
    "Deadlines",
    "Done",
    "Engine",
    "EngineClosed",
    "EngineStatistics",
    "Envelope",
    "Event",
    "Fenced",
    "Finding",
    "Follower",
    "FollowerStatistics",
    "Head",
    "Invalid",
    "Log",
    "MemoryLog",
    "Middleware",
    "NoSuchPosition",
    "Options",
    "OutcomeUnknown",
    "Overloaded",
    "Page",
    "Process",
    "ProcessEnded",
    "ProcessFailed",
    "ProcessStatistics",
    "ProcessStatus",
    "ProcessStepped",
    "Quarantined",
    "Query",
    "ReadOnly",
    "RebuildStatistics",
    "Receipt",
    "Record",
    "Reentrant",
    "Rejected",
    "Row",
    "RowsChanged",
    "Schedule",
    "SchemaChange",
    "Send",
    "SnapshotDifferences",
    "StorageError",
    "Store",
    "StoreClosed",
    "StoreCorrupt",
    "StoreFailed",
    "StoreForked",
    "StoreFull",
    "StoreInUse",
    "StoreMismatch",
    "StoreUsage",
    "StoredColumn",
    "StoredProcess",
    "StoredRecord",
    "StoredRows",
    "StoredStep",
    "StoredSubscription",
    "StoredTrace",
    "StoredView",
    "Stream",
    "Subscription",
    "SubscriptionInUse",
    "SubscriptionStatistics",
    "SubscriptionStopped",
    "TraceNode",
    "UnsafeFileSystem",
    "Value",
    "VerifyReport",
    "View",
    "ViewBroken",
    "ViewDifferences",
    "ViewStatistics",
    "Watch",
    "WatchClosed",
    "WatchStatistics",
    "WriteOutsideProjection",
    "answer",
    "compact_store",
    "decide",
    "diagnose",
    "evolve",
    "follow",
    "handle",
    "open_store",
    "project",
    "react",
    "refused",
    "restore_store",
    "run",
    "schema_changes",
    "schema_lock",
    "show_head",
    "upcast",
]
