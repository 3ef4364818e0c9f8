"""The door: how many are let in, and who is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from actum import Overloaded
from actum.door import Door

ACTOR: Any = "an actor"
REPLY: Any = "a reply"


class Narrow(Door):
    """A door with a reason."""

    __slots__ = ("looks",)

    def __init__(self, pending_max: int) -> None:
        """Nobody has looked twice."""
        super().__init__(pending_max)
        self.looks = 0

    def deliver(self, count: int = 1) -> None:
        """Let something in, as the scheduler does."""
        if self.delivered + count > self._look_at:
            self.looks += 1
            self.look_twice([ACTOR] * count, REPLY)
        self.delivered += count

    def _full(self) -> Exception:
        return Overloaded("full", retry_after_seconds=1.0)


def test_no_more_wait_than_fit() -> None:
    """Whatever is answered meanwhile, one by one and several at once."""
    door = Narrow(3)
    for _ in range(3):
        door.deliver()
    with pytest.raises(Overloaded):
        door.deliver()
    door.done += 2
    with pytest.raises(Overloaded):
        door.deliver(3)
    door.deliver(2)
    with pytest.raises(Overloaded):
        door.deliver()
    assert (door.pending, door.delivered) == (3, 5)


def test_a_door_with_much_room_is_hardly_looked_at() -> None:
    """Once in as many commands as may wait."""
    door = Narrow(1_000)
    for _ in range(100_000):
        door.deliver()
        door.done += 1
    assert door.looks == 100


def test_what_waits_again_is_counted_again() -> None:
    """Then there is less room than was thought at the last look."""
    door = Narrow(3)
    door.deliver()
    door.wait_again(2)
    with pytest.raises(Overloaded):
        door.deliver()
    door.wait_again(-2)
    door.deliver(2)


def test_a_shut_door_lets_nothing_in() -> None:
    """With room for thousands."""
    door = Narrow(1_000)
    door.deliver()
    door.done += 1
    door.shut()
    with pytest.raises(Overloaded):
        door.deliver()


def test_who_looks_is_shown_one_after_as_many_as_it_says() -> None:
    """The first one after some, then others, until nobody looks; several at once are shown together."""
    shown: list[int] = []
    door = Narrow(10_000)

    def look(actors: Sequence[Any], reply: Any) -> int:
        """Note which one it is."""
        assert (set(actors), reply) == ({ACTOR}, REPLY)
        shown.append(door.delivered)
        return len(shown)

    door.deliver()
    door.look(look, 2)
    for _ in range(14):
        door.deliver()
    assert shown == [3, 5, 8, 12]
    door.deliver(20)
    assert shown == [3, 5, 8, 12, 15]
    door.look(None)
    for _ in range(20):
        door.deliver()
    assert len(shown) == 5


def test_one_that_is_too_many_is_not_shown() -> None:
    """It is refused."""
    door = Narrow(1)
    door.deliver()
    door.look(lambda *_: pytest.fail("it was shown"))
    with pytest.raises(Overloaded):
        door.deliver()
