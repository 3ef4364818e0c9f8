"""Every number that the engine has an opinion about, named, with its unit, its bounds and its reason."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from actum.errors import Invalid, shown

#: Positions are tentative until the frame is durable; a frame holds at most this many records (`docs/format.md`).
FRAME_EVENTS_MAX = 8_192
FRAME_BYTES_MAX = 16 * 1024 * 1024


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How an engine behaves. Frozen and checked when made.

    Attributes:
        durability: `"full"`: a reply means that the disk has it. `"relaxed"`: for tests and benchmarks only; the
            operating system may lose acknowledged commands, or the store, in a power cut.
        any_file_system: open a store also on a network file system, where a second machine would damage it.
        ballast_bytes: size of a file that is deleted when the disk is full, so that the engine can save a checkpoint
            and close well; 2 % of a small file system at most, 0 for none.
        mailbox_size_max: commands waiting for one aggregate; one more is `Overloaded`.
        commands_pending_max: commands inside the engine, waiting or being committed; one more is `Overloaded`.
        turn_commands_max: commands decided before the loop gets its turn again (about 5 ms of work). Fewer don't pay:
            turns that are decided while the disk works keep the writer from the interpreter.
        frame_events_max: events in one frame, and so in one command.
        frame_bytes_max: bytes of events in one frame; a single command may not write more.
        event_bytes_max: bytes of one encoded event.
        dedup_commands_max: how many of an aggregate's last writing commands are recognised by `command_id`.
        actors_max: aggregates kept awake; the least recently used above that are put to sleep.
        passivate_seconds: an aggregate idle for so long is put to sleep.
        quarantine_failures_max: bugs in a row after which an aggregate is refused.
        snapshot_events_max: events after which a state is saved at once, so that waking stays a matter of milliseconds.
        snapshot_events_min: events since its last snapshot for which saving a state at sleep or checkpoint pays.
        gate_seconds: the longest that the loop blocks at a time while a commit is under way, so that the writer gets
            the interpreter (without it a busy loop starves acknowledgements for seconds).
        ask_after_seconds_max: the longest that `ask(..., after=)` waits for a position.
        checkpoint_seconds: the time between two checkpoints; 0 for none but on close.
        checkpoint_events_min: a checkpoint is made only if so many events have come since the last.
        checkpoint_slice_seconds: the longest that encoding a checkpoint holds the loop at a time.
        checkpoint_pause_seconds: the shortest time between two such slices.
        checkpoint_deltas_ratio_max: deltas of this many times the base's size are folded into a new base.
        watch_changes_max: rows of recent changes kept for each watched view, for readers who come back with `since=`.
        replay_slice_events: events replayed before the loop gets its turn, in rebuilds and long wakings.
        rebuild: what becomes of a view at opening whose saved rows were made by other code. `"at opening"`: it is made
            again from the log before opening ends. `"beside"`: if the saved rows have the type and the key that rows
            have now, they are served, and follow the log by today's handlers, until it has been made again beside them.
        close_seconds_max: the longest that closing waits for asynchronous decisions before it cancels them.
        deadlines_pending_max: scheduled commands that wait for their time; one more is `Overloaded`.
        lag_events_max: a view or subscription with more events to do is slow, and live again below half of that.
        lag_seconds_max: so is one whose oldest event to do is older.
        stalled_seconds: one that has made no progress for so long, and does not stand where the log ends, is stalled.
        poll_seconds: how often `follow`, in a process of its own, looks for new events.
        gc_policy: `"freeze"` moves what is alive after opening, and after a checkpoint with much that holds containers,
            out of the garbage collector's sight, and has it look for young garbage every 3,000 objects; for the whole
            process, undone on close. `"none"` leaves the collector alone.
    """

    durability: Literal["full", "relaxed"] = "full"
    any_file_system: bool = False
    ballast_bytes: Annotated[int, Meta(ge=0, le=1 << 30)] = 16 * 1024 * 1024
    mailbox_size_max: Annotated[int, Meta(ge=1, le=1_000_000)] = 1_024
    commands_pending_max: Annotated[int, Meta(ge=1, le=100_000_000)] = 65_536
    turn_commands_max: Annotated[int, Meta(ge=1, le=FRAME_EVENTS_MAX)] = 1_024
    frame_events_max: Annotated[int, Meta(ge=1, le=FRAME_EVENTS_MAX)] = FRAME_EVENTS_MAX
    frame_bytes_max: Annotated[int, Meta(ge=4_096, le=FRAME_BYTES_MAX)] = FRAME_BYTES_MAX
    event_bytes_max: Annotated[int, Meta(ge=64, le=FRAME_BYTES_MAX)] = 1024 * 1024
    dedup_commands_max: Annotated[int, Meta(ge=1, le=10_000)] = 64
    actors_max: Annotated[int, Meta(ge=1)] = 100_000
    passivate_seconds: Annotated[float, Meta(gt=0, le=1e9)] = 300.0
    quarantine_failures_max: Annotated[int, Meta(ge=1)] = 3
    snapshot_events_max: Annotated[int, Meta(ge=1)] = 1_000
    snapshot_events_min: Annotated[int, Meta(ge=1)] = 16
    gate_seconds: Annotated[float, Meta(ge=0.0001, le=1.0)] = 0.005
    ask_after_seconds_max: Annotated[float, Meta(ge=0)] = 5.0
    checkpoint_seconds: Annotated[float, Meta(ge=0)] = 60.0
    checkpoint_events_min: Annotated[int, Meta(ge=1)] = 1_000
    checkpoint_slice_seconds: Annotated[float, Meta(gt=0, le=1.0)] = 0.001
    checkpoint_pause_seconds: Annotated[float, Meta(ge=0, le=10.0)] = 0.005
    checkpoint_deltas_ratio_max: Annotated[float, Meta(gt=0)] = 1.0
    watch_changes_max: Annotated[int, Meta(ge=0, le=100_000_000)] = 10_000
    replay_slice_events: Annotated[int, Meta(ge=1)] = 1_000
    rebuild: Literal["at opening", "beside"] = "at opening"
    close_seconds_max: Annotated[float, Meta(ge=0, le=1e6)] = 30.0
    deadlines_pending_max: Annotated[int, Meta(ge=1)] = 1_000_000
    lag_events_max: Annotated[int, Meta(ge=1)] = 10_000
    lag_seconds_max: Annotated[float, Meta(gt=0, le=1e9)] = 10.0
    stalled_seconds: Annotated[float, Meta(gt=0, le=1e9)] = 30.0
    poll_seconds: Annotated[float, Meta(ge=0.001, le=3_600)] = 0.05
    gc_policy: Literal["freeze", "none"] = "freeze"

    def __post_init__(self) -> None:
        """Check every value.

        Raises:
            Invalid: naming the option, its value and what is allowed.
        """
        for field in msgspec.structs.fields(self):
            value = getattr(self, field.name)
            try:
                msgspec.convert(value, field.type)
            except (msgspec.ValidationError, ValueError) as error:  # half a surrogate pair is no text either
                raise Invalid(f"option {field.name}={shown(value)}: {error}") from error
