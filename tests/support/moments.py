"""Frames and moments for the tests of the dashboard: of any content, and of a real engine."""

from __future__ import annotations

from typing import Any

from actum import StoredRecord
from actum.monitor import Frame, Hello, StoreVitals
from actum_tui.top.recording_format import Moment
from hypothesis import strategies as st

HELLO = Hello(
    version="1",
    name="bank",
    store="/var/bank",
    store_id="0" * 32,
    pid=7,
    python="3.11",
    loop="asyncio",
    opened_ns=1,
    durability="full",
    admin=False,
)
SECOND_NS = 1_000_000_000


def vitals(position: int) -> StoreVitals:
    """What a directory says."""
    return StoreVitals(
        position=position,
        timestamp_ns=position,
        writer=None,
        log_bytes=1,
        map_bytes=2**40,
        readers=0,
        derived_bytes=3,
        checkpoint_position=0,
        free_bytes=2**40,
    )


def record(position: int, event: Any = None, key: str = "a") -> StoredRecord:
    """A record at a position."""
    return StoredRecord(event or {"@type": "Deposited"}, "Account", key, 1, 0, 0, bytes(16), position=position)


def frame(position: int, **more: Any) -> Frame:
    """A frame of a directory, a second after the one before."""
    time_ns = position * SECOND_NS
    return Frame(time_ns=time_ns, monotonic_ns=time_ns, store=vitals(position), **more)


def moment(position: int) -> Moment:
    """A moment with a frame and its record."""
    return Moment(frame=frame(position), records=(record(position),))


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
POSITIONS = st.integers(0, 2**33)
RECORDS = st.builds(
    lambda position, key, fields: record(position, {"@type": "Noted", "fields": fields}, key or "k"),
    st.integers(1, 2**40),
    st.text(max_size=8),
    PLAIN,
)
MOMENTS = st.one_of(
    st.builds(
        lambda position, records, left_out: Moment(frame=frame(position), records=tuple(records), left_out=left_out),
        POSITIONS,
        st.lists(RECORDS, max_size=3),
        st.integers(0, 9),
    ),
    st.builds(lambda sentence: Moment(lost=sentence), st.text(max_size=20)),
    st.builds(lambda name: Moment(hello=HELLO.__replace__(name=name)), st.text(max_size=8)),
)
