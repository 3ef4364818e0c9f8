"""Clients that go on while somebody looks at parts of what they do."""

from __future__ import annotations

from array import array
from pathlib import Path
from typing import cast

import actum
import pytest
from actum import Engine, EngineClosed
from actum_bench.branches import VIEWS, Branch
from actum_bench.filled import Shape, copied_store, shown
from actum_bench.traffic import Part, Traffic

from tests.support.filled_stores import fill_workspace

SHAPE = Shape(branches=20, accounts=20, events=20)


def test_a_round_touches_each_account_once(tmp_path: Path) -> None:
    """When as many payments as accounts are answered, each account had its payment, whoever made it."""

    async def main(path: str) -> None:
        async with Engine.open(path, Branch, VIEWS[0]) as engine:
            async with Traffic(engine, SHAPE, accounts=10, clients=1) as load:
                await load.reach(10)
                payments = [row.payments for row in engine.rows(VIEWS[0])]
            assert sorted(payments)[10:] == [1] * 10
            assert load.answered == load.sent
            assert len(load.started) == len(load.ended)
            assert [check for check in shown(engine, SHAPE, payments=load.answered) if not check.ok] == []

    with copied_store(SHAPE, fill_workspace(tmp_path, SHAPE)) as path:
        actum.run(main(path))


def test_a_refused_client_ends_the_load(tmp_path: Path) -> None:
    """Whoever waits learns what happened to the clients."""

    async def main(path: str) -> None:
        engine = await Engine.open(path, Branch, VIEWS[0])
        await engine.close()
        with pytest.raises(EngineClosed):
            async with Traffic(engine, SHAPE, accounts=10, clients=3) as load:
                await load.reach(1)

    actum.run(main(str(tmp_path / "store")))


class Past:
    """A load that is over."""

    started = array("q", [0, 10, 20, 30])
    ended = array("q", [15, 25, 35, 45])


def test_a_part_has_what_was_under_way_in_it() -> None:
    """Latencies are those of all payments that overlap the span; answers are those that came within it."""
    part = Part()
    part.add(cast("Traffic", Past()), 16, 29)
    assert list(part.latencies) == [15, 15]
    assert part.answers == 1
    part.add(cast("Traffic", Past()), 30, 45)
    assert part.answers == 3
    assert part.seconds == pytest.approx(28e-9)
    assert part.rate == pytest.approx(3 / 28e-9)
