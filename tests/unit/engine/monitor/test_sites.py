"""Where sockets lie."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from actum import StorageError
from actum.monitor import sites


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory for sockets of this test's own."""
    monkeypatch.setattr(sites, "directory", lambda: tmp_path / "sockets")
    return tmp_path / "sockets"


def test_the_directory_is_this_users() -> None:
    """It is below one that the system has made for the user, or named after the user."""
    found = sites.directory()
    assert str(os.getuid()) in str(found)
    assert found.is_absolute()


def test_nobody_else_can_enter(here: Path) -> None:
    """It is made like that; one that others can enter is refused, and so is a link."""
    assert sites.private(here).stat().st_mode & 0o777 == 0o700
    here.chmod(0o755)
    with pytest.raises(StorageError, match="nobody else can enter"):
        sites.private(here)
    here.rmdir()
    here.symlink_to(here.parent)
    with pytest.raises(StorageError, match="nobody else can enter"):
        sites.private(here)


def test_sockets_of_others(here: Path) -> None:
    """Where others can put them, nothing is listed, attached to, or removed: what is behind them may be anybody's."""
    assert sites.sockets() == []
    here.mkdir()
    here.chmod(0o777)
    trap = here / "bank-999999999-1.sock"
    trap.touch()
    with pytest.raises(StorageError, match="nobody else can enter"):
        sites.sockets()
    assert trap.exists()


@pytest.mark.parametrize("name", ["shop", "", "../../etc", "a" * 300, "näme\x1b[2J", "x/y"])
def test_a_socket_has_a_name_that_fits(here: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Whatever the store is called: it lies in the directory, and a socket can be made there."""
    path = sites.new_socket(name)
    assert path.parent == here
    assert len(path.name) < 70
    with socket.socket(socket.AF_UNIX) as listening:
        monkeypatch.chdir(here)  # the whole path of a temporary directory may be too long
        listening.bind(path.name)
    assert sites.sockets() == [path]


def test_two_engines_of_a_process(here: Path) -> None:
    """Each has a socket."""
    assert sites.new_socket("shop") != sites.new_socket("shop")


def test_an_engine_of_another_container(here: Path) -> None:
    """Its process has no number here: its socket stays as long as somebody listens there."""
    sites.private(here)
    path = here / "bank-999999999-1.sock"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen(0)
        assert sites.sockets() == [path]
        assert sites.sockets() == [path]  # also when nobody has taken the first call yet
    assert sites.sockets() == []
    assert not path.exists()


def test_what_has_ended_is_removed(here: Path) -> None:
    """A socket of a process that is no more goes; other files stay and are not listed."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    sites.private(here)
    (here / f"shop-{child.pid}-1.sock").touch()
    (here / "strange.sock").touch()
    mine = here / f"shop-{os.getpid()}-1.sock"
    mine.touch()
    assert sites.sockets() == [mine]
    assert sorted(path.name for path in here.iterdir()) == [mine.name, "strange.sock"]
