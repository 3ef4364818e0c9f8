"""Verifying finds what was changed: by a failing disk, and by somebody who knows the format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import actum
import msgspec
import pytest
from actum import Invalid, VerifyReport, open_store, show_head
from actum_storage import Batch, Chunk, Frame, LmdbLog, StoreDirectory, seal
from actum_storage.schema import seal_schema

from tests.support.bank import Deposit, DepositEach, open_bank
from tests.support.damage import damage, patch

Forgery = Callable[[list[Frame]], list[Frame]]


async def fill(path: Path) -> None:
    """Six commands, eight events, six frames, and a checkpoint."""
    async with open_bank(path) as bank:
        for number in range(5):
            await bank.send(Deposit(account_id=f"a-{number % 2}", amount=100 + number))
        await bank.send(DepositEach(account_id="a-1", amounts=[1, 2, 3]))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A closed store."""
    actum.run(fill(tmp_path / "bank"))
    return tmp_path / "bank"


def verified(path: Path, head: str | None = None) -> VerifyReport:
    """What verifying says."""
    with open_store(path) as store:
        return store.verify(head=head)


def noted(path: Path) -> str:
    """The head, as somebody notes it."""
    with open_store(path) as store:
        return show_head(store.head)


def faults(report: VerifyReport) -> set[str]:
    """The names of what is wrong."""
    return {finding.name for finding in report.findings if finding.level == "error"}


def test_a_whole_store(path: Path) -> None:
    """Everything is looked at and fine; frames, records and aggregates are counted."""
    report = verified(path, noted(path))
    assert (report.frames, report.records, report.streams, report.ok) == (6, 8, 2, True)
    names = [finding.name for finding in report.findings]
    assert names == ["pages", "schemas", "hash chain", "streams", "noted head", "checkpoints", "stream heads"]
    assert {finding.level for finding in report.findings} == {"ok"}


def test_an_empty_store(tmp_path: Path) -> None:
    """Nothing is wrong with nothing."""
    StoreDirectory.open(tmp_path / "bank", write=True).close()
    assert verified(tmp_path / "bank", noted(tmp_path / "bank")).ok


def test_progress(path: Path) -> None:
    """It is told after each frame."""
    told: list[tuple[int, int]] = []
    with open_store(path) as store:
        store.verify(progress=lambda done, whole: told.append((done, whole)))
    assert told == [(1, 8), (2, 8), (3, 8), (4, 8), (5, 8), (8, 8)]


def test_damage_in_the_middle(path: Path) -> None:
    """File and position are named, and what is whole on both sides."""
    with open_store(path) as store:
        body = bytes(store._store.frame_at(3).body)
    damage(path / "log" / "data.mdb", body, index=20)
    report = verified(path)
    assert faults(report) == {"hash chain"}
    first, behind = (finding.what for finding in report.findings if finding.name == "hash chain")
    assert "frame at position 3" in first
    assert "Positions 1 to 2 before it are whole" in first
    assert behind == "Positions 4 to 8 behind the damage are whole."
    assert "noted head" in faults(verified(path, noted(path)))


def test_damage_to_a_schema(path: Path) -> None:
    """It is named."""
    damage(path / "log" / "data.mdb", b'"tag":"Deposited"')
    assert faults(verified(path)) == {"schemas"}


def test_schemas_that_were_deleted(path: Path) -> None:
    """Events without a schema are named: the gate at opening would know nothing of them."""
    with StoreDirectory.open(path, write=True) as store, store.log._environment.begin(write=True) as transaction:
        transaction.drop(store.log._schemas, delete=False)
    report = verified(path)
    assert faults(report) == {"events"}
    assert "there is no schema for events 'Deposited'" in next(
        finding.what for finding in report.findings if finding.name == "events"
    )


def test_a_schema_that_was_exchanged(path: Path) -> None:
    """A name carries the hash of its document: another one under it is found, also when it is sealed again."""
    with StoreDirectory.open(path, write=True) as store:
        name, document = next(iter(store.log.schemas().items()))
        sealed_again = seal_schema(name.encode(), document.replace(b"integer", b"string"))
        with store.log._environment.begin(write=True) as transaction:
            transaction.put(name.encode(), sealed_again, db=store.log._schemas)
    report = verified(path)
    assert faults(report) == {"schemas"}
    assert not report.ok


