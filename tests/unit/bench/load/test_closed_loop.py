"""The closed loop: it hides what the open one shows."""

from __future__ import annotations

import asyncio
from array import array

import pytest
from actum_bench.load.accounts import Accounts
from actum_bench.load.client import Client
from actum_bench.load.closed_loop import closed_loop
from actum_bench.load.plan import Plan

from tests.support.standing_clock import StallingServer, StandingPace

STALL_NS = 500_000
SECONDS = 0.001


@pytest.mark.parametrize("kind", [0, 1], ids=["queries", "commands"])
def test_a_stall_is_one_operation_long(kind: int) -> None:
    """In a closed loop a stall is seen by nobody but the one who was being served."""
    pace = StandingPace()
    server = StallingServer(pace, stall_at=10, stall_ns=STALL_NS)
    plan = Plan(bytes([kind] * 3), array("q", range(3)))
    recording = asyncio.run(closed_loop(Client(server, Accounts(3), plan, pace), clients=2, seconds=SECONDS))
    times = recording.commands if kind else recording.queries
    assert server.requests == recording.planned == recording.answered > 100
    assert sum(waited >= STALL_NS for waited in times.service) == 1
    assert list(times.intended) == list(times.service)
    assert set(times.lag) == {0}
