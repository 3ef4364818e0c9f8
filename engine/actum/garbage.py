"""The garbage collector's policy while engines are open: process-wide, undone when the last of them closes.

The collector stops everything, for as long as it takes to look at what it looks at: 0.3 ms for 1,000 objects. Actors,
messages and rows of plain values are not among them. What else is there is looked at twice while it is young, a few
thousand objects at a time, and what the engine keeps is frozen, out of sight, after opening and when much of it is new.

What is frozen and dropped later is freed as ever, unless it is in a cycle, such as one of the application's that was
alive at that moment. So freezing is rare, and undone now and then for one look at everything.
"""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from actum.core import Core

#: New objects before the youngest generation is looked at: about what a turn of 1,000 commands has in hand, so that it
#: is not set off by these. The default of 700 costs such turns a twentieth of their throughput.
YOUNG_OBJECTS = 3_000
#: Such looks before the middle generation is looked at too, and those before everything is: few objects at a time, and
#: all of them when a million have become old.
MIDDLE_LOOKS = 1
OLD_LOOKS = 200

#: Objects that the engine keeps and the collector sees, since the last freezing, that are worth another one.
FREEZE_OBJECTS_MIN = 20_000
#: Freezings before one look at everything.
FREEZINGS_MAX = 64

Thresholds = tuple[int, int, int]

#: The engines whose policy is "freeze"; what was set before the first of them, and what was set then.
ENGINES: WeakSet[Core] = WeakSet()
thresholds: list[tuple[Thresholds, Thresholds]] = []
#: Objects kept since the last freezing, and freezings since the last look at everything.
kept = 0
freezings = 0


def calm(core: Core) -> None:
    """An engine has opened: freeze what is alive, and look at less at a time."""
    if not thresholds:
        before = gc.get_threshold()
        gc.set_threshold(*calmer(before))
        thresholds.append((before, gc.get_threshold()))
    ENGINES.add(core)
    freeze(2)


def calmer(before: Thresholds) -> Thresholds:
    """The thresholds while engines are open; 0 means never, and stays."""
    young, middle, old = before
    if not young:
        return before
    if sys.version_info >= (3, 14):  # the other two have another meaning there
        return max(young, YOUNG_OBJECTS), middle, old
    return max(young, YOUNG_OBJECTS), min(middle, MIDDLE_LOOKS), max(old, OLD_LOOKS)


def calm_again(objects: int) -> None:
    """A checkpoint was made, in which so many kept objects were new that the collector sees: freeze them.

    If the collector is off, whoever did that is in charge.
    """
    global kept, freezings  # noqa: PLW0603  # the collector is one for the process
    kept += objects
    if kept < FREEZE_OBJECTS_MIN or not (gc.isenabled() and gc.get_threshold()[0]):
        return
    if freezings > FREEZINGS_MAX:
        freezings = 0
        gc.unfreeze()
        freeze(2)
    else:
        freeze(1)


def calm_meanwhile() -> None:
    """Much that is kept is made in slices, each a part of very large objects: freeze what there is of it so far.

    The collector would look at all of it, again and again, for a tenth of a second. Now and then, not for each slice,
    since what the application has in hand is frozen too.
    """
    if ENGINES and gc.isenabled() and gc.get_threshold()[0]:
        gc.collect(1)
        gc.freeze()


def freeze(generation: int) -> None:
    """Freeze what is alive; the garbage of these generations goes first, since it would be frozen too."""
    global kept, freezings
    kept, freezings = 0, freezings + 1
    gc.collect(generation)
    gc.freeze()


def restore(core: Core) -> None:
    """An engine has closed; with the last one everything is as it was before the first."""
    global freezings  # noqa: PLW0603  # as above
    if core in ENGINES:
        ENGINES.discard(core)
        if not ENGINES and thresholds:
            before, during = thresholds.pop()
            if gc.get_threshold() == during:  # else somebody else has decided since
                gc.set_threshold(*before)
            gc.unfreeze()
            freezings = 0
