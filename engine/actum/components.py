"""What the classes that a user gives stand on: aggregates and views of the engine's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actum.deadlines.deadline import Deadlines
from actum.deadlines.stream import DeadlineStream
from actum.processes.instances import Instances
from actum.processes.process import Process
from actum.processes.stream import ProcessStream

if TYPE_CHECKING:
    from collections.abc import Sequence


def with_streams(components: Sequence[object]) -> list[object]:
    """The components, and what deadlines and processes need; others need nothing.

    Who has only deadlines may have had processes: what those have written must still be readable.
    """
    automatic = any(
        component is Deadlines or (isinstance(component, type) and issubclass(component, Process))
        for component in components
    )
    own = [Deadlines, DeadlineStream, ProcessStream, Instances] if automatic else []
    return [*components, *(one for one in own if one not in components)]
