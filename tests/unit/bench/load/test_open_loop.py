"""The open loop: what is due is sent, and waiting is counted."""

from __future__ import annotations

import asyncio
from array import array

import pytest
from actum_bench.load.accounts import Accounts
from actum_bench.load.client import Client
from actum_bench.load.open_loop import open_loop
from actum_bench.load.plan import Plan
from actum_bench.load.recording import Recording

from tests.support.standing_clock import SERVICE_NS, StallingServer, StandingPace, every_millisecond

COUNT = 100
STALL_NS = 50_000_000
LONG_NS = 1_000_000


def recorded(kind: int, *, stall_at: int = -1, refuse_at: int = -1, stall_ns: int = STALL_NS) -> Recording:
    """A hundred operations of one kind, one each millisecond."""
    pace = StandingPace()
    server = StallingServer(pace, stall_at=stall_at, stall_ns=stall_ns, refuse_at=refuse_at)
    plan = Plan(bytes([kind] * COUNT), array("q", range(COUNT)))
    return asyncio.run(open_loop(Client(server, Accounts(COUNT), plan, pace), every_millisecond(COUNT)))


@pytest.mark.parametrize("kind", [0, 1], ids=["queries", "commands"])
def test_waiting_behind_a_stall_is_counted(kind: int) -> None:
    """A stall of 50 ms shows in the latency of some fifty callers from the intended time, in one from the sending."""
    recording = recorded(kind, stall_at=10)
    times = recording.commands if kind else recording.queries
    assert len(times.intended) == len(times.service) == len(times.lag) == COUNT
    assert sum(waited > LONG_NS for waited in times.service) == 1
    assert 45 <= sum(waited > LONG_NS for waited in times.intended) <= 55
    assert 35 <= recording.late <= 45


@pytest.mark.parametrize("kind", [0, 1], ids=["queries", "commands"])
def test_without_a_stall_nobody_waits(kind: int) -> None:
    """When everything is sent in time both latencies are the same, and nothing is late."""
    recording = recorded(kind)
    times = recording.commands if kind else recording.queries
    assert list(times.intended) == list(times.service) == [SERVICE_NS] * COUNT
    assert recording.late == 0
    assert recording.answered == recording.planned == COUNT


def test_each_latency_is_lag_and_service() -> None:
    """From the intended time is the lag of the schedule and the service together, for every operation."""
    times = recorded(0, stall_at=3).queries
    assert list(times.intended) == [lag + service for lag, service in zip(times.lag, times.service, strict=True)]


@pytest.mark.parametrize("kind", [0, 1], ids=["queries", "commands"])
def test_errors_are_counted_by_kind(kind: int) -> None:
    """An operation that is refused is an error of its kind and has no latency."""
    recording = recorded(kind, refuse_at=7)
    assert recording.errors == {"ActumError": 1}
    assert recording.answered == COUNT - 1


def test_what_can_never_be_sent_in_time_is_given_up() -> None:
    """A stall many times as long as the schedule ends the run; what was not sent is an error, and all are counted."""
    recording = recorded(0, stall_at=10, stall_ns=10_000_000_000)
    assert recording.errors == {"never sent": COUNT - 10}
    assert recording.answered == 10
    assert recording.planned == COUNT


def test_a_bug_ends_the_run() -> None:
    """What is not an answer of the engine is not counted: it is raised, and nothing goes on behind it."""

    class Broken(StallingServer):
        def _serve(self) -> None:
            raise ZeroDivisionError

    pace = StandingPace()
    plan = Plan(bytes([1] * COUNT), array("q", range(COUNT)))
    with pytest.raises(ZeroDivisionError):
        asyncio.run(open_loop(Client(Broken(pace), Accounts(COUNT), plan, pace), every_millisecond(COUNT)))
