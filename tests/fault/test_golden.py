"""Stores of every released format open, verify, say what they said, and go on.

They were written on a machine with pages of 4 KiB and little-endian numbers, as LMDB's files are.
"""

from __future__ import annotations

import json
import shutil
from hashlib import sha256
from pathlib import Path

import actum
import pytest

from tests.golden.make import opened, said
from tests.support.bank import Deposit

GOLDEN = Path(__file__).parents[1] / "golden"
#: What each kept store consists of; a released one never changes.
HASHES = {"format-1": "01762fbb96ac7cc7a21194c9b9f0364061f29bfeb390eb5f897e930e1bc8c710"}


def hash_of(directory: Path) -> str:
    """One hash over all files."""
    own = sha256()
    for file in sorted(path for path in directory.rglob("*") if path.is_file()):
        own.update(file.relative_to(directory).as_posix().encode() + b"\0" + file.read_bytes())
    return own.hexdigest()


@pytest.fixture(params=sorted(HASHES))
def golden(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of a kept store, with what it has to say beside it."""
    shutil.copytree(GOLDEN / request.param, tmp_path / "golden")
    return tmp_path / "golden"


def test_every_kept_store_is_tried() -> None:
    """None is forgotten, and none was changed."""
    assert {path.name: hash_of(path) for path in GOLDEN.glob("format-*")} == HASHES


@pytest.mark.parametrize("checkpoints", [True, False])
def test_a_store_of_a_released_format(golden: Path, *, checkpoints: bool) -> None:
    """It is whole, says what it said, with its checkpoints or replayed, takes commands, and is whole again."""
    store, expected = golden / "store", json.loads((golden / "expected.json").read_text(encoding="utf-8"))
    if not checkpoints:
        shutil.rmtree(store / "derived")
    assert actum.run(said(store)) == expected
    with actum.open_store(store) as reader:
        report = reader.verify(head=expected["head"])
        assert report.ok, report.findings

    async def go_on() -> None:
        async with opened(store) as bank:
            assert bank.statistics().open_seconds >= 0
            receipt = await bank.send(Deposit(account_id="a-1", amount=1))
            assert receipt.position == len(expected["records"]) + 1

    actum.run(go_on())
    with actum.open_store(store) as reader:
        assert reader.verify(head=expected["head"]).ok
