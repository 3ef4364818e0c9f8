"""Verifying a store: everything that its files promise, looked at once, without the user's classes.

Hashes show damage and clumsy changes. Whoever can write to the directory can also forge a whole chain of hashes; what
shows that is a head noted elsewhere earlier: `verify(head="4711:5f0c...")` proves that the log up to that position is
the one whose head was noted.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, final

import msgspec
from actum_storage import GENESIS, Finding, Head, StorageError, stream_hash

from actum.codec import decode_schema, decode_stored, schema_name
from actum.errors import Invalid, shown
from actum.recovery.closing import Saved, read_saved

if TYPE_CHECKING:
    import actum_storage
    from actum_storage import Frame, Progress

    from actum.records import StoredRecord

#: Faults of one kind that are named; the others are counted.
NAMED_MAX = 10
RESTORE = "Restore the store from a backup."
REBUILD = "Delete the directory derived/: it is made again from the log."
HEAD = r"([0-9]{1,19}):([0-9a-fA-F]{64})"


class VerifyReport(NamedTuple):
    """What `Store.verify` saw.

    Attributes:
        head: where the log ended when verifying began.
        frames: frames that were read.
        records: records in them.
        streams: aggregates that they belong to.
        findings: one for each thing that was looked at, and one for each fault.
    """

    head: Head
    frames: int
    records: int
    streams: int
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is lost or wrong."""
        return all(finding.level != "error" for finding in self.findings)


def show_head(head: Head) -> str:
    """A head as text, to be noted elsewhere: `position:hash`, the hash in 64 hexadecimal digits."""
    return f"{head.position}:{head.hash.hex()}"


def read_head(text: str) -> Head:
    """A head from its text.

    Raises:
        Invalid: it is not `position:hash`.
    """
    match = re.fullmatch(HEAD, text.strip()) if isinstance(text, str) else None  # pyright: ignore[reportUnnecessaryIsInstance]
    if match is None:
        raise Invalid(f"{shown(text)} is no head: give position:hash, with 64 hexadecimal digits, as status shows it")
    return Head(int(match[1]), bytes.fromhex(match[2]))


def verify(store: actum_storage.Store, noted: Head | None, progress: Progress | None) -> VerifyReport:
    """Look at everything; damage is a finding and no error. `noted` is a head that the log must still have."""
    verification = Verification(store)
    verification.check_pages()
    verification.check_schemas()
    verification.check_log(progress)
    if noted is not None:
        verification.check_noted(noted)
    verification.check_checkpoints()
    verification.check_heads()
    return verification.report()


