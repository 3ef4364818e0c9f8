"""Deadlines over any crash schedule, on virtual time and a simulated disk: each fires exactly once, or is cancelled.

Clients schedule and cancel, the engine crashes between any two steps and its disk is full or fails now and then; what
was not acknowledged is scheduled again in the next life, under the same id. In the last life nothing fails. Then the
log is read: each deadline's command is there once, in the frame that says that it fired, not before its time; what was
cancelled is not there.
"""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections import Counter
from collections.abc import Iterable
from random import Random
from typing import Any

import pytest
from actum import ActumError, Deadlines, Engine, Options, Rejected
from actum.clock import TimeOrderedIds
from actum.codec import decode_stored
from actum.kinds.catalogue import Catalogue

from tests.chaos.forked import forked
from tests.simulation.disk import Platter, SimulatedBackground, SimulatedStore
from tests.simulation.history import LIFE_NS, NEW_YEAR_NS
from tests.simulation.lives import VirtualClock
from tests.simulation.loop import VirtualLoop
from tests.support.bank import Account, Balances, Deposit, HeldAssessor, Lend, Withdraw

CATALOGUE = Catalogue.build((Account, Balances, Deadlines), services=[HeldAssessor()])
LIVES = 4
DEADLINES = 12
SEEDS = 25


