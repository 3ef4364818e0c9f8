"""Which file systems are refused: read from the kernel's own list of mounts."""

from __future__ import annotations

from pathlib import Path

import actum
import pytest
from actum import Options, UnsafeFileSystem
from actum_storage import StoreDirectory, StoreMismatch, file_systems
from actum_storage.file_systems import FileSystem, file_system_of, lookup, refused_reason, warned_reason

from tests.support.bank import Deposit, open_bank

#: As proc(5) describes it; the last line covers an earlier one.
MOUNTS = """\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
35 22 0:31 / /dev/shm rw,nosuid,nodev - tmpfs tmpfs rw
41 22 0:44 /export /mnt/files rw shared:7 - nfs4 server:/export rw,vers=4.2
42 22 0:45 / /mnt/with\\040blank rw - fuse.sshfs host: rw
43 22 8:16 / /mnt/files/local rw - xfs /dev/sdb rw
44 22 0:46 / /data rw - ext4 /dev/sdc rw
45 22 0:47 / /data rw - overlay overlay rw
""".splitlines()


@pytest.mark.parametrize(
    ("path", "kind", "mount"),
    [
        ("/", "ext4", "/"),
        ("/home/bank", "ext4", "/"),
        ("/dev/shm/x", "tmpfs", "/dev/shm"),  # noqa: S108  # a line of the table
        ("/mnt/files/bank", "nfs4", "/mnt/files"),
        ("/mnt/files", "nfs4", "/mnt/files"),
        ("/mnt/filesystem", "ext4", "/"),
        ("/mnt/files/local/bank", "xfs", "/mnt/files/local"),
        ("/mnt/with blank/bank", "fuse.sshfs", "/mnt/with blank"),
        ("/data/bank", "overlay", "/data"),
    ],
)
def test_lookup(path: str, kind: str, mount: str) -> None:
    """The longest mount above a path, and of two in one place the later."""
    assert lookup(path, MOUNTS) == FileSystem(kind, mount)


@pytest.mark.parametrize("lines", [[], [""], ["nonsense"], ["1 2 3 4 5 6 7"]])
def test_lookup_of_nonsense(lines: list[str]) -> None:
    """What can't be read is unknown, and unknown is allowed."""
    found = lookup("/bank", lines)
    assert found.kind in ("unknown", "")
    assert refused_reason(found) is None


@pytest.mark.parametrize(
    "kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "fuse", "fuse.sshfs", "fuseblk", "virtiofs"]
)
def test_refused(kind: str) -> None:
    """Networks, shared folders, and file systems in user space."""
    assert refused_reason(FileSystem(kind, "/mnt")) is not None


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "apfs", "unknown", "nfsd"])
def test_allowed(kind: str) -> None:
    """Local ones; some with a warning."""
    assert refused_reason(FileSystem(kind, "/")) is None
    assert (warned_reason(FileSystem(kind, "/")) is not None) == (kind in ("tmpfs", "overlay"))


def test_this_machine(tmp_path: Path) -> None:
    """The kernel's list is read, also for what does not exist yet."""
    found = file_system_of(tmp_path / "not" / "there")
    assert found == file_system_of(tmp_path)
    assert tmp_path.is_relative_to(found.mount)


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that the kernel's list calls a network file system."""
    shared = tmp_path / "shared"
    shared.mkdir()
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"{MOUNTS[0]}\n50 22 0:50 / {shared} rw - nfs4 server:/ rw\n")
    monkeypatch.setattr(file_systems, "MOUNTS", mounts)
    return shared


def test_a_store_on_a_network(network: Path) -> None:
    """It is refused before anything is made, by every door, unless the caller says otherwise."""
    store = network / "bank"

    async def fill(*, any_file_system: bool = False) -> None:
        async with open_bank(store, any_file_system=any_file_system) as bank:
            await bank.send(Deposit(account_id="a-1", amount=1))

    for door in (
        lambda: actum.run(fill()),
        lambda: actum.open_store(store),
        lambda: StoreDirectory.open(store, write=False),
    ):
        with pytest.raises(UnsafeFileSystem, match=rf"lies on nfs4, mounted at {network}.*any_file_system=True"):
            door()
    assert list(network.iterdir()) == []

    actum.run(fill(any_file_system=True))
    with pytest.raises(UnsafeFileSystem):
        actum.compact_store(store)
    actum.compact_store(store, any_file_system=True)
    with actum.open_store(store, any_file_system=True) as reader:
        assert reader.head.position == 1


def test_a_backup_on_a_network(network: Path, tmp_path: Path) -> None:
    """A copy may lie there: nobody writes to it. It is restored from there, and verified on request."""

    async def back_up() -> None:
        async with open_bank(tmp_path / "bank") as bank:
            await bank.send(Deposit(account_id="a-1", amount=1))
            await bank.backup(network / "copy")

    actum.run(back_up())
    with pytest.raises(UnsafeFileSystem):
        actum.open_store(network / "copy")
    with actum.open_store(network / "copy", any_file_system=True) as copy:
        assert copy.verify().ok
    assert actum.restore_store(network / "copy", tmp_path / "again").head.position == 1
    with pytest.raises(StoreMismatch):
        actum.restore_store(network / "nothing", tmp_path / "more")


def test_the_option(network: Path) -> None:
    """It is an option of the engine."""
    assert not Options().any_file_system
    assert file_system_of(network).kind == "nfs4"
