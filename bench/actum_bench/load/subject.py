"""What a workload is done to: a domain with an engine, which knows what it was told and can say whether that holds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from actum import Command, Engine, Options, Query, Receipt, View

from actum_bench.results import Check


class Subject(ABC):
    """A domain under load. One is made for each run.

    Attributes:
        views: all of its views.
        receipts: commands that were acknowledged.
        events: that their receipts hold.
        missing: queries that found nothing where something has to be.
    """

    views: Sequence[type[View[Any]]] = ()

    def __init__(self, keys: int) -> None:
        """Make one.

        Args:
            keys: that are filled before the run.
        """
        self.keys = keys
        self.receipts = 0
        self.events = 0
        self.missing = 0

    @abstractmethod
    def open(self, path: str, options: Options) -> AbstractAsyncContextManager[Engine]:
        """The engine, to be entered."""

    @abstractmethod
    def filling(self) -> Sequence[Sequence[Command]]:
        """What is sent before the run, so that all keys are there; each part when the one before it is answered."""

    @abstractmethod
    def command(self, number: int) -> Command:
        """The command about the key with a number."""

    @abstractmethod
    def query(self, number: int) -> Query[Any]:
        """The query about the key with a number."""

    def acknowledge(self, receipt: Receipt) -> None:
        """A command was acknowledged."""
        self.receipts += 1
        self.events += len(receipt.events)

    def answered(self, answer: object) -> None:
        """A query was answered; no workload asks for what is not there."""
        if not answer:
            self.missing += 1

    @abstractmethod
    def sums(self, engine: Engine) -> list[Check]:
        """Whether the views show what was acknowledged."""

    async def checks(self, engine: Engine) -> list[Check]:
        """All that has to be true after a run."""
        statistics = engine.statistics()
        checks = [
            Check.equal("acknowledged == answered with a receipt", self.receipts, statistics.accepted),
            Check.equal("acknowledged == stored", self.events, statistics.position),
            Check.equal("queries without an answer", 0, self.missing),
            *self.sums(engine),
        ]
        for view in self.views:
            found = await engine.verify_view(view)
            wrong = len(found.missing) + len(found.extra) + len(found.different)
            detail = f"{found.rows:,} rows, {wrong:,} of them not as the log says"
            checks.append(Check(f"{view.__name__} == rebuilt", found.ok, detail))
        return checks
