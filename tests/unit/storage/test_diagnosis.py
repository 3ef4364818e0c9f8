"""`diagnose`: one finding for each thing that was looked at, and never an error of its own."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import pytest
from actum_storage import Finding, StoreDirectory, diagnose, diagnosis, file_systems

from tests.support.batches import fill
from tests.support.disks import filled


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A closed store."""
    with StoreDirectory.open(tmp_path / "store", write=True) as store:
        fill(store.log, 3, 2)
        store.hold_ballast(100_000)
    return tmp_path / "store"


def found(path: Path) -> dict[str, Finding]:
    """Findings by name."""
    return {finding.name: finding for finding in diagnose(path)}


def test_a_sound_store(path: Path) -> None:
    """Everything is looked at, in a fixed order; nothing is left behind."""
    before = sorted(path.rglob("*"))
    findings = diagnose(path)
    assert [finding.name for finding in findings] == [
        "manifest", "writer", "files", "file system", "room", "ballast", "fsync", "permissions", "map", "clock",
        "versions",
    ]  # fmt: skip
    assert {finding.level for finding in findings if finding.name not in ("file system", "room", "fsync")} == {"ok"}
    assert sorted(path.rglob("*")) == before


def test_an_open_store(path: Path) -> None:
    """The writer and the readers are named."""
    with StoreDirectory.open(path, write=True):
        child = os.fork()
        if not child:
            findings = found(path)
            well = f"process {os.getppid()}" in findings["writer"].what and "readers" in findings
            os._exit(0 if well else 1)
        assert os.waitpid(child, 0)[1] == 0


@pytest.mark.parametrize("name", ["MANIFEST", "log/data.mdb", "log"])
def test_what_is_missing(name: str, path: Path) -> None:
    """It is an error that names it; the rest is looked at all the same."""
    (path / name).rename(path.parent / "away")
    errors = [finding for finding in diagnose(path) if finding.level == "error"]
    assert errors
    assert any(name.rpartition("/")[2] in finding.what for finding in errors)
    assert "versions" in found(path)


def test_no_directory(tmp_path: Path) -> None:
    """There is nothing to look at."""
    assert [finding.name for finding in diagnose(tmp_path / "nothing")] == ["directory"]


def test_a_pipe_in_a_files_place(path: Path) -> None:
    """It is named, and not opened: that would wait."""
    (path / "MANIFEST").unlink()
    os.mkfifo(path / "MANIFEST")
    (finding,) = diagnose(path)
    assert (finding.level, finding.name) == ("error", "files")


@pytest.mark.parametrize(("kind", "level"), [("nfs4", "error"), ("tmpfs", "warning"), ("ext4", "ok")])
def test_file_system(kind: str, level: str, path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One where a store must not lie is an error, one that forgets is a warning."""
    (tmp_path / "mountinfo").write_text(f"22 1 254:0 / / rw - {kind} x rw\n")
    monkeypatch.setattr(file_systems, "MOUNTS", tmp_path / "mountinfo")
    finding = found(path)["file system"]
    assert finding.level == level
    assert kind in finding.what


def test_a_clock_that_went_back(path: Path) -> None:
    """Something was written in the future."""
    hour = time.time() + 3600
    os.utime(path / "log" / "data.mdb", (hour, hour))
    finding = found(path)["clock"]
    assert finding.level == "warning"
    assert "behind the last write to the log" in finding.what


def test_room(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Little space is a warning."""
    monkeypatch.setattr(diagnosis, "FREE_BYTES_LOW", 1 << 62)
    monkeypatch.setattr(diagnosis, "FREE_SHARE_LOW", 2.0)
    assert found(path)["room"].level == "warning"


@pytest.mark.parametrize(("name", "value"), [("SYNC_SECONDS_UNREAL", 1e9), ("SYNC_SECONDS_SLOW", 0.0)])
def test_fsync(name: str, value: float, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sync that takes no time, or too much."""
    monkeypatch.setattr(diagnosis, name, value)
    assert found(path)["fsync"].level == "warning"


def test_leftovers(path: Path) -> None:
    """What crashes left is named, inside and beside the store."""
    (path / "log.compact").mkdir()
    path.with_name("store.unfinished").mkdir()
    finding = found(path)["leftovers"]
    assert finding.level == "warning"
    assert "log.compact" in finding.what
    assert "store.unfinished" in finding.what


def test_no_ballast(path: Path) -> None:
    """That none is kept is said."""
    (path / "ballast").unlink()
    assert found(path)["ballast"].what == "none is kept"


def test_in_the_engines_own_process(path: Path) -> None:
    """A service may ask about the store that it has open: that is no error."""
    with StoreDirectory.open(path, write=True):
        findings = found(path)
    assert "error" not in {finding.level for finding in findings.values()}
    assert "this process" in findings["readers"].what


@pytest.mark.parametrize("content", ["", "photos"])
def test_what_is_no_store(content: str, tmp_path: Path) -> None:
    """An empty or a foreign directory is said to be no store, and not to be a damaged one."""
    if content:
        (tmp_path / content).mkdir()
    (finding,) = diagnose(tmp_path)
    assert finding.level == "error"
    assert "no store at" in finding.what
    (tmp_path / "file").touch()
    assert "not a directory" in diagnose(tmp_path / "file")[0].what


def test_where_nothing_can_be_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is read-only, or full, has no fsync to be measured, which is no error of the store."""

    def fail(**_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(tempfile, "TemporaryFile", fail)
    finding = found(path)["fsync"]
    assert (finding.level, finding.what) == ("warning", "not measured: Read-only file system.")


def test_a_full_disk(small_disk: Path) -> None:
    """It takes no commands: an error."""
    with StoreDirectory.open(small_disk / "store", write=True):
        pass
    filled(small_disk)
    findings = found(small_disk / "store")
    assert findings["room"].level == "error"
    assert findings["fsync"].level == "warning"
