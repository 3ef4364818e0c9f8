"""What is known of each view at a moment: from a running engine's statistics; of a store that is only its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from actum_tui.top.consumers import of_view

if TYPE_CHECKING:
    from actum import RebuildStatistics
    from actum.monitor import Frame, Hello


class ViewFacts(NamedTuple):
    """One view.

    Attributes:
        name: its name.
        rows: rows in it; None if that is not known.
        position: everything up to here is in its rows; None if that is not known.
        lag: events behind that.
        lag_seconds: the age of the oldest of them.
        state: one word; empty if nothing runs that could be in one.
        level: `"fine"`, `"warning"` or `"error"`.
        failure: why it is broken, or None.
        rebuild: how far it is rebuilt, or None.
    """

    name: str
    rows: int | None = None
    position: int | None = None
    lag: int = 0
    lag_seconds: float = 0.0
    state: str = ""
    level: str = "fine"
    failure: str | None = None
    rebuild: RebuildStatistics | None = None


def views_of(hello: Hello, frame: Frame | None) -> list[ViewFacts]:
    """All views of what is looked at, as of a frame."""
    if frame is None or frame.statistics is None:
        return [ViewFacts(shape.name) for shape in hello.views]
    return [
        ViewFacts(
            seen.name,
            seen.rows,
            seen.position,
            seen.lag,
            seen.lag_seconds,
            (consumer := of_view(seen)).state,
            consumer.level,
            seen.failure,
            seen.rebuild,
        )
        for seen in frame.statistics.views
    ]


def head_of(frame: Frame | None) -> int:
    """The last durable position that a frame knows of."""
    if frame is None:
        return 0
    if frame.statistics is not None:
        return frame.statistics.position
    return 0 if frame.store is None else frame.store.position
