"""Directories that are no store, or no longer: a sentence, whatever they are; nothing dies, hangs, or is made anew.

Each case makes one wrong directory of a store, or of nothing, and opens it through every door in a child of its own.
What is refused must be left exactly as it was.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import socket
import tempfile
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path
from random import Random

import actum
from actum import ActumError
from actum_tui.command import command
from click.testing import CliRunner

from tests.chaos.damaged import Truth, fill, said_by_engine, said_by_store, truth_of
from tests.chaos.forked import forked
from tests.chaos.mutants import plant
from tests.chaos.row import Outcome, Row, Violation

Change = Callable[[Path, Random], None]

PAGE = 4096
FILES = ("MANIFEST", "writer.lock", "log/data.mdb", "log/lock.mdb", "derived/00000001.chunks")


def truncated(path: Path, random: Random) -> None:
    """The log's file ends at a page, or anywhere."""
    data = path / "log" / "data.mdb"
    size = data.stat().st_size
    os.truncate(data, random.choice([PAGE * random.randrange(size // PAGE), random.randrange(size)]))


def cut(path: Path, random: Random) -> None:
    """Another file ends early."""
    file = path / random.choice(FILES)
    os.truncate(file, random.randrange(file.stat().st_size + 1))


def missing(path: Path, random: Random) -> None:
    """Some files are gone."""
    for name in random.sample(FILES, random.randint(1, 3)):
        (path / name).unlink()


def kinds(path: Path, random: Random) -> None:
    """Something else is in a file's place: a directory, a pipe, a socket, a link in a circle, a device."""
    file = path / random.choice(FILES)
    file.unlink()
    match random.randrange(6):
        case 0:
            file.mkdir()
        case 1:
            os.mkfifo(file)
        case 2:
            with socket.socket(socket.AF_UNIX) as made:
                here = Path.cwd()
                os.chdir(file.parent)  # a socket's path has at most 107 bytes
                made.bind(file.name)
                os.chdir(here)
        case 3:
            file.symlink_to(file.name)
        case 4:
            file.symlink_to("/dev/zero")
        case _:
            file.symlink_to("/dev/null")


def directories(path: Path, random: Random) -> None:
    """A file, a pipe or a link is in a directory's place."""
    directory = path / random.choice(["log", "derived", "."])
    shutil.rmtree(directory)
    match random.randrange(4):
        case 0:
            directory.write_bytes(random.randbytes(100))
        case 1:
            os.mkfifo(directory)
        case 2:
            directory.symlink_to(directory.name)
        case _:
            directory.symlink_to("/proc/self")


def metas(path: Path, random: Random) -> None:
    """The two meta pages have changed places, or one is the other's copy."""
    data = path / "log" / "data.mdb"
    content = data.read_bytes()
    first, second, rest = content[:PAGE], content[PAGE : 2 * PAGE], content[2 * PAGE :]
    data.write_bytes(random.choice([second + first, first + first, second + second, bytes(PAGE) + second]) + rest)


def manifests(path: Path, random: Random) -> None:
    """A MANIFEST that is whole by its hash, and says nonsense."""
    manifest = path / "MANIFEST"
    version = random.choice(["1", "2", "999999999", "0", "-1"])
    fields = random.choice(
        [
            "{}",
            "[" * 2000,
            json.dumps({"created_ns": "x", "engine": 7, "store_id": "short"}),
            json.dumps({"created_ns": 1, "engine": "lmdb-0.9", "store_id": "zz" * 16}),
            json.dumps({"created_ns": 1, "engine": "lmdb-0.9", "store_id": "00" * 16, "more": 1}),
            json.dumps({"created_ns": 1, "engine": "lmdb-1.0", "store_id": "00" * 16}),
            '{"a":' * 600 + "1" + "}" * 600,
        ]
    )
    body = f"actum store, format {version}\n{fields}\n".encode()
    manifest.write_bytes(body + f"sha256 {sha256(body).hexdigest()}\n".encode())


def noise(path: Path, random: Random) -> None:
    """A file of noise, or of nothing, or much too large."""
    file = path / random.choice(FILES)
    file.write_bytes(random.choice([b"", b"\0", random.randbytes(random.randint(1, 20_000))]))
    if random.random() < 0.2:
        os.truncate(file, 1 << 40)  # sparse


def strangers(path: Path, random: Random) -> None:
    """Files that don't belong there, with names that are no text."""
    where = path / random.choice([".", "log", "derived"])
    (
        where
        / os.fsdecode(bytes(random.choice([b"\xff\xfe", b"new\nline", b"00000009.chunks", b"log.old", b"\x1b[2J"])))
    ).write_bytes(random.randbytes(50))
    if random.random() < 0.5:
        (path / "MANIFEST").unlink()


def leftovers(path: Path, random: Random) -> None:
    """What crashes of this and of other programs leave."""
    match random.randrange(5):
        case 0:
            (path / "log").rename(path / "log.old")
        case 1:
            shutil.copytree(path / "log", path / "log.new")
            (path / "MANIFEST").unlink()
        case 2:
            shutil.copytree(path / "log", path / "log.compact")
            (path / "log").rename(path / "log.old")
            os.truncate(path / "log.compact" / "data.mdb", 5000)
        case 3:
            (path / "MANIFEST").rename(path / "MANIFEST.new")
        case _:
            (path / "log").rename(path / "log.compact")


def foreign(path: Path, random: Random) -> None:
    """The log is another LMDB environment: another's, or of another store."""
    import lmdb  # noqa: PLC0415  # another program's environment

    shutil.rmtree(path / "log")
    (path / "log").mkdir()
    with lmdb.open(str(path / "log"), max_dbs=4, lib_version=0) as environment:
        names = random.choice([[], [b"frames"], [b"frames", b"schemas"], [b"people"]])
        for name in names:
            database = environment.open_db(name, dupsort=random.random() < 0.3)
            with environment.begin(write=True) as transaction:
                transaction.put(random.randbytes(8), random.randbytes(200), db=database)


CHANGES: list[Change] = [
    truncated, cut, missing, kinds, directories, metas, manifests, noise, strangers, leftovers, foreign,
]  # fmt: skip


def listing(path: Path) -> str:
    """What is there, with its contents; what can't be read by its kind alone."""
    entries: list[str] = []
    for entry in sorted([path, *path.rglob("*")] if not path.is_symlink() and path.is_dir() else [path]):
        if entry.name == "writer.lock":
            continue  # whoever opens for writing leaves his pid there
        state = entry.lstat()
        content = b""
        if entry.is_file() and not entry.is_symlink() and entry.name != "lock.mdb" and state.st_size < 1 << 24:
            content = entry.read_bytes()
        entries.append(f"{entry!r} {state.st_mode} {sha256(content).hexdigest()}")
    return "\n".join(entries)


def looked_at(mutant: str, path: Path, truth: Truth) -> str:
    """Open it through every door, the one that may write last: "refused", "served", or what was wrong.

    With an engine that may be broken on purpose.
    """
    plant(mutant)
    logging.disable(logging.CRITICAL)
    before = listing(path)
    wrong: list[str] = []
    served = 0
    doors: dict[str, Callable[[], bool]] = {
        "open_store": lambda: said_by_store(path)[:2] == (truth.records, truth.head) or not said_by_store(path)[2],
        "read-only engine": lambda: asyncio.run(said_by_engine(path, read_only=True)) == truth.engine,
        "diagnose": lambda: bool(actum.diagnose(path)),
        "command": lambda: says_a_sentence(path),
        "engine": lambda: asyncio.run(said_by_engine(path, read_only=False)) == truth.engine,
    }
    for name, door in doors.items():
        try:
            if door():
                served += name.endswith("engine")
            else:
                wrong.append(f"{name}: a wrong answer")
        except ActumError as error:
            if str(path) not in str(error):
                wrong.append(f"{name}: the error names no file: {error!r}")
            if name == "engine" and listing(path) != before and "log.old" not in before:
                wrong.append(f"{name} refused it, but changed it: {error}")
    return "wrong: " + "; ".join(wrong) if wrong else "served" if served else "refused"


def says_a_sentence(path: Path) -> bool:
    """Whether the command answers, well or with a sentence."""
    result = CliRunner().invoke(command, ["verify", "-s", str(path)])
    return result.exit_code in (0, 1, 2) and "unexpected" not in result.output and "Traceback" not in result.output


def run(first: int, count: int, mutant: str = "") -> Outcome:
    """So many wrong directories."""
    violations: list[Violation] = []
    counts = {"served": 0, "refused": 0}
    with tempfile.TemporaryDirectory() as directory:
        image = Path(directory) / "image"
        asyncio.run(fill(image))
        truth = truth_of(image)
        for number in range(first, first + count):
            random = Random(number)
            path = Path(directory) / "bank"
            shutil.copytree(image, path)
            change = CHANGES[number % len(CHANGES)]
            change(path, random)
            found = forked(partial(looked_at, mutant, path, truth))
            if found in counts:
                counts[found] += 1
            else:
                violations.append(Violation(number, f"{change.__name__}: {found}"))
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    return Outcome(count, violations, counts)


ROW = Row(
    name="malformed",
    title="malformed directories: deaths by a signal, hangs, tracebacks, wrong answers, changes to what was refused",
    unit="directories",
    short=110,
    full=1_000,
    part=110,
    run=run,
)
