"""The engine broken on purpose, one way each: the rows have to notice, or their zeros say nothing.

`plant(name)` breaks this process; it is meant for children and for processes of their own.

Not here is what no row can see, because something else stands behind it: a log that goes on after a failed commit, or
does not read its head again (LMDB takes such a commit back, or refuses to go on), the check of a copy just made (no
disk here lies while it writes), the last sync of a copied file (each of its commits was synced).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Self

from actum.actor import Actor
from actum.automation import own_sends, process_runner
from actum.automation.process_runner import Runner
from actum.batch import OpenBatch
from actum.codec import Codec
from actum.committer import Committer
from actum.processes.backlog import Backlog
from actum.processes.stream import ProcessStream
from actum.streams import Streams
from actum_storage import (
    Batch,
    Head,
    LmdbLog,
    StorageError,
    chunks,
    copies,
    derived,
    directory,
    files,
    frame,
    lmdb_log,
    seal,
)
from actum_storage.chain import Chain
from actum_storage.frame import Frame


def opened(owner: object) -> Any:
    """A class or a module whose parts may be replaced."""
    return owner


def acknowledge_before_commit() -> None:
    """A batch is written when the next one comes, or at the end; it is acknowledged at once."""
    real, waiting = LmdbLog.append, dict[LmdbLog, tuple[int, Batch]]()

    def append(self: LmdbLog, epoch: int, batch: Batch) -> Head:
        flush(self)
        waiting[self] = epoch, batch
        made = seal(batch, self._head.hash)
        return Head(made.last, made.hash)

    def flush(self: LmdbLog) -> None:
        if self in waiting:
            real(self, *waiting.pop(self))

    close = LmdbLog.close

    def close_late(self: LmdbLog) -> None:
        with suppress(StorageError):
            flush(self)
        close(self)

    opened(LmdbLog).append, opened(LmdbLog).close = append, close_late


def ignore_failed_commits() -> None:
    """A commit that finds no room counts as done."""
    real = LmdbLog._commit

    def commit(self: LmdbLog, puts: Any, head: Head) -> None:
        with suppress(StorageError):
            real(self, puts, head)
        self._failure = None
        self._head = head

    opened(LmdbLog)._commit = commit


def no_sync() -> None:
    """LMDB does not sync."""
    real = opened(lmdb_log).open_environment

    def relaxed(path: Any, *, write: bool, durability: Any) -> Any:
        del durability
        return real(path, write=write, durability="relaxed")

    opened(lmdb_log).open_environment = relaxed


def no_directory_sync() -> None:
    """Names are not synced."""
    for module in (files, directory, copies, derived):
        opened(module).sync_directory = lambda path: None


def manifest_before_log() -> None:
    """A file gets its name before its bytes are synced."""
    opened(files).os.fsync = lambda descriptor: None


def no_frame_hash() -> None:
    """A frame's hash is not looked at."""

    def parse(data: bytes, where: str) -> Frame:
        return frame.parse_header(data, where)[0]

    opened(Frame).parse = staticmethod(parse)


def ignore_short_frames() -> None:
    """A frame that is not whole is skipped, and so is its place in the chain, instead of being damage."""
    real = LmdbLog._piece

    def piece(self: LmdbLog, position: int, limit: int, *, backwards: bool) -> Iterator[Frame]:
        with suppress(StorageError):
            yield from real(self, position, limit, backwards=backwards)

    def forwards(self: Chain, start: int, stop: int) -> Iterator[Frame]:
        while start <= stop:
            for found in self.piece(start, stop):
                start = found.last
                yield found
            start += 1

    opened(LmdbLog)._piece = piece
    opened(Chain).forwards = forwards


def no_chunk_hash() -> None:
    """A chunk's hash is not looked at."""

    def parse(view: memoryview, offset: int) -> Any:
        with suppress(Exception):
            magic, size, _, count, body_size = chunks.RECORD_HEADER.unpack_from(view, offset)
            start = offset + chunks.RECORD_HEADER_SIZE
            body = view[start + size : start + size + body_size]
            section = str(view[start : start + size], "utf-8", "replace")
            if magic in {chunks.CHUNK_MAGIC, chunks.CLOSING_MAGIC} and len(body) == body_size:
                stored = bytes(view[start - opened(chunks).HASH_SIZE : start])
                return chunks.Record(magic, section, count, body, stored, start + size + body_size)
        return None

    chunks.parse_record = parse


def no_page_check() -> None:
    """LMDB's pages are not walked before LMDB reads them."""
    opened(directory).structure_faults = lambda data: []
    opened(directory).check_data_file = lambda data: None


def no_dedup() -> None:
    """A command id that was seen is not recognised after waking."""
    opened(Streams).read_window = lambda self, position: {}


#: Between the two halves of a batch, so that most kills fall there.
HALF_SECONDS = 0.01