def test_damage_to_a_checkpoint(path: Path) -> None:
    """It costs time and nothing else: a warning."""
    file = next((path / "derived").iterdir())
    patch(file, file.stat().st_size - 3, b"???")
    report = verified(path)
    assert report.ok
    assert [finding.name for finding in report.findings if finding.level == "warning"] == ["checkpoints"]


def resaved(path: Path, heads: dict[str, int], position: int, own_hash: bytes) -> None:
    """Put another checkpoint in the place of the saved ones."""
    with StoreDirectory.open(path, write=True) as store:
        writer = store.derived.begin(base=True)
        writer.write(Chunk("heads:Account", len(heads), msgspec.msgpack.encode(heads)))
        writer.close(msgspec.msgpack.encode((position, own_hash, {})))


@pytest.mark.parametrize(
    ("heads", "what"),
    [
        ({"a-0": 5, "a-1": 8}, None),
        ({"a-0": 3, "a-1": 8}, "Account/a-0 ends at 5, the checkpoint says 3."),
        ({"a-0": 8, "a-1": 5}, "Account/a-0 ends at 5, the checkpoint says 8."),
        ({"a-0": 5}, "Account/a-1 ends at 8, the checkpoint says 0."),
        ({"a-0": 5, "a-1": 8, "a-2": 8}, "the log has no Account/a-2, the checkpoint has."),
    ],
)
def test_stream_heads(heads: dict[str, int], what: str | None, path: Path) -> None:
    """Where a checkpoint says that streams end is compared with the log: a wrong one would break their versions."""
    with open_store(path) as store:
        head = store.head
    resaved(path, heads, head.position, head.hash)
    report = verified(path)
    found = [finding.what for finding in report.findings if finding.name == "stream heads"]
    assert found == ["those saved at position 8 are the log's"] if what is None else found[0] == what
    assert report.ok == (what is None)


@pytest.mark.parametrize(
    ("heads", "ok"),
    [
        ({"a-0": 3, "a-1": 4}, True),
        ({"a-0": 5, "a-1": 4}, True),
        ({"a-0": 3, "a-1": 7}, True),
        ({"a-0": 1, "a-1": 4}, False),
    ],
)
def test_stream_heads_behind_a_checkpoint(heads: dict[str, int], ok: bool, path: Path) -> None:  # noqa: FBT001
    """Heads are read while commands go on: one may be newer than its checkpoint, never older."""
    with open_store(path) as store:
        own_hash = store._store.frame_at(4).hash
    resaved(path, heads, 4, own_hash)
    assert verified(path).ok == ok


def test_a_checkpoint_of_another_log(path: Path) -> None:
    """It is ignored at opening, and a warning here; one ahead of the log means that events are missing."""
    resaved(path, {}, 8, bytes(32))
    report = verified(path)
    assert report.ok
    assert [finding.name for finding in report.findings if finding.level == "warning"] == ["stream heads"]
    resaved(path, {}, 9, bytes(32))
    assert faults(verified(path)) == {"checkpoints"}


@pytest.mark.parametrize("head", ["", "7", "7:abc", "x:" + "0" * 64, "-1:" + "0" * 64])
def test_a_head_that_is_none(head: str, path: Path) -> None:
    """It is refused, and the form is named."""
    with pytest.raises(Invalid, match="position:hash"):
        verified(path, head)


def rewritten(path: Path, forgery: Forgery) -> None:
    """Put another log in the place of the store's, with frames that were changed by somebody who seals them again."""
    with StoreDirectory.open(path, write=True) as store:
        frames, schemas = list(store.log.frames()), store.log.schemas()
    for file in (path / "log").iterdir():
        file.unlink()
    log = LmdbLog.open(path / "log", write=True)
    epoch = log.acquire()
    log.put_schemas(epoch, schemas)
    for frame in forgery(frames):
        log._commit([(log._frames, frame.first.to_bytes(8), frame.data)], log.head)
    log.close()


