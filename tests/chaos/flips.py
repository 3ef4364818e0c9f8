"""Bits flip, runs of bytes turn to noise or zeros, sectors trade places, in any file: never a wrong answer.

Each case damages a copy of one store and looks at it through every door, in a child of its own. Every answer has to be
the true one, or a refusal that names the file; what any door can see, `verify` has to find.

Some damage is whole by its own hashes: a chunk of a checkpoint is lost, doubled or exchanged; a frame of the log is
written anew with another amount in it, as somebody with a tool would. The latter is no accident that an engine could
see while it reads one frame: `verify` has to find it.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

import actum
from actum_storage import Batch, seal
from actum_storage.chunks import FILE_HEADER, parse_record
from actum_storage.frame import Frame
from actum_storage.layout import ARRAY_HEADER

from tests.chaos.damaged import Truth, fill, judged, said_by_store, truth_of
from tests.chaos.forked import forked
from tests.chaos.mutants import plant
from tests.chaos.row import Outcome, Row, Violation

SECTOR = 512
PAGE = 4096
#: How much of the damage to the log, and to checkpoints, is whole by its own hashes.
FORGED = 0.1
REORDERED = 0.7
#: An amount below 128 in an event.
AMOUNT = re.compile(b"\xa6amount[\x01-\x7f]")


def damaged(content: bytes, random: Random) -> bytes:
    """The bytes with one piece of damage; not in the zeros behind the end, which nobody reads."""
    used = -(-len(content.rstrip(b"\0")) // PAGE) * PAGE
    content, unread = content[:used], content[used:]
    data = bytearray(content)
    if not data:
        return b"?"
    at = random.randrange(len(data))
    match random.choice(["flip", "flip", "flips", "noise", "zeros", "sector", "page"]):
        case "flip":
            data[at] ^= 1 << random.randrange(8)
        case "flips":
            for _ in range(random.randint(2, 20)):
                data[random.randrange(len(data))] ^= 1 << random.randrange(8)
        case "noise":
            size = random.randint(1, 64)
            data[at : at + size] = random.randbytes(len(data[at : at + size]))
        case "zeros":
            at -= at % SECTOR
            data[at : at + SECTOR] = bytes(len(data[at : at + SECTOR]))
        case kind:
            unit = SECTOR if kind == "sector" else PAGE
            count = max(1, len(data) // unit)
            source, target = random.randrange(count) * unit, random.randrange(count) * unit
            data[target : target + unit] = content[source : source + unit].ljust(
                len(data[target : target + unit]), b"\0"
            )
    return bytes(data) + unread


def reordered(content: bytes, random: Random) -> bytes:
    """A file of checkpoints in which a whole record is lost, lies in another's place, or has traded places with it."""
    offset, records = FILE_HEADER.size, list[bytes]()
    while (record := parse_record(memoryview(content), offset)) is not None:
        records.append(content[offset : record.end])
        offset = record.end
    one, other = random.sample(range(len(records)), 2)
    match random.randrange(3):
        case 0:
            del records[one]
        case 1:
            records[one] = records[other]
        case _:
            records[one], records[other] = records[other], records[one]
    return b"".join([content[: FILE_HEADER.size], *records, content[offset:]])


def forge(data: Path, random: Random) -> None:
    """Change an amount in some frame but the last, and seal the frame again."""
    import lmdb  # noqa: PLC0415  # another program, for once

    with lmdb.open(str(data.parent), max_dbs=4, lib_version=0) as environment:
        frames = environment.open_db(b"frames", create=False)
        with environment.begin(frames, write=True) as transaction:
            found = [(key, value) for key, value in transaction.cursor() if AMOUNT.search(value)]
            key, value = random.choice(found[:-1])
            frame = Frame.parse(value, "forged")
            body = bytearray(frame.body[ARRAY_HEADER.size :])
            body[random.choice(list(AMOUNT.finditer(body))).end() - 1] ^= 1
            offsets, records, size = list[int](), bytes(body), 0
            for index in range(frame.count):
                offsets.append(size)
                size += len(frame.record(index))
            forged = seal(Batch(frame.first, offsets, bytes(frame.streams), records), frame.previous)
            transaction.put(key, forged.data)


def verified(path: Path) -> str:
    """Whether verifying finds anything."""
    return "wrong: verify found nothing" if said_by_store(path)[2] else "found"


def case(image: Path, copy: Path, truth: Truth, number: int, mutant: str) -> tuple[str, str]:
    """One damaged copy: which file, and what came of it."""
    random = Random(number)
    shutil.copytree(image, copy)
    files = sorted(file for file in copy.rglob("*") if file.is_file())
    weights = [8 if file.name == "data.mdb" else 4 if file.suffix == ".chunks" else 1 for file in files]
    file = random.choices(files, weights)[0]
    forged = file.name == "data.mdb" and random.random() < FORGED
    if forged:
        forge(file, random)
    else:
        whole = file.suffix == ".chunks" and random.random() < REORDERED
        file.write_bytes((reordered if whole else damaged)(file.read_bytes(), random))
    found = forked(partial(mutated, mutant, verified if forged else partial(judged, truth=truth), copy))
    shutil.rmtree(copy)
    return file.name, found


def mutated(mutant: str, judge: Callable[[Path], str], copy: Path) -> str:
    """Judge it with an engine that may be broken on purpose."""
    plant(mutant)
    return judge(copy)


def run(first: int, count: int, mutant: str = "") -> Outcome:
    """So many damaged copies of one store."""
    violations: list[Violation] = []
    counts = {"found": 0, "unseen": 0}
    with tempfile.TemporaryDirectory() as directory:
        image = Path(directory) / "image"
        asyncio.run(fill(image))
        actum.compact_store(image)  # pages that nobody uses any more would only hide the damage
        truth = truth_of(image)
        for number in range(first, first + count):
            name, found = case(image, Path(directory) / "bank", truth, number, mutant)
            if found in counts:
                counts[found] += 1
            else:
                violations.append(Violation(number, f"{name}: {found}"))
    return Outcome(count, violations, {"found": counts["found"], "without effect": counts["unseen"]})


ROW = Row(
    name="flips",
    title="bit flips, noise, zeros, swapped sectors in any file: silently wrong answers, deaths, damage not found",
    unit="damaged stores",
    short=300,
    full=10_000,
    part=250,
    run=run,
)
