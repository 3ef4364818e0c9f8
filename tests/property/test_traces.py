"""Traces: whatever the records are, each that belongs to the id is in the tree once, and every cause before its effect.

What belongs is told by the naive way: all records are looked at again and again until nothing more belongs.
"""

from __future__ import annotations

from typing import Any
from unittest.mock import patch
from uuid import UUID

import msgspec
from actum import StoredRecord
from actum.atomic.ids import family_of, member
from actum.records import command_id_bytes
from actum.stored import trace_search
from actum.stored.trace_search import TraceSearch
from actum.stored.traces import send_of
from hypothesis import given, settings
from hypothesis import strategies as st

#: What is looked for; a command has this id too.
WANTED = "wanted"
SENDS = [command_id_bytes(WANTED), family_of(command_id_bytes(WANTED)), command_id_bytes("b"), bytes(16), b"\1" * 16]
NAMES = [
    WANTED,
    str(UUID(bytes=command_id_bytes(WANTED))),
    str(UUID(bytes=bytes(16))),
    str(UUID(bytes=b"\1" * 16)),
    "d1",
    None,
]
OWN = ["actum.ProcessStepped", "actum.ProcessFailed", "actum.ProcessAdvanced"]
DEADLINE = ["actum.DeadlineScheduled", "actum.DeadlineFired", "actum.DeadlineCancelled"]


@st.composite
def logs(draw: st.DrawFn) -> list[list[StoredRecord]]:
    """Frames of sends, each of one or several records of users, processes and deadlines."""
    frames: list[list[StoredRecord]] = []
    position = 0
    for _ in range(draw(st.integers(1, 6))):
        frame: list[StoredRecord] = []
        for _ in range(draw(st.integers(1, 3))):
            send = draw(st.sampled_from([*SENDS, command_id_bytes(f"send {position}")]))
            for index in range(draw(st.integers(1, 3))):
                position += 1
                command_id = member(send[:14], index) if len(send) == 14 or draw(st.booleans()) else send
                frame.append(draw(records(position, command_id)))
        frames.append(frame)
    return frames


@st.composite
def records(draw: st.DrawFn, position: int, command_id: bytes) -> StoredRecord:
    """One of them."""
    kind = draw(st.sampled_from(["user", "user", "process", "deadline"]))
    event: dict[str, Any] = {"@type": "Happened"}
    if kind == "process":
        event = {"@type": draw(st.sampled_from(OWN)), "position": draw(st.integers(1, position)), "commands": ["A"]}
    elif kind == "deadline":
        event = {"@type": draw(st.sampled_from(DEADLINE)), "deadline_id": draw(st.sampled_from(["d1", "d2"]))}
        event |= {"correlation_id": draw(st.sampled_from(NAMES)), "causation_id": draw(st.sampled_from(NAMES))}
    return StoredRecord(
        event=event,
        aggregate={"user": "Thing", "process": "actum.Processes", "deadline": "actum.Deadlines"}[kind],
        key="k",
        version=1,
        previous=0,
        timestamp_ns=draw(st.integers(0, 9)),
        command_id_bytes=command_id,
        correlation_id=draw(st.sampled_from(NAMES)) if kind == "user" else None,
        causation_id=draw(st.sampled_from(NAMES)) if kind == "user" else None,
        position=position,
    )


def searched(frames: list[list[StoredRecord]], piece_size: int, position: int | None) -> TraceSearch:
    """A search through them, the frames sieved by their bytes."""
    head = frames[-1][-1].position
    search = TraceSearch(WANTED, head, position=position)
    with patch.object(trace_search, "PIECE_POSITIONS", piece_size):
        while (piece := search.wanted()) is not None:
            found = [
                record
                for frame in frames
                if any(mark in msgspec.msgpack.encode(frame) for mark in piece.marks)
                for record in frame
                if piece.start <= record.position <= piece.stop
            ]
            search.give(piece, found)
    return search


@settings(max_examples=60)
@given(logs(), st.integers(1, 40), st.data())
def test_what_belongs_is_found_and_is_in_the_tree_once(frames: list[list[StoredRecord]], piece: int, data: Any) -> None:
    """In pieces of any size; the same from the head as from a record that says itself that it belongs."""
    every = [record for frame in frames for record in frame]
    search = searched(frames, piece, None)
    trace = search.trace()
    assert trace.whole
    assert search.remaining == 0
    certain = [record for record in every if WANTED in (record.correlation_id, record.causation_id)]
    certain += [record for record in every if send_of(record.command_id_bytes) in (SENDS[1], send_of(SENDS[0]))]
    assert {record.position for record in certain} <= search.records.keys()
    assert [record.position for record in trace.records] == sorted(search.records)
    for index, node in enumerate(trace.nodes):
        assert node.parent is None or node.parent < index
        above = None if node.parent is None else trace.nodes[node.parent]
        assert node.depth == (0 if above is None else above.depth + 1)
        assert above is None or above.record.position <= node.record.position
    siblings: dict[int | None, list[int]] = {}
    for node in trace.nodes:
        siblings.setdefault(node.parent, []).append(node.record.position)
    assert all(positions == sorted(positions) for positions in siblings.values())
    if certain:
        known = data.draw(st.sampled_from(certain)).position
        assert searched(frames, piece, known).trace().nodes == trace.nodes