def half_commands() -> None:
    """A batch is written in two frames, whatever commands that parts."""
    real = LmdbLog.append

    def append(self: LmdbLog, epoch: int, batch: Batch) -> Head:
        count = len(batch.offsets)
        if count > 1:
            at = batch.offsets[count // 2]
            real(
                self,
                epoch,
                Batch(batch.first, batch.offsets[: count // 2], batch.streams[: 8 * (count // 2)], batch.records[:at]),
            )
            time.sleep(HALF_SECONDS)
            offsets = [offset - at for offset in batch.offsets[count // 2 :]]
            batch = Batch(batch.first + count // 2, offsets, batch.streams[8 * (count // 2) :], batch.records[at:])
        return real(self, epoch, batch)

    opened(LmdbLog).append = append


def views_before_commit() -> None:
    """Views show a batch when it is handed over, not when it is durable."""
    real = Committer.flush

    def flush(self: Committer) -> None:
        ready = self.under_way is None and bool(self.open.events) and self.failure is None
        batch = self.open
        if ready:
            scheduler = opened(self._settled).__self__
            scheduler._settled(batch)
        real(self)

    opened(Committer).flush = flush


def no_event_check() -> None:
    """Events are not decoded again before they are written."""

    def checker(self: Codec) -> Any:
        encode = self._encode
        return lambda event: (encode(event), event)

    opened(Codec)._checker = checker


def keep_state_after_a_bug() -> None:
    """A state that a handler left half changed is gone on with."""
    opened(Actor).forget = lambda self: None


class Uncut(list[int]):
    """A list that nothing is taken out of."""

    def __delitem__(self, index: object) -> None:
        """Nothing."""


def no_cut_back() -> None:
    """The batch is not cut back to where a command began on whose events `evolve` failed."""
    real = OpenBatch.__init__

    def initialize(self: OpenBatch, first: int, **bounds: int) -> None:
        real(self, first, **bounds)
        self.offsets = Uncut()

    opened(OpenBatch).__init__ = initialize


def no_quarantine() -> None:
    """An aggregate whose handlers fail again and again is not refused."""
    opened(Actor).quarantined = property(lambda self: False)


def no_foreign_check() -> None:
    """A directory is taken whatever is in it."""
    opened(directory).refuse_foreign = lambda path: None


def no_chain() -> None:
    """That a frame follows the one before it is not looked at."""
    opened(Chain)._check_link = lambda self, before, frame: None
    opened(Chain)._check_head = lambda self, link: None


class Anything:
    """Equals whatever it is compared with."""

    def __eq__(self, other: object) -> bool:
        """Always."""
        return True

    def __hash__(self) -> int:
        """Like all others."""
        return 0

    def __iadd__(self, other: object) -> Self:
        """As before."""
        return self


def no_seal() -> None:
    """What a closing record says of its chunks is not looked at."""

    class Seal:
        count = size = Anything()

        def __init__(self, link: bytes) -> None:
            del link

        def add(self, own_hash: bytes, size: int) -> None:
            del self, own_hash, size

        def body(self) -> Anything:
            return Anything()

    opened(chunks).Seal = Seal


def steps_twice() -> None:
    """A process takes a step again that it has taken before a crash."""
    opened(ProcessStream)._check = lambda self, after: None

    real = Runner.start

    async def consider(self: Any, key: str, entry: Any, *, retried: bool = False) -> None:
        del retried
        await self._take(key, self._row(key), entry)

    async def start(self: Any, *, running: bool) -> None:
        await real(self, running=running)
        self._backlog = Backlog(0)

    opened(Runner)._consider = consider
    opened(Runner).start = start


def steps_forgotten() -> None:
    """A process that is behind goes on at the end of the log after a crash, whatever it has not considered."""
    real: Any = Runner.start
    considered: Any = Runner._consider

    async def start(self: Runner, *, running: bool) -> None:
        await real(self, running=running)
        self._backlog = Backlog(self._core.scheduler.durable)

    async def consider(self: Any, key: str, entry: Any, *, retried: bool = False) -> None:
        await asyncio.sleep(0.05)
        await considered(self, key, entry, retried=retried)

    opened(Runner).start = start
    opened(Runner)._consider = consider


def effects_apart() -> None:
    """A step of a process is one thing, and what it sends another: the commands come first, under ids of their own."""
    real = own_sends.send_with

    async def send_with(core: Any, own: Any, commands: Any, command_id: bytes) -> None:
        if commands:
            await real(core, [], commands, core.ids.make(core.clock.now_ns()))
            await asyncio.sleep(0.1)
        await real(core, own, [], command_id)

    opened(process_runner).send_with = send_with


MUTANTS: Mapping[str, Callable[[], None]] = {
    function.__name__: function
    for function in (
        acknowledge_before_commit, ignore_failed_commits, no_sync, no_directory_sync, manifest_before_log,
        no_frame_hash, ignore_short_frames, no_chunk_hash, no_page_check, no_dedup, half_commands, views_before_commit,
        no_event_check, keep_state_after_a_bug, no_cut_back, no_quarantine, no_foreign_check,
        no_chain, no_seal, steps_twice, steps_forgotten, effects_apart,
    )
}  # fmt: skip


def plant(name: str) -> None:
    """Break this process in one way; "" leaves it whole."""
    if name:
        MUTANTS[name]()
