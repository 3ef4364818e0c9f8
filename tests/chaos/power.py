"""Power cuts: whatever part of the writes that were not synced reached the disk, nothing acknowledged is lost.

The script's life is recorded: every write with its bytes, every sync, create, rename. Each case cuts it at some call
and makes up what the disk may hold then: everything that was synced; of what was not, any subset, in sectors of 512
bytes; names that were not synced in their directory, up to any point. Then the store is opened and judged.

What is assumed, as LMDB does: a sector is written whole or not at all, and a sync that has returned is true. The model
is harsher than ext4, which keeps names in order and data before them.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.chaos import script
from tests.chaos.row import Outcome, Row, Violation
from tests.chaos.runner import Runner
from tests.support import shim
from tests.support.shim import Call

TURNS = 4
SECTOR = 512


@dataclass
class File:
    """A file's bytes as the disk surely has them, and what was written since its last sync, in order."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[tuple[str, int, bytes]] = field(default_factory=list[tuple[str, int, bytes]])

    def sync(self) -> None:
        """Everything is on the disk."""
        for name, offset, data in self.pending:
            apply(self.durable, name, offset, data)
        self.pending.clear()

    def crashed(self, random: Random, keep: float) -> bytes:
        """What may be on the disk: each unsynced sector with a probability."""
        data = bytearray(self.durable)
        for name, offset, written in self.pending:
            if name != "write":
                if random.random() < keep:
                    apply(data, name, offset, written)
                continue
            at = 0
            while at < len(written):
                size = min(SECTOR - (offset + at) % SECTOR, len(written) - at)
                if random.random() < keep:
                    apply(data, "write", offset + at, written[at : at + size])
                at += size
        return bytes(data)


def apply(data: bytearray, name: str, offset: int, written: bytes) -> None:
    """One change of a file."""
    if name == "write":
        data.extend(bytes(max(0, offset + len(written) - len(data))))
        data[offset : offset + len(written)] = written
    elif offset < len(data) and name == "truncate":
        del data[offset:]
    else:
        data.extend(bytes(offset - len(data)))


@dataclass
class Name:
    """A change of a directory that is not synced yet: the names that go, those that come."""

    directory: str
    gone: list[str]
    come: dict[str, File | None]


@dataclass
class Disk:
    """What the disk surely has, what the process sees, the names in between; a directory is a name without a file."""

    durable: dict[str, File | None]
    seen: dict[str, File | None]
    pending: list[Name] = field(default_factory=list[Name])

    def replay(self, call: Call) -> None:
        """Take in a call that has returned."""
        path = call.path
        directory = path.rpartition("/")[0]
        match call.name:
            case "create" | "mkdir":
                known = self.seen.get(path)
                if known is not None:
                    known.pending.append(("truncate", 0, b""))
                else:
                    self.change(directory, [], {path: File() if call.name == "create" else None})
            case "unlink" | "rmdir":
                self.change(directory, [path], {})
            case "rename":
                moved = {
                    call.other + name[len(path) :]: file
                    for name, file in self.seen.items()
                    if name == path or name.startswith(path + "/")
                }
                self.change(
                    directory, [name for name in self.seen if name == path or name.startswith(path + "/")], moved
                )
            case "fsync" | "fdatasync":
                file = self.seen.get(path)
                if file is not None:
                    file.sync()
                else:
                    self.sync_names(path)
            case _:
                self.write(call)

    def write(self, call: Call) -> None:
        """Bytes of a file, or its size."""
        file = self.seen[call.path]
        assert file is not None
        match call.name:
            case "write":
                file.pending.append(("write", call.offset, call.data))
            case "write_synced":
                apply(file.durable, "write", call.offset, call.data)
            case "ftruncate" | "ftruncate64":
                file.pending.append(("truncate", int(call.other), b""))
            case _:
                file.pending.append(("grow", int(call.other), b""))

    def change(self, directory: str, gone: list[str], come: dict[str, File | None]) -> None:
        """Names, as the process sees them at once."""
        self.pending.append(Name(directory, gone, come))
        settle(self.seen, self.pending[-1])

    def sync_names(self, directory: str) -> None:
        """The names in a directory are on the disk."""
        for name in [name for name in self.pending if name.directory == directory]:
            settle(self.durable, name)
            self.pending.remove(name)

    def crashed(self, random: Random) -> dict[str, bytes | None]:
        """What may be there after the power came back: contents by path, None for directories."""
        keep = random.choice([0.0, 1.0, 0.5, random.random()])
        names = dict(self.durable)
        kept = {name.directory: random.choice([0, 99, random.randint(0, 3)]) for name in self.pending}
        for name in self.pending:
            if kept[name.directory] > 0:
                kept[name.directory] -= 1
                settle(names, name)
        there = {path: file for path, file in names.items() if parents_there(path, names)}
        return {path: None if file is None else file.crashed(random, keep) for path, file in there.items()}


def settle(names: dict[str, File | None], name: Name) -> None:
    """One change of names."""
    for gone in name.gone:
        names.pop(gone, None)
    names.update(name.come)


def parents_there(path: str, names: dict[str, File | None]) -> bool:
    """Whether the directories above a path exist."""
    directory = path.rpartition("/")[0]
    return directory == "" or (directory in names and parents_there(directory, names))


def record(runner: Runner, base: Path) -> list[Call]:
    """The calls of a life, with paths below its directory."""
    (base / "life").mkdir()
    failed = runner.live(base / "life", TURNS, under=str(base), log=str(base / "log"))
    assert failed == "", failed
    calls = [
        call._replace(path=call.path.removeprefix(str(base)), other=call.other.removeprefix(str(base)))
        for call in shim.recorded(base / "log")
    ]
    return [call for call in calls if call.path.startswith(("/life/", f"/{script.ACKS}")) or call.path == "/life"]


def at_cut(calls: list[Call], cut: int) -> tuple[Disk, set[int]]:
    """The disk after so many calls, and what had been acknowledged by then."""
    disk = Disk({"/life": None}, {"/life": None})
    told: set[int] = set()
    for call in calls[:cut]:
        if call.path == f"/{script.ACKS}":
            told |= {int(line) for line in call.data.split()}
        elif not call.path.endswith("lock.mdb"):  # LMDB makes it anew, and changes it through a memory map
            disk.replay(call)
    return disk, told


def run(first: int, count: int, mutant: str = "") -> Outcome:
    """So many states, several of each cut."""
    violations: list[Violation] = []
    told_in_all = 0
    with Runner(mutant) as runner, tempfile.TemporaryDirectory(dir=memory()) as directory:
        calls = record(runner, Path(directory))
        for number in range(first, first + count):
            random = Random(number)
            disk, told = at_cut(calls, random.randint(1, len(calls)))
            base = Path(directory) / "life"
            shutil.rmtree(base, ignore_errors=True)
            for path, content in sorted(disk.crashed(random).items()):
                target = base.parent / path.lstrip("/")
                target.mkdir(0o700) if content is None else target.write_bytes(content)
            found = runner.judge(base, told, max(told, default=0) + 2)
            if found:
                violations.append(Violation(number, found))
            told_in_all += len(told)
    return Outcome(count, violations, {"acknowledged": told_in_all})


def memory() -> str | None:
    """A directory in memory, where there is one: the states need no disk of their own."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  # made by the system for this


ROW = Row(
    name="power",
    title="power cuts: any subset of the unsynced sectors and names on disk: acknowledged lost, not opening, wrong",
    unit="states",
    short=600,
    full=30_000,
    part=1_000,
    run=run,
)