@final
class Verification:
    """One look at a store."""

    def __init__(self, store: actum_storage.Store) -> None:
        """Nothing looked at yet."""
        self._store = store
        #: Read before the head: a running writer saves a checkpoint only of what is durable.
        self._saved = saved_in(store)
        self._head = store.head
        self._findings: list[Finding] = []
        self._faults: dict[str, int] = {}
        self._frames = 0
        self._records = 0
        self._tags: set[str] | None = None
        #: The hash, the version and the position of each stream's last record.
        self._streams: dict[tuple[str, str], tuple[bytes, int, int]] = {}
        #: The positions of each stream's records that a head in the checkpoint may name: the last one up to it, and
        #: those behind it.
        self._heads: dict[tuple[str, str], list[int]] = {}

    def report(self) -> VerifyReport:
        """All that was found."""
        unnamed = [
            Finding("error", name, f"{count - NAMED_MAX} more faults of this kind")
            for name, count in self._faults.items()
            if count > NAMED_MAX
        ]
        findings = (*self._findings, *unnamed)
        return VerifyReport(self._head, self._frames, self._records, len(self._streams), findings)

    def check_pages(self) -> None:
        """The pages under the frames."""
        faults = self._store.page_faults()
        if faults is None:
            self._fine("pages", "not looked at, because a writer is changing them")
        for fault in faults or ():
            self._fault("pages", fault)
        if not faults and faults is not None:
            self._fine("pages", "every page of the log's file is sound and reachable once")

    def check_schemas(self) -> None:
        """The stored schemas and their hashes."""
        try:
            documents = self._store.schemas()
            schemas = {name: decode_schema(document) for name, document in documents.items()}
        except (StorageError, msgspec.MsgspecError) as error:
            self._fault("schemas", str(error))
            return
        self._tags = {schema.tag for schema in schemas.values()}
        strange = [name for name, schema in schemas.items() if name != schema_name(schema.tag, documents[name])]
        if strange:
            self._fault("schemas", f"the document under {strange[0]!r} is not the one that was stored there")
        else:
            self._fine("schemas", f"{len(documents)} schemas of {len(self._tags)} event types")

    def check_log(self, progress: Progress | None) -> None:
        """Every frame, and every record in it; behind damage, what is whole from the end backwards is named."""
        head = self._head
        try:
            for frame in self._store.frames(1, head.position) if head.position else ():
                self._frames += 1
                self._check_frame(frame)
                if progress is not None:
                    progress(frame.last, head.position)
        except StorageError as error:
            self._fault("hash chain", f"{error} Positions 1 to {self._records} before it are whole.")
            self._whole_behind()
        else:
            self._fine(
                "hash chain", f"{self._frames:,} frames, each with its hash, linked to the one before, without a gap"
            )
        if not self._faults.keys() & {"streams", "events"}:
            self._fine(
                "streams", f"{self._records:,} records of {len(self._streams):,} aggregates, versions without a gap"
            )

    def _whole_behind(self) -> None:
        """Say which positions behind the damage are whole."""
        first = self._head.position + 1
        try:
            for frame in self._store.frames_backwards(self._records + 1, self._head.position):
                first = frame.first
        except StorageError:
            pass
        if first <= self._head.position:
            self._fault("hash chain", f"Positions {first} to {self._head.position} behind the damage are whole.")

    def _check_frame(self, frame: Frame) -> None:
        """The records of one frame."""
        self._records += frame.count
        try:
            records = decode_stored(frame.first, frame.body)
        except (msgspec.MsgspecError, RecursionError) as error:
            self._fault("events", f"the frame at position {frame.first} can't be decoded: {error}")
            return
        for index, record in enumerate(records):
            self._check_record(record, frame.stream(index))

    def _check_record(self, record: StoredRecord, stored_hash: bytes) -> None:
        """One record: it continues its stream, and its type is known."""
        stream = record.aggregate, record.key
        known, version, position = self._streams.get(stream) or (stream_hash(*stream), 0, 0)
        self._streams[stream] = known, record.version, record.position
        if self._saved is not None and record.position > self._saved.position:
            self._heads.setdefault(stream, [position]).append(record.position)
        where = f"position {record.position}, {record.aggregate}/{record.key}"
        if record.version != version + 1:
            self._fault("streams", f"{where}: version {record.version} follows {version}")
        if record.previous != position:
            self._fault("streams", f"{where}: it says that its stream was at {record.previous}; it was at {position}")
        if stored_hash != known:
            self._fault("streams", f"{where}: the frame's table names another stream")
        if self._tags is not None and record.tag not in self._tags:
            self._fault("events", f"{where}: there is no schema for events {record.tag!r}")

    def check_noted(self, noted: Head) -> None:
        """Whether the log up to a position is the one whose head was noted."""
        try:
            found = self._end_at(noted.position)
        except StorageError as error:
            self._fault("noted head", str(error))
            return
        if noted.position > self._head.position:
            self._fault(
                "noted head",
                f"position {noted.position} was noted, but the log ends at {self._head.position}: "
                "its tail was cut off, or an older log was put in its place.",
            )
        elif found != noted:
            self._fault("noted head", f"the log up to position {noted.position} is not the one that was noted.")
        elif self._faults.get("hash chain"):
            self._fault("noted head", "it is there, but what leads to it is damaged.")
        else:
            self._fine("noted head", f"everything up to position {noted.position} is as it was when it was noted")

    def _end_at(self, position: int) -> Head | None:
        """The head that the log had at a position; None if no frame ends there."""
        if not position:
            return Head(0, GENESIS)
        if position > self._head.position:
            return None
        frame = self._store.frame_at(position)
        return Head(frame.last, frame.hash) if frame.last == position else None

    def check_checkpoints(self) -> None:
        """Derived state: what is damaged there costs time at the next opening, and nothing else."""
        report = self._store.checkpoints()
        if report.bytes_unused:
            what = f"{report.where}: {report.bytes_unused:,} of {report.bytes:,} bytes are broken off or damaged."
            fix = "Nothing: they are ignored, and what they held is made again from the log."
            self._findings.append(Finding("warning", "checkpoints", what, fix))
        else:
            self._fine("checkpoints", f"{report.checkpoints} complete, {report.bytes:,} bytes")

    def check_heads(self) -> None:
        """Where the checkpoint says that streams end, compared with the log; states and views need their classes."""
        saved = self._saved
        if saved is None or self._faults.keys() & {"hash chain", "events", "streams"}:
            return
        if saved.position > self._head.position:
            self._fault(
                "checkpoints",
                f"a checkpoint was made at position {saved.position}, but the log ends at {self._head.position}: "
                "acknowledged events are missing.",
            )
            return
        if self._end_at(saved.position) != Head(saved.position, saved.hash):
            what = f"the one at position {saved.position} was not made from this log, and is ignored"
            self._findings.append(Finding("warning", "stream heads", what))
            return
        for stream, (_, _, last) in self._streams.items():
            named, possible = saved.heads.pop(stream, 0), self._heads.get(stream, [last])
            if named not in possible:
                where = "/".join(stream)
                self._fault("stream heads", f"{where} ends at {possible[0]}, the checkpoint says {named}.", REBUILD)
        for stream in saved.heads:
            self._fault("stream heads", f"the log has no {'/'.join(stream)}, the checkpoint has.", REBUILD)
        if "stream heads" not in self._faults:
            self._fine("stream heads", f"those saved at position {saved.position:,} are the log's")

    def _fine(self, name: str, what: str) -> None:
        self._findings.append(Finding("ok", name, what))

    def _fault(self, name: str, what: str, fix: str = RESTORE) -> None:
        """Note a fault, with its words while there are few of its kind."""
        self._faults[name] = self._faults.get(name, 0) + 1
        if self._faults[name] <= NAMED_MAX:
            self._findings.append(Finding("error", name, what, fix))


def saved_in(store: actum_storage.Store) -> Saved | None:
    """What the newest checkpoint says of streams; None if there is none that can be read."""
    try:
        return read_saved(store.read_checkpoints())
    except msgspec.MsgspecError:
        return None
