"""Which file systems a store may lie on. LMDB needs a local one: shared memory maps and locks of one machine.

A network file system gives a second machine other pages and other locks than the first: silent damage.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

MOUNTS = "/proc/self/mountinfo"

#: Kinds that are refused: network, shared with a host, or in user space with unknown promises.
REFUSED = (
    r"nfs4?|cifs|smb[23]?|smbfs|9p|afs|ceph|glusterfs|lustre|gpfs|beegfs|ocfs2|gfs2?|ncpfs|coda|vboxsf|vmhgfs|prl_fs"
    r"|virtiofs|fuse|fuse\..*|fuseblk|davfs2?|sshfs|s3fs"
)
#: Kinds that work and forget.
WARNED = {
    "tmpfs": "it lies in memory and is gone when the machine stops.",
    "ramfs": "it lies in memory and is gone when the machine stops.",
    "overlay": "it may be a container's own layer, which is gone with the container: use a volume.",
    "aufs": "it may be a container's own layer, which is gone with the container: use a volume.",
}


class FileSystem(NamedTuple):
    """What a path lies on.

    Attributes:
        kind: as the kernel names it: "ext4"; "unknown" where the kernel does not tell.
        mount: where it is mounted.
    """

    kind: str
    mount: str


def file_system_of(path: Path) -> FileSystem:
    """The file system of an existing path, or of the nearest directory above one that does not exist yet."""
    while not path.exists() and path != path.parent:
        path = path.parent
    try:
        with open(MOUNTS, encoding="utf-8", errors="surrogateescape") as mounts:  # noqa: PTH123  # no pathlib for it
            lines = mounts.read().splitlines()
    except OSError:
        return FileSystem("unknown", str(path))
    return lookup(str(path.resolve()), lines)


def lookup(path: str, lines: list[str]) -> FileSystem:
    """The mount that a resolved path lies on, of the lines of `mountinfo` (proc(5)); a later one covers an earlier."""
    found = FileSystem("unknown", "/")
    for line in lines:
        before, _, behind = line.partition(" - ")
        fields = before.split(" ")
        mount = unescaped(fields[4]) if len(fields) > 4 else ""  # noqa: PLR2004  # the fifth field, by proc(5)
        inside = path == mount or path.startswith(mount.rstrip("/") + "/")
        if mount and inside and len(mount) >= len(found.mount):
            found = FileSystem(behind.split(" ")[0], mount)
    return found


def unescaped(text: str) -> str:
    """A path as it is: the kernel writes blanks, tabs, newlines and backslashes as three octal digits."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)


def refused_reason(system: FileSystem) -> str | None:
    """Why a store must not lie there; None if it may."""
    if re.fullmatch(REFUSED, system.kind):
        return "memory maps and locks don't reach beyond one machine there, which damages the store."
    return None


def warned_reason(system: FileSystem) -> str | None:
    """What should be known of it; None if nothing."""
    return WARNED.get(system.kind)
