"""The door: counts what is delivered, refuses what is too many, and shows some of it to who looks.

Every command is compared with one number, before which none can be too many and none is to be shown. Behind it that is
looked at again, and the number moves on; so counting for those who look costs nothing, and being full next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actum.actor import Actor
    from actum.batch import Look, Reply

#: Later than any command.
NEVER = 1 << 62


class Door:
    """The part of the scheduler that lets commands in.

    Attributes:
        delivered: commands accepted.
        done: those of them that are answered, or dropped since nobody waits for them.
    """

    __slots__ = ("_look", "_look_at", "_pending_max", "_shown_at", "delivered", "done")

    def __init__(self, pending_max: int) -> None:
        """Open.

        Args:
            pending_max: commands that are delivered and not done.
        """
        self.delivered = 0
        self.done = 0
        self._pending_max = pending_max
        self._look_at = 0
        self._look: Look | None = None
        self._shown_at = NEVER

    @property
    def pending(self) -> int:
        """Commands accepted and not answered: waiting, being decided, or being committed."""
        return self.delivered - self.done

    def look(self, look: Look | None, passing: int = 0) -> None:
        """Show a command to somebody when so many have passed, and so on as it says; or show none."""
        self._look = look
        self._shown_at = NEVER if look is None else self.delivered + passing
        self._look_at = 0

    def wait_again(self, count: int) -> None:
        """So many more commands wait than were delivered and are not done; it may be less than none."""
        self.done -= count
        self._look_at = 0

    def shut(self) -> None:
        """Let nothing in any more: the one look that every command takes finds that too."""
        self._pending_max = self._look_at = 0

    def look_twice(self, actors: Sequence[Actor], reply: Reply) -> None:
        """Refuse what is to be delivered if there is no room, show it if it is its turn; then say when to look again.

        Raises:
            ActumError: there is no room.
        """
        delivered = self.delivered + len(actors)
        if delivered - self.done > self._pending_max:
            raise self._full()
        if self._look is not None and delivered > self._shown_at:
            self._shown_at = delivered + self._look(actors, reply)
        self._look_at = min(self.done + self._pending_max, self._shown_at)

    def _full(self) -> Exception:
        """Why there is no room."""
        raise NotImplementedError
