"""What a checkpoint says of itself: its closing record, and the names of its sections.

Whatever is added to a closing record has a default: those of older versions are read all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from actum_storage import StoreCorrupt

from actum.codec import decoder_of
from actum.schemas.gate import Reading
from actum.streams import Snapshot
from actum.views.columns import SavedColumn, places_skipped, saved_columns

if TYPE_CHECKING:
    from actum_storage import Checkpoint, Log, Store

    from actum.views.live_view import LiveView


class SavedView(msgspec.Struct, array_like=True, frozen=True):
    """A view in a closing record.

    Attributes:
        fingerprint: of the code that made its rows.
        reset: whether the rows saved before don't count.
        key: the field that identifies a row; older ones don't say that, nor what follows.
        rows: how many there are.
        columns: the fields of a row.
        places_skipped: values that stand before them in rows that are stored by place.
        once: chunks that come first and hold each row once; what is behind them may change those rows.
    """

    fingerprint: str
    reset: bool
    key: str = ""
    rows: int | None = None
    columns: Sequence[SavedColumn] = ()
    places_skipped: int = 0
    once: int = 0

    @classmethod
    def of(cls, view: LiveView, *, reset: bool, once: int) -> SavedView:
        """A view as it is now."""
        schema = view.table.schema
        columns, skipped = saved_columns(schema.row_type), places_skipped(schema.row_type)
        return cls(view.saved_fingerprint, reset, schema.key, len(view.table.rows), columns, skipped, once)


class Closing(msgspec.Struct, array_like=True, frozen=True):
    """The closing record of a checkpoint.

    Attributes:
        position: everything up to here, and nothing behind it, is in the rows.
        hash: of the frame that ends there.
        views: those that the checkpoint holds; one that is not here has to be rebuilt.
        reading: how the code that made it reads the log, which it could up to here; older ones don't say.
    """

    position: int
    hash: bytes
    views: dict[str, SavedView]
    reading: Reading | None = None


class Saved(msgspec.Struct, frozen=True):
    """What a generation of checkpoints says without the user's classes.

    Attributes:
        position: of the last one.
        hash: of the frame that ends there.
        heads: the position of the last record of each stream, by aggregate and key.
    """

    position: int
    hash: bytes
    heads: dict[tuple[str, str], int]


decode_closing = decoder_of(Closing)
decode_heads = decoder_of(dict[str, int])
decode_snapshots = decoder_of(dict[str, Snapshot])


def view_section(view: str) -> str:
    """The name under which the rows of a view are saved."""
    return f"view:{view}"


HEADS = "heads:"


def heads_section(aggregate: str) -> str:
    """The name under which the heads of an aggregate class's streams are saved."""
    return HEADS + aggregate


def snapshots_section(aggregate: str, fingerprint: str) -> str:
    """The name under which snapshots are saved: with their fingerprint, so that those of other code are not found."""
    return f"snapshots:{aggregate}:{fingerprint}"


def read_saved(checkpoints: Sequence[Checkpoint]) -> Saved | None:
    """What the checkpoints of one generation say of streams; None if there are none.

    Raises:
        msgspec.MsgspecError: they can't be read by this version.
    """
    if not checkpoints:
        return None
    heads: dict[tuple[str, str], int] = {}
    for checkpoint in checkpoints:
        for chunk in checkpoint.chunks:
            name = chunk.section.removeprefix(HEADS)
            if name != chunk.section:
                heads.update(((name, key), position) for key, position in decode_heads(bytes(chunk.body)).items())
    closing = decode_closing(bytes(checkpoints[-1].closing))
    return Saved(closing.position, closing.hash, heads)


def is_of_log(log: Log | Store, closing: Closing) -> bool:
    """Whether a log has the frame at which a checkpoint was made.

    Raises:
        StoreCorrupt: the checkpoint is ahead of it.
    """
    head = log.head
    if closing.position > head.position:
        raise StoreCorrupt(
            f"the log ends at position {head.position}, but a checkpoint was made at {closing.position}: "
            "acknowledged events are missing. Restore the log from a backup; "
            "if you put back an older log on purpose, delete the directory derived/"
        )
    if closing.position == 0:
        return True
    frame = log.frame_at(closing.position)
    return frame.last == closing.position and frame.hash == closing.hash
