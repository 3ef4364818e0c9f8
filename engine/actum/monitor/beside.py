"""An engine of this very process asked as one in another process is: for who opened it read-only, to look at a store.

Nothing goes over a socket: an engine that is there to be looked at is not one that is listed as running.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from actum.monitor.answers import Answers
from actum.monitor.rows import Onlookers
from actum.monitor.server import hello_of

if TYPE_CHECKING:
    from actum.engine import Engine
    from actum.monitor.answers import Progress
    from actum.monitor.requests import Question, Reply


@final
class Beside:
    """Asks an open engine, in its loop.

    Example:
        async with Engine.open("bank", Account, Balances, read_only=True) as engine:
            page = await Beside(engine).ask(RowsRequest(view="Balances"))

    Attributes:
        hello: who it is.
    """

    def __init__(self, engine: Engine) -> None:
        """Nothing asked yet.

        Raises:
            EngineClosed: it is not open.
        """
        core = engine._open_core()  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001  # what the server is given
        self.hello = hello_of(core, admin=False)
        self._answers = Answers(engine, core, Onlookers(core).pages(), admin=False)

    async def ask(self, request: Question, progress: Progress | None = None) -> Reply:
        """Ask something. Cancelling ends the work for it.

        Args:
            request: what.
            progress: told how far a long answer is: done, of whole.

        Raises:
            ActumError: there is no answer; why.
        """
        return await self._answers.answer(request, progress or unheard)

    def close(self) -> None:
        """Give back what was kept for answers."""
        self._answers.close()


def unheard(done: int, whole: int) -> None:
    """Stands for who wants to know how far an answer is."""
    del done, whole