class World:
    """One seed.

    Attributes:
        wanted: what was scheduled, by id: the command and the earliest time.
        acknowledged: the ids of those of which the caller knows.
        cancelled: those of which `cancel` said that they will not fire.
        maybe_cancelled: those of which it said nothing.
        repeated: how often a schedule was repeated.
    """

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.platter = Platter()
        self.wanted: dict[str, tuple[Any, int]] = {}
        self.acknowledged: set[str] = set()
        self.cancelled: set[str] = set()
        self.maybe_cancelled: set[str] = set()
        self.loop = VirtualLoop()

    def engine(self, life: int, troubles: float) -> Engine:
        """An engine on what the crash has left."""
        options = Options(
            gc_policy="none",
            commands_pending_max=self.random.choice([3, 1000]),
            mailbox_size_max=self.random.choice([1, 100]),
            actors_max=self.random.choice([1, 100]),
            checkpoint_seconds=1.0,
            checkpoint_events_min=1,
        )
        return Engine(
            SimulatedStore(self.platter, self.random, troubles, lambda _: None),
            CATALOGUE,
            (),
            options,
            VirtualClock(self.loop, NEW_YEAR_NS + life * LIFE_NS),
            TimeOrderedIds(self.random.randrange(1 << 30)),
            SimulatedBackground(self.loop, self.random, self.random.choice([0.0001, 0.01])),
            read_only=False,
        )

    async def schedule(self, engine: Engine, key: str, after: float) -> None:
        """Schedule one, and note what is known of it."""
        command = self.wanted[key][0]
        try:
            deadline = await engine.schedule(command, after=after, deadline_id=key)
        except Rejected:  # the first time was acknowledged by nobody, and it has fired since
            self.acknowledged.add(key)
        except ActumError:
            return
        else:
            self.wanted[key] = command, min(deadline.due_ns, self.wanted[key][1])
            self.acknowledged.add(key)

    async def cancel(self, engine: Engine, key: str) -> None:
        """Cancel one that was acknowledged, and note what is known of it."""
        doubtful = key in self.maybe_cancelled
        self.maybe_cancelled.add(key)
        try:
            if await engine.cancel(key):
                self.cancelled.add(key)
        except ActumError:
            return
        if not doubtful:  # else it was perhaps the first time that did it
            self.maybe_cancelled.discard(key)

    async def client(self, engine: Engine, life: int) -> None:
        """Schedules and cancels, one after the other."""
        again = [key for key in self.wanted if key not in self.acknowledged]
        new = [f"{life}-{number}" for number in range(self.random.randrange(DEADLINES))]
        for key in [*again, *new]:
            kind = self.random.choice([Deposit, Deposit, Lend, Withdraw])
            after = self.random.choice([0.0, 0.01, 0.5, 70.0, 4000.0]) * self.random.random()
            self.wanted.setdefault(key, (kind(account_id=key, amount=1), NEW_YEAR_NS * 2))
            await self.schedule(engine, key, after)
            if self.random.random() < 0.3:
                await asyncio.sleep(self.random.random() * self.random.choice([0.01, 1.0, 100.0]))
            if self.random.random() < 0.2 and self.acknowledged:
                await self.cancel(engine, self.random.choice(sorted(self.acknowledged)))

    async def main(self, life: int, *, last: bool) -> None:
        """One life; the last one ends when nothing is pending."""
        async with self.engine(life, 0.0 if last else 0.05) as engine:
            if not last:
                await self.client(engine, life)
                await asyncio.sleep(self.random.random() * self.random.choice([0.01, 1.0, 100.0]))
                return
            for key in [key for key in self.wanted if key not in self.acknowledged]:
                while key not in self.acknowledged:
                    await self.schedule(engine, key, 0.01)
                    await asyncio.sleep(0.01)
            while (figures := engine.statistics().deadlines) is not None and figures.pending:
                assert figures.failure is None
                await asyncio.sleep(1)

    def live(self, life: int, *, last: bool) -> None:
        """One life, until it ends or crashes."""
        self.loop = loop = VirtualLoop()
        if not last and self.random.random() < 0.8:
            loop.call_later(self.random.random() * self.random.choice([0.01, 0.1, 2.0, 100.0]), loop.stop)
        main = loop.create_task(self.main(life, last=last))
        try:
            loop.run_until_complete(main)
        except RuntimeError as error:
            assert "stopped before Future completed" in str(error)  # noqa: PT017  # a crash
            assert not last
        except ActumError:
            assert not last  # its disk failed
        finally:
            loop.abandon()

    def check(self) -> None:
        """The log says that each fired once, or not at all if it was cancelled."""
        effects: Counter[str] = Counter()
        fired: Counter[str] = Counter()
        failed: Counter[str] = Counter()
        for frame in self.platter.log.frames():
            records = decode_stored(frame.first, frame.body)
            moved = sorted(record.key for record in records if record.aggregate == "Account")
            ended = sorted(record.key for record in records if record.tag == "actum.DeadlineFired")
            assert moved == ended, "an end without its command, or a command without its end"
            effects.update(moved)
            fired.update(ended)
            failed.update(record.key for record in records if record.tag == "actum.DeadlineFailed")
            for record in records:
                if record.aggregate == "Account":
                    assert record.timestamp_ns >= self.wanted[record.key][1], "too soon"
        for key, (command, _) in self.wanted.items():
            accepted = not isinstance(command, Withdraw)
            count = (fired if accepted else failed)[key]
            if key in self.cancelled:
                assert not effects[key]
            elif key in self.maybe_cancelled:
                assert count <= 1
            else:
                assert count == 1, f"{key} {command!r} fired {count} times"
        assert not set(effects) - set(self.wanted)


def first_fault(seeds: Iterable[int]) -> str:
    """The first seed that breaks a promise, and which one; empty if none does."""
    sys.unraisablehook = lambda _complaint: None  # what a crash leaves behind is collected without its loop
    for seed in seeds:
        world = World(seed)
        try:
            for life in range(LIVES):
                world.live(life, last=life == LIVES - 1)
            world.check()
        except Exception as error:  # noqa: BLE001  # whatever it is, it is a fault
            return f"seed {seed}: {error!r}\n{traceback.format_exc()}"
    return ""


@pytest.mark.timeout(120)
@pytest.mark.parametrize("part", range(4))
def test_every_deadline_fires_exactly_once(part: int) -> None:
    """Whatever crashes, fills up or is cancelled in between."""
    seeds = range(part * SEEDS, (part + 1) * SEEDS)
    assert forked(lambda: first_fault(seeds), seconds=100) == ""
