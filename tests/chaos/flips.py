"""Bits flip, runs of bytes turn to noise or zeros, sectors trade places, in any file: never a wrong answer.

Each case damages a copy of one store and looks at it through every door, in a child of its own. Every answer has to be
the true one, or a refusal that names the file; what any door can see, `verify` has to find.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from functools import partial
from pathlib import Path
from random import Random

import actum

from tests.chaos.damaged import Truth, fill, judged, truth_of
from tests.chaos.forked import forked
from tests.chaos.mutants import plant
from tests.chaos.row import Outcome, Row, Violation

SECTOR = 512
PAGE = 4096


def damaged(content: bytes, random: Random) -> bytes:
    """The bytes with one piece of damage."""
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
    return bytes(data)


def case(image: Path, copy: Path, truth: Truth, number: int, mutant: str) -> tuple[str, str]:
    """One damaged copy: which file, and what came of it."""
    random = Random(number)
    shutil.copytree(image, copy)
    files = sorted(file for file in copy.rglob("*") if file.is_file())
    weights = [8 if file.name == "data.mdb" else 4 if file.suffix == ".chunks" else 1 for file in files]
    file = random.choices(files, weights)[0]
    before = file.read_bytes()
    file.write_bytes(damaged(before, random))
    found = forked(partial(mutated, mutant, copy, truth))
    shutil.rmtree(copy)
    return file.name, found


def mutated(mutant: str, copy: Path, truth: Truth) -> str:
    """Judge it with an engine that may be broken on purpose."""
    plant(mutant)
    return judged(copy, truth)


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
