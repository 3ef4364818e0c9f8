"""A view that is served, compared row by row with one made again from the log, while commands go on.

Both follow the log meanwhile, though not in the same turn. So what a row was compared as may be out of date; the keys
that a commit touched on either side are compared again, until so few are left that the rest is done within one turn,
at whose end both stand at the same position.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, final

from actum.watching.buffers import ChangedKeys

if TYPE_CHECKING:
    from collections.abc import Iterable

    from actum.views.live_view import LiveView
    from actum.views.table import Cut
    from actum.watching.watch import Watch
    from actum.watching.watching import Watching


class ViewDifferences(NamedTuple):
    """A view that is served, compared with one made again from the log.

    Attributes:
        position: where both stood.
        rows: of the one that is served.
        missing: keys that only the new one has.
        extra: keys that only the served one has.
        different: keys whose rows are not the same.
    """

    position: int
    rows: int
    missing: tuple[Any, ...]
    extra: tuple[Any, ...]
    different: tuple[Any, ...]

    @property
    def ok(self) -> bool:
        """Whether they are the same."""
        return not (self.missing or self.extra or self.different)


@final
class Comparison:
    """What is known so far of the differences.

    Attributes:
        served: the view that is served.
        made: the one made again.
    """

    __slots__ = (
        "_both",
        "_changed",
        "_different",
        "_earlier",
        "_extra",
        "_missing",
        "_watch",
        "_watching",
        "made",
        "served",
    )

    def __init__(self, served: LiveView, made: LiveView, watching: Watching) -> None:
        """Nothing is compared yet; `watching` tells what changes in the served one."""
        self.served = served
        self.made = made
        self._watching = watching
        self._changed = ChangedKeys()
        self._watch: Watch[Any] | None = None
        self._earlier: Cut[Any] | None = None
        self._both = False
        self._missing: dict[Any, None] = {}  # dicts for their order
        self._extra: dict[Any, None] = {}
        self._different: dict[Any, None] = {}

    def take(self) -> list[Any]:
        """The keys to be compared: those of one side, those of the other, then those that changed since on either side.

        Both must stand at the same position when it is called. To copy a million keys takes twenty milliseconds.
        """
        served, made = self.served, self.made
        assert served.position == made.position, "both have to stand at the same position"
        if self._earlier is None:
            self._watch = self._watching.begin(served.name, self._changed)
            self._earlier = made.table.cut()
            return list(served.table.rows)
        changed = self._changed.take() | made.table.uncut(self._earlier).rows.keys()
        self._earlier = made.table.cut()
        if self._both:
            return list(changed)
        self._both = True
        return [*made.table.rows, *changed]

    @property
    def complete(self) -> bool:
        """Whether every key has been taken."""
        return self._both

    def compare(self, keys: Iterable[Any]) -> None:
        """Compare the rows with these keys, whatever was found before."""
        served, made = self.served.table.rows, self.made.table.rows
        for key in keys:
            ours, theirs = served.get(key), made.get(key)
            for found in (self._missing, self._extra, self._different):
                found.pop(key, None)
            if ours != theirs:
                found = self._missing if ours is None else self._extra if theirs is None else self._different
                found[key] = None

    def result(self) -> ViewDifferences:
        """The differences, in the turn in which the last keys were compared; there is nothing to be compared after."""
        assert self.served.position == self.made.position, "both have to stand at the same position"
        assert self._earlier is not None, "nothing was compared"
        self.made.table.uncut(self._earlier)  # no checkpoint has any of its rows
        return ViewDifferences(
            self.served.position,
            len(self.served.table.rows),
            tuple(self._missing),
            tuple(self._extra),
            tuple(self._different),
        )
