"""A client: sends what is due, and notes when it was due, when it was sent, and when the answer was there."""

from __future__ import annotations

from typing import Any, Protocol

from actum import ActumError, Command, Query, Receipt

from actum_bench.load.pace import Pace
from actum_bench.load.plan import Plan
from actum_bench.load.recording import Recording
from actum_bench.load.subject import Subject


class Server(Protocol):
    """What is asked: an engine, or what stands for one."""

    async def send(self, command: Command, /) -> Receipt:
        """Have a command decided."""
        ...

    async def ask(self, query: Query[Any], /) -> Any:  # noqa: ANN401  # whatever the query's answer is
        """Answer a query."""
        ...


class Client:
    """Sends the operations of a plan, one after the other or many at a time."""

    def __init__(self, server: Server, subject: Subject, plan: Plan, pace: Pace) -> None:
        self.plan = plan
        self.pace = pace
        self.recording = Recording()
        self._server = server
        self._subject = subject

    def is_command(self, step: int) -> bool:
        """Whether a step of the plan is a command; else it is a query."""
        return bool(self.plan.commands[step])

    async def send(self, step: int, due: int | None) -> None:
        """Send the command of a step and wait for its receipt. Cancelling abandons the answer.

        Args:
            step: of the plan.
            due: when it was to be sent; when it is if None.
        """
        command = self._subject.command(self.plan.numbers[step])
        sent = self.pace.now()
        try:
            receipt = await self._server.send(command)
        except ActumError as error:
            self.recording.errors[type(error).__name__] += 1
            return
        self.recording.commands.note(sent if due is None else due, sent, self.pace.now())
        self._subject.acknowledge(receipt)

    async def ask(self, step: int, due: int | None) -> None:
        """Ask the query of a step; an engine answers at once.

        Args:
            step: of the plan.
            due: when it was to be sent; when it is if None.
        """
        query = self._subject.query(self.plan.numbers[step])
        sent = self.pace.now()
        try:
            answer = await self._server.ask(query)
        except ActumError as error:
            self.recording.errors[type(error).__name__] += 1
            return
        self.recording.queries.note(sent if due is None else due, sent, self.pace.now())
        self._subject.answered(answer)