def sealed(frames: list[list[bytes]], streams: list[list[bytes]]) -> list[Frame]:
    """Records and their streams as a new, whole chain of frames."""
    made: list[Frame] = []
    first, previous = 1, bytes(32)
    for records, hashes in zip(frames, streams, strict=True):
        offsets = [sum(map(len, records[:index])) for index in range(len(records))]
        made.append(seal(Batch(first, offsets, b"".join(hashes), b"".join(records)), previous))
        first, previous = first + len(records), made[-1].hash
    return made


def parts(frames: list[Frame]) -> tuple[list[list[bytes]], list[list[bytes]]]:
    """The records and streams of each frame."""
    return (
        [[bytes(frame.record(index)) for index in range(frame.count)] for frame in frames],
        [[frame.stream(index) for index in range(frame.count)] for frame in frames],
    )


def edited(frames: list[Frame]) -> list[Frame]:
    """Another amount in the third event, everything sealed again."""
    records, streams = parts(frames)
    assert b"\x66" in records[2][0]
    records[2][0] = records[2][0].replace(b"\x66", b"\x67", 1)
    return sealed(records, streams)


def deleted(frames: list[Frame]) -> list[Frame]:
    """The third event is gone, everything behind it moved up and sealed again."""
    records, streams = parts(frames)
    return sealed(records[:2] + records[3:], streams[:2] + streams[3:])


def inserted(frames: list[Frame]) -> list[Frame]:
    """The third event twice."""
    records, streams = parts(frames)
    return sealed(records[:3] + records[2:], streams[:3] + streams[2:])


def reordered(frames: list[Frame]) -> list[Frame]:
    """The second and the third event have changed places."""
    records, streams = parts(frames)
    order = [0, 2, 1, 3, 4, 5]
    return sealed([records[each] for each in order], [streams[each] for each in order])


def cut_off(frames: list[Frame]) -> list[Frame]:
    """The last two frames are gone."""
    return frames[:-2]


def rolled_back(frames: list[Frame]) -> list[Frame]:
    """An older log, to which something else has been appended since."""
    records, streams = parts(frames[:3])
    return sealed([*records, records[1], records[2], records[0] * 1], [*streams, streams[1], streams[2], streams[0]])


FORGERIES = [edited, deleted, inserted, reordered, cut_off, rolled_back]


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.__name__)
def test_a_forged_log_is_not_the_one_that_was_noted(forgery: Forgery, path: Path) -> None:
    """Hashes that fit help nobody who has not the noted head's."""
    head = noted(path)
    rewritten(path, forgery)
    assert "noted head" in faults(verified(path, head))


@pytest.mark.parametrize("forgery", [deleted, inserted, reordered, rolled_back], ids=lambda forgery: forgery.__name__)
def test_a_clumsy_forgery_is_seen_without_a_noted_head(forgery: Forgery, path: Path) -> None:
    """Whoever moves events has to rewrite versions and back-links too."""
    rewritten(path, forgery)
    assert "streams" in faults(verified(path))


@pytest.mark.parametrize("index", range(6))
def test_a_frame_changed_without_its_followers(index: int, path: Path) -> None:
    """A single frame sealed again breaks the chain, unless it is the last."""

    def forge(frames: list[Frame]) -> list[Frame]:
        records, streams = parts(frames)
        changed = sealed([records[index]], [streams[index]])[0]
        offsets = [changed.first - 1 + sum(map(len, records[index][:each])) for each in range(len(records[index]))]
        batch = Batch(frames[index].first, offsets, b"".join(streams[index]), b"".join(records[index]) + b"\xc0")
        return [*frames[:index], seal(batch, frames[index].previous), *frames[index + 1 :]]

    head = noted(path)
    rewritten(path, forge)
    assert faults(verified(path)) & {"hash chain", "events"}
    assert "noted head" in faults(verified(path, head))


def test_an_earlier_head_stays_good(path: Path) -> None:
    """What is appended later does not matter to it."""

    async def more() -> None:
        async with open_bank(path) as bank:
            await bank.send(Deposit(account_id="a-0", amount=1))

    head = noted(path)
    actum.run(more())
    report = verified(path, head)
    assert report.ok
    assert report.records == 9


def test_a_head_inside_a_frame(path: Path) -> None:
    """No log ever ended there."""
    assert "noted head" in faults(verified(path, "7:" + "0" * 64))
