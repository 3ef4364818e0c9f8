"""What goes wrong between an engine and who watches it."""

from __future__ import annotations

from typing import final

from actum_storage import ActumError


@final
class NoEngine(ActumError):
    """There is no engine to attach to, or more than one is meant.

    What to do: open it with `Engine.open(..., monitor=True)`; give one of those that the message names.
    """


@final
class Detached(ActumError):
    """The engine that was attached to has ended, or does not answer.

    What to do: attach again when it runs.
    """


@final
class Unanswered(ActumError):
    """The engine does not answer this question, or refuses this action. Nothing happened.

    What to do: what the message says.

    Attributes:
        error: the name of the error in the engine: `"Invalid"`, `"ViewBroken"` ...
    """

    def __init__(self, message: str, *, error: str) -> None:
        super().__init__(message)
        self.error = error
