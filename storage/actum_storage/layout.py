"""Where each field lies in what the log stores: one struct per header, each offset derived from the one before.

All integers are unsigned and big-endian. `docs/format.md` draws these bytes and says why they are as they are.

    frame    0  magic | version, flags, reserved    8  count | body length    16  first position
            24  hash of the frame before (32)      56  own SHA-256 (32)       88  offsets (4 x count)
             .  streams (8 x count)                 .  body: array32 header (5), records
    schema   0  magic | document length             8  own SHA-256 (32)       40  document
"""

from __future__ import annotations

from hashlib import sha256
from struct import Struct

#: A key of the `frames` database: the position of the frame's first record.
POSITION = Struct(">Q")

#: The first bytes of every frame.
FRAME_MAGIC = b"ACTF"
#: Increased when the shape of a frame changes.
FRAME_VERSION = 1
#: No flag is defined yet; a reader refuses a frame with one that it doesn't know.
FRAME_FLAGS = 0
#: magic, frame version, flags, reserved (0), count, body length, first position, hash of the frame before.
FRAME_HEADER = Struct(">4sBBHIIQ32s")

HASH_SIZE = sha256().digest_size
FRAME_HASH_OFFSET = FRAME_HEADER.size
FRAME_HEADER_SIZE = FRAME_HASH_OFFSET + HASH_SIZE

OFFSET_SIZE = 4
STREAM_SIZE = 8

#: The body's first bytes: msgpack's array32 tag and the number of records, always in this form whatever the count.
ARRAY_HEADER = Struct(">BI")
ARRAY_TAG = 0xDD

#: Before the document of a stored schema: magic, length of the document; then its SHA-256.
SCHEMA_HEADER = Struct(">4sI")
SCHEMA_MAGIC = b"ACTS"
SCHEMA_HEADER_SIZE = SCHEMA_HEADER.size + HASH_SIZE


assert FRAME_HASH_OFFSET == 56, "the header's fields must add up to what format.md draws"
assert FRAME_HEADER_SIZE == 88, "the tables begin on a multiple of 8"
