"""What the classes of a user stand on: nothing for those who need nothing."""

from __future__ import annotations

from actum import Deadlines
from actum.components import with_streams
from actum.deadlines.stream import DeadlineStream
from actum.processes.instances import Instances
from actum.processes.stream import ProcessStream

from tests.support.fulfilment import Fulfilment, Order, Stock


def test_who_needs_nothing_gets_nothing() -> None:
    """Aggregates alone stay alone; what is no class at all is left for the catalogue to refuse."""
    assert with_streams([Order, Stock, "nonsense"]) == [Order, Stock, "nonsense"]


def test_deadlines_need_their_streams() -> None:
    """The view is the user's, the aggregate is not; and what processes have written before has to be readable."""
    assert with_streams([Order, Deadlines]) == [Order, Deadlines, DeadlineStream, ProcessStream, Instances]


def test_processes_need_deadlines_and_streams() -> None:
    """All of it once, however many there are."""
    expected = [Order, Fulfilment, Deadlines, DeadlineStream, ProcessStream, Instances]
    assert with_streams([Order, Fulfilment]) == expected
