"""Bytes in order, durable: the log, its frames, the store directory and derived files. Synchronous; knows no domain.

The engine uses the names below and nothing else.
"""

from __future__ import annotations

from actum_storage.bookmark_report import BookmarkReport
from actum_storage.bookmarks import Bookmark, BookmarkFile, Bookmarks, DeadLetter, MemoryBookmarks
from actum_storage.chunk_index import ChunkFile, ChunkPlace, PlacedCheckpoint
from actum_storage.chunks import Checkpoint, Chunk
from actum_storage.copies import CopyReport, Progress, compact_store, copy_store
from actum_storage.derived import CheckpointReport, CheckpointWriter, Derived
from actum_storage.diagnosis import diagnose
from actum_storage.directory import StoreDirectory, is_store
from actum_storage.errors import (
    ActumError,
    Fenced,
    NoSuchPosition,
    OutcomeUnknown,
    PositionConflict,
    ReadOnly,
    StorageError,
    StoreClosed,
    StoreCorrupt,
    StoreFailed,
    StoreForked,
    StoreFull,
    StoreInUse,
    StoreMismatch,
    SubscriptionInUse,
    UnsafeFileSystem,
)
from actum_storage.findings import Finding
from actum_storage.fork import ForkGuard
from actum_storage.frame import GENESIS, Batch, Frame, seal, stream_hash
from actum_storage.lmdb_log import LmdbLog
from actum_storage.log import Head, Log
from actum_storage.manifest import Manifest
from actum_storage.memory_log import MemoryLog
from actum_storage.store import Lent, Store, StoreUsage, open_store

__all__ = [
    "GENESIS",
    "ActumError",
    "Batch",
    "Bookmark",
    "BookmarkFile",
    "BookmarkReport",
    "Bookmarks",
    "Checkpoint",
    "CheckpointReport",
    "CheckpointWriter",
    "Chunk",
    "ChunkFile",
    "ChunkPlace",
    "CopyReport",
    "DeadLetter",
    "Derived",
    "Fenced",
    "Finding",
    "ForkGuard",
    "Frame",
    "Head",
    "Lent",
    "LmdbLog",
    "Log",
    "Manifest",
    "MemoryBookmarks",
    "MemoryLog",
    "NoSuchPosition",
    "OutcomeUnknown",
    "PlacedCheckpoint",
    "PositionConflict",
    "Progress",
    "ReadOnly",
    "StorageError",
    "Store",
    "StoreClosed",
    "StoreCorrupt",
    "StoreDirectory",
    "StoreFailed",
    "StoreForked",
    "StoreFull",
    "StoreInUse",
    "StoreMismatch",
    "StoreUsage",
    "SubscriptionInUse",
    "UnsafeFileSystem",
    "compact_store",
    "copy_store",
    "diagnose",
    "is_store",
    "open_store",
    "seal",
    "stream_hash",
]
