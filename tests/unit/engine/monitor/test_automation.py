"""What a running engine tells of its processes, deadlines and dead letters; a small part of many."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest
from actum import Deadlines, Engine, Invalid, MemoryLog, Options, Process, react
from actum.monitor.automation import LOOKED_AT_MAX, deadlines_of, letters_of, plain, processes_of
from actum.monitor.requests import DeadLettersRequest, DeadlinesRequest, ProcessesRequest
from actum.processes.instances import Instance, Instances

from tests.support.bank import Deposit, Withdraw, open_bank
from tests.support.clocks import SECOND_NS, FakeClock
from tests.support.errands import Ask, Asked, idle, open_errands
from tests.support.scenes import scene, until
from tests.support.troubled import fill_troubled, open_troubled, quiet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from actum.core import Core
    from actum.monitor.requests import Processes

#: Characters that a terminal would obey.
HOSTILE = "\x1b[31m[red]\u202e"


class Patient(Process, key="asker", name="patient", stuck_seconds=60):
    """Waits, unless what it is asked for is bad."""

    asker: str = ""

    @react(starts=True)
    def asked(self, event: Asked) -> None:
        """Wait."""
        self.asker = event.asker
        if event.errand == "bad":
            raise ValueError("bad " + HOSTILE)


class Other(Process, key="asker", name="other"):
    """Waits for ever."""

    @react(starts=True)
    def asked(self, event: Asked) -> None:
        """Wait."""


def core_of(engine: Engine) -> Core:
    """Its parts."""
    assert engine._core is not None
    return engine._core


def keys_of(found: Processes) -> list[tuple[str, str, str]]:
    """Which instances."""
    return [(one.process, one.key, one.status) for one in found.instances]


@scene
async def test_what_stands_still_comes_first() -> None:
    """Failed, stuck, then active, each longest first, over all processes; limited, and of one status or process."""
    clock = FakeClock()
    async with open_errands(None, Patient, Other, clock=clock) as engine:
        for name, errand, seconds in (("dan", "", 0), ("ann", "", 30), ("eve", "bad", 0), ("bob", "", 31)):
            clock.advance(seconds)
            await engine.send(Ask(asker=name, errand=errand))
            await idle(engine)
        core = core_of(engine)
        found = await processes_of(core, ProcessesRequest())
        assert [f"{status} {process}/{key}" for process, key, status in keys_of(found)] == [
            "failed patient/eve",
            "stuck patient/dan",
            "active other/dan",
            "active patient/ann",
            "active other/ann",
            "active other/eve",
            "active patient/bob",
            "active other/bob",
        ]
        assert found.count == 8
        limited = await processes_of(core, ProcessesRequest(limit=2))
        assert (keys_of(limited), limited.count) == (keys_of(found)[:2], 8)
        for status, wanted in {"failed": ["eve"], "stuck": ["dan"], "active": ["ann", "bob"]}.items():
            chosen = await processes_of(core, ProcessesRequest(process="patient", status=status))
            assert ([one.key for one in chosen.instances], chosen.count) == (wanted, len(wanted))
        patient, other = found.counts
        assert (patient.process, patient.running, patient.waiting, patient.active) == ("patient", 2, 0, 2)
        assert (patient.stuck, patient.failed, patient.done, other.active) == (1, 1, None, 4)
        failed = found.instances[0]
        assert failed.failure == f"ValueError: bad {HOSTILE}"
        assert failed.failed_position is not None
        assert (failed.waits_for, failed.values) == (("Asked",), {})
        assert failed.since_ns == clock.now_ns() - 31 * SECOND_NS


@scene
async def test_one_instance_is_told_whole() -> None:
    """With its fields; nothing for one that is not there."""
    async with open_errands(None, Patient, Other) as engine:
        await engine.send(Ask(asker=HOSTILE))
        await idle(engine)
        core = core_of(engine)
        found = await processes_of(core, ProcessesRequest(process="patient", key=HOSTILE))
        (one,) = found.instances
        assert (one.key, one.values, found.count) == (HOSTILE, {"asker": HOSTILE}, 1)
        assert len((await processes_of(core, ProcessesRequest(key=HOSTILE))).instances) == 2
        assert (await processes_of(core, ProcessesRequest(key="nobody"))).instances == ()


@scene
async def test_a_text_is_searched_in_keys() -> None:
    """In whatever case, in the same order; those of other processes are not found."""
    async with open_errands(None, Patient, Other) as engine:
        for name, errand in (("anna", ""), ("Hanna", "bad"), ("bob", "")):
            await engine.send(Ask(asker=name, errand=errand))
        await idle(engine)
        core = core_of(engine)
        found = await processes_of(core, ProcessesRequest(process="patient", text="ANN"))
        assert (keys_of(found), found.count) == (
            [("patient", "Hanna", "failed"), ("patient", "anna", "active")],
            2,
        )
        active = await processes_of(core, ProcessesRequest(text="ann", status="active", limit=1))
        assert (len(active.instances), active.count) == (1, 3)


@scene
async def test_who_waits_for_a_deadline_is_told_from_who_waits_for_an_event(tmp_path: Path) -> None:
    """Deadlines that are pending, and why one was refused."""
    await fill_troubled(tmp_path / "shop")
    async with open_troubled(tmp_path / "shop", automatic=False) as shop:
        found = await processes_of(core_of(shop), ProcessesRequest())
        counts = {one.process: (one.running, one.waiting, one.failed) for one in found.counts}
        assert counts == {"Fulfilment": (0, 2, 1), "Courier": (1, 0, 1)}
        by_key = {(one.process, one.key): one for one in found.instances}
        assert list(by_key["Fulfilment", "overdue"].deadlines) == ["unpaid"]
        assert by_key["Courier", "failed"].failure == "ZeroDivisionError: a bug"


@scene
async def test_processes_without_a_class_are_told_of(tmp_path: Path) -> None:
    """Somebody renamed it: its instances would wait unseen."""
    async with open_errands(tmp_path / "errands", Patient) as engine:
        await engine.send(Ask(asker="ann"))
        await idle(engine)
    async with open_errands(tmp_path / "errands", Other) as engine:
        found = await processes_of(core_of(engine), ProcessesRequest())
        assert ("patient", "ann", "active") in keys_of(found)
        assert [one.process for one in found.counts] == ["other", "patient"]


@scene
async def test_wrong_questions_get_a_sentence() -> None:
    """An unknown status, no or too many rows; an engine without processes has none."""
    async with open_errands(None, Patient) as engine:
        core = core_of(engine)
        with pytest.raises(Invalid, match="status='well': give"):
            await processes_of(core, ProcessesRequest(status="well"))
        for limit in (0, 501):
            with pytest.raises(Invalid, match=f"limit={limit}: give 1 to 500"):
                await processes_of(core, ProcessesRequest(limit=limit))
            with pytest.raises(Invalid, match=f"limit={limit}: give 1 to 500"):
                deadlines_of(core, DeadlinesRequest(limit=limit))
    async with open_bank() as bank:
        assert (await processes_of(core_of(bank), ProcessesRequest())).count == 0
        assert deadlines_of(core_of(bank), DeadlinesRequest()).count == 0
        assert letters_of(core_of(bank), DeadLettersRequest()).count == 0


@scene
async def test_deadlines_that_were_refused_come_first_and_leave_room() -> None:
    """Then what is due next; of many refused ones only the first half."""
    async with open_bank(None, Deadlines) as bank:
        for number in range(4):
            await bank.schedule(Withdraw(account_id=HOSTILE, amount=5), after=0, deadline_id=f"refused {number}")
        await until(lambda: all(one.state == "failed" for one in bank.deadlines()))
        for number in range(4):
            await bank.schedule(Deposit(account_id="a", amount=5), after=60 + number, deadline_id=f"due {number}")
        core = core_of(bank)
        found = deadlines_of(core, DeadlinesRequest(limit=4))
        assert [one.deadline_id for one in found.deadlines] == ["refused 0", "refused 1", "due 0", "due 1"]
        assert (found.count, found.refused) == (8, 4)
        assert {one.arguments for one in found.deadlines} == {None}
        assert found.deadlines[0].reason == "Rejected: only 0 there"
        assert len(deadlines_of(core, DeadlinesRequest(limit=6)).deadlines) == 6
        assert len(deadlines_of(core, DeadlinesRequest()).deadlines) == 8
        (one,) = deadlines_of(core, DeadlinesRequest(deadline_id="refused 0")).deadlines
        assert one.arguments == {"account_id": HOSTILE, "amount": 5}
        assert deadlines_of(core, DeadlinesRequest(deadline_id="none")).deadlines == ()
        assert [one.deadline_id for one in deadlines_of(core, DeadlinesRequest(limit=1)).deadlines] == ["due 0"]


@scene
async def test_dead_letters_are_listed(tmp_path: Path) -> None:
    """Of all subscriptions, or of one."""
    await fill_troubled(tmp_path / "shop")
    async with open_troubled(tmp_path / "shop") as shop:
        await quiet(shop)
        core = core_of(shop)
        found = letters_of(core, DeadLettersRequest())
        (seen,) = found.letters
        assert (found.count, seen.subscription, seen.letter.tag) == (1, "mailer", "OrderPlaced")
        assert letters_of(core, DeadLettersRequest(subscription="mailer")) == found
        assert letters_of(core, DeadLettersRequest(subscription="other")).letters == ()


def many(count: int) -> Iterator[Instance]:
    """Rows as the engine has them."""
    for number in range(count):
        key = f"{number:06d}"
        row = Instance(instance=f"patient/{key}", process="patient", key=key, since_ns=number)
        yield row.replace(status="failed") if number % 1_000 == 7 else row


@scene
async def test_a_hundred_thousand_instances() -> None:
    """The first hundred are found without looking at all; a search looks at all, and lets others have their turn."""
    options = Options(gc_policy="none", durability="relaxed")
    async with Engine.open(MemoryLog(), Patient, options=options, clock=FakeClock(0)) as engine:
        core = core_of(engine)
        live = core.view_of(Instances)
        live.table.writable = True
        for row in many(100_000):
            live.view.put(row)
        live.table.writable = False
        await processes_of(core, ProcessesRequest())  # makes the indexes
        started = time.perf_counter()
        found = await processes_of(core, ProcessesRequest())
        assert time.perf_counter() - started < 0.5
        assert (len(found.instances), found.count) == (100, 100_000)
        assert {one.status for one in found.instances} == {"failed"}
        (counts,) = found.counts
        assert (counts.active, counts.running, counts.waiting, counts.failed) == (99_900, None, None, 100)
        assert counts.active > LOOKED_AT_MAX
        turns = 0

        async def count_turns() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        counting = asyncio.create_task(count_turns())
        found = await processes_of(core, ProcessesRequest(text="99999"))
        counting.cancel()
        assert ([one.key for one in found.instances], found.count) == (["099999"], 1)
        assert turns > 100


def test_fields_are_as_json_has_them() -> None:
    """Whatever the state is; one that has no fields has none."""
    assert plain({"a": b"\x00", 1: None}) == {"a": "AA==", "1": None}
    assert plain([1]) == {}
