"""Everything that the disk can do to a caller, one class for each thing that a caller can do about it.

`ActumError` is the root of all that actum raises, also of the engine's own errors. Errors of lmdb and of the operating
system never leave this package: `lmdb_log`, `directory` and `derived` translate them at their boundary, with
`raise ... from`. Each docstring ends with what to do.
"""

from __future__ import annotations

from typing import final


class ActumError(Exception):
    """The root of everything that actum raises on purpose.

    What to do: catch the classes below it; each stands for one reaction.

    Attributes:
        command_index: which command failed, 0 for the first, in a call that is about several as one; None otherwise.
    """

    command_index: int | None = None


class StorageError(ActumError):
    """The store could not do what was asked; the message says why.

    What to do: read the message. If it blames an argument, correct the caller; otherwise look at the disk.
    """


@final
class StoreInUse(StorageError):
    """Somebody else writes to this store; the message names the process.

    What to do: stop that process, or open the store read-only beside it.
    """


@final
class SubscriptionInUse(StorageError):
    """This subscription runs already, in this process or in another one, which the message names.

    What to do: stop it there, or give yours another name.
    """


@final
class StoreFull(StorageError):
    """There is no room on the disk. The head was read again and has not moved: nothing of the write exists.

    What to do: free space; the same log goes on writing then, without reopening. Reading works all the time.
    """


@final
class OutcomeUnknown(StorageError):
    """A commit failed in a way that leaves open whether it took place. The log takes no more calls.

    What to do: close the store, open it again and compare the head: the write is there as a whole or not at all.
    """


@final
class StoreFailed(StorageError):
    """An earlier commit failed with an unknown outcome, or a reader's store was replaced under it. It can't go on so.

    What to do: close the store and open it again.
    """


@final
class StoreCorrupt(StorageError):
    """Bytes on the disk are not those that were written, or are missing; the message names the file and the position.

    What to do: restore the store from a backup, and distrust the disk.
    """


@final
class StoreMismatch(StorageError):
    """The path is no store, or one that this version can't read: a foreign directory, a newer format, another engine.

    What to do: check the path; if it is right, use the version of actum that wrote it.
    """


@final
class UnsafeFileSystem(StorageError):
    """The directory lies where a store gets damaged without a word: on a network, or shared with another machine.

    What to do: put it on a local disk. If one machine alone uses it, and you know why that is safe, say so with
    `any_file_system=True`.
    """


@final
class StoreClosed(StorageError):
    """The store or the log has been closed.

    What to do: open it again.
    """


@final
class StoreForked(StorageError):
    """The store was opened by the parent of this forked process; using it here would damage it.

    What to do: open stores after forking, or start processes with the `spawn` method.
    """


@final
class Fenced(StorageError):
    """The epoch given is not the newest: another writer has acquired the log since.

    What to do: stop writing. Acquire the log again only if this writer is meant to take over.
    """


@final
class PositionConflict(StorageError):
    """The batch does not begin right behind the head. Nothing was written.

    What to do: this is a bug of the caller; number the records from `head.position + 1`.
    """


@final
class NoSuchPosition(StorageError, IndexError):
    """The log holds no record at that position: positions go from 1 to the head's.

    What to do: ask for a position within the log.
    """


@final
class ReadOnly(StorageError):
    """The store was opened for reading; it can't be written to through this handle.

    What to do: open it with `write=True`.
    """
