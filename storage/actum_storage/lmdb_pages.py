"""Walks the pages of an LMDB data file before LMDB does, because LMDB believes its pages and dies of damaged ones.

py-lmdb's own offline verifier reads the file as plain bytes and looks at every page that can be reached: header,
bounds, order of keys, numbers of pages and entries, overlaps with the list of free pages. Large frames lie in overflow
pages whose contents it skips: they have their own SHA-256. So 1 GB of full frames takes 0.2 s, and a leaf page full of
frames of one small event 0.03 ms. At opening a file is walked only if that takes about 2 s at most. One that a writer
is changing just now can't be walked.
"""

from __future__ import annotations

import sys
from struct import Struct
from struct import error as StructError  # noqa: N812  # it is a class
from typing import TYPE_CHECKING

from actum_storage.preflight import newest_meta

if TYPE_CHECKING:
    from pathlib import Path

#: What is walked at opening: files up to this size, with so many leaf pages of frames.
FILE_BYTES_MAX = 1 << 33
LEAF_PAGES_MAX = 65_536

#: A page's header, of which the bounds of its free space are used: `lower` says how many nodes it has.
PAGE = Struct("=QHHHH")
#: A node's header: two halves of its data's size, flags, size of its key. Data that is a database is marked by a flag.
NODE = Struct("=HHHH")
NODE_DATABASE = 0x02
#: A database: unused, flags, depth, branch pages, leaf pages, overflow pages, entries, root page.
DATABASE = Struct("=IHHQQQQQ")

#: Problems that are shown; there may be thousands.
SHOWN_MAX = 3


def walkable(data: Path) -> bool:
    """Whether walking a data file takes about 2 s at most. One that is too damaged to tell is."""
    if data.stat().st_size > FILE_BYTES_MAX:
        return False
    try:
        return leaf_pages(data) <= LEAF_PAGES_MAX
    except (IndexError, StructError, ValueError):
        return True


def leaf_pages(data: Path) -> int:
    """The leaf pages of all named databases, as the page says that lists them.

    Raises:
        IndexError, StructError, ValueError: that page is damaged.
    """
    with data.open("rb") as file:
        meta = newest_meta(file.fileno(), data)
        file.seek(meta.root * meta.page_bytes)
        page = file.read(meta.page_bytes)
    _, _, _, lower, _ = PAGE.unpack_from(page)
    count = 0
    for index in range((lower - PAGE.size) // 2):
        node = int.from_bytes(page[PAGE.size + 2 * index : PAGE.size + 2 * index + 2], sys.byteorder)
        _, _, flags, key_size = NODE.unpack_from(page, node)
        if flags & NODE_DATABASE:
            count += int(DATABASE.unpack_from(page, node + NODE.size + key_size)[4])
    return count


def structure_faults(data: Path) -> list[str]:
    """What is wrong with the pages of a data file that nobody is writing; empty if nothing is."""
    from lmdb import verify as lmdb_verify

    try:
        found: list[str] = lmdb_verify.verify(str(data), subdir=False)  # type: ignore[no-untyped-call]
    except Exception as error:  # noqa: BLE001  # whatever damaged bytes do to the verifier, they are damaged
        return [f"its pages can't be walked: {error!r}"]
    more = [f"and {len(found) - SHOWN_MAX} more"] if len(found) > SHOWN_MAX else []
    return [*found[:SHOWN_MAX], *more]
