"""Reads a store without an engine, also beside a running one: for tools, backups and the curious.

Everything here is bytes; the engine's package decodes them. Nothing is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self, final

from actum_storage.directory import StoreDirectory

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from actum_storage.frame import Frame
    from actum_storage.log import Head
    from actum_storage.manifest import Manifest


class VerifyReport(NamedTuple):
    """What `Store.verify` went through without finding fault.

    Attributes:
        frames: how many frames there are.
        records: how many records they hold.
        head: where the log ends.
        schemas: how many stored schemas there are.
    """

    frames: int
    records: int
    head: Head
    schemas: int


@final
class Store:
    """A store open for reading; from `open_store`, to be closed."""

    def __init__(self, directory: StoreDirectory) -> None:
        """Use `open_store`."""
        self._directory = directory

    @property
    def manifest(self) -> Manifest:
        """What the store says of itself."""
        return self._directory.manifest

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is wrong with the directory without being a reason to refuse it."""
        return self._directory.warnings

    @property
    def head(self) -> Head:
        """Where the log ends now; a running writer moves it."""
        return self._directory.log.head

    def frames(self, start: int = 1, stop: int | None = None) -> Iterator[Frame]:
        """Every frame with a record in `[start, stop]`, oldest first, verified; see `Log.frames`."""
        return self._directory.log.frames(start, stop)

    def frame_at(self, position: int) -> Frame:
        """The frame that holds a position; see `Log.frame_at`."""
        return self._directory.log.frame_at(position)

    def schemas(self) -> dict[str, bytes]:
        """The stored documents by name."""
        return self._directory.log.schemas()

    def verify(self) -> VerifyReport:
        """Read everything: each frame's hash, the chain, dense positions, each schema's hash.

        Raises:
            StoreCorrupt: at the first damage, naming file and position.
        """
        head = self.head
        frames = records = 0
        for frame in self.frames(stop=head.position):
            frames += 1
            records += frame.count
        return VerifyReport(frames, records, head, len(self.schemas()))

    def close(self) -> None:
        """Close; a second call does nothing."""
        self._directory.close()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def __repr__(self) -> str:
        """The directory."""
        return f"<Store {self._directory!r}>"


def open_store(path: str | os.PathLike[str]) -> Store:
    """Open the store in a directory for reading, beside a running writer or not.

    Raises:
        StoreMismatch, StoreCorrupt: see `StoreDirectory.open`.
        StoreInUse: this process has the store open already; read through that.
    """
    return Store(StoreDirectory.open(path, write=False))
