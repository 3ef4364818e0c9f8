"""Group commit by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import actum
import pytest
from actum_bench.measurements.commands import closed_loop
from actum_bench.peers.grouping import Grouping, Kept
from actum_bench.peers.ledger import AMOUNT
from actum_bench.process import VoidRunError
from actum_bench.repeats import checked
from actum_bench.results import Sample


def test_what_comes_together_is_kept_together() -> None:
    """Commands of one turn are one group, with dense positions and versions, and are answered after it."""
    groups: list[list[Kept]] = []

    async def main() -> None:
        grouping = Grouping(lambda events: groups.append(list(events)))
        assert await asyncio.gather(*(grouping.send(key, AMOUNT) for key in "aba")) == [1, 2, 3]
        assert await grouping.send("b", AMOUNT) == 4
        assert all(check.ok for check in grouping.ledger.checks(4, grouping.position))

    actum.run(main())
    assert [[(event.account_id, event.version) for event in group] for group in groups] == [
        [("a", 1), ("b", 1), ("a", 2)],
        [("b", 2)],
    ]


def test_a_rejected_command_keeps_nothing() -> None:
    """An amount that is not positive is refused, and the others of its group are kept."""
    kept: list[Kept] = []

    async def main() -> None:
        grouping = Grouping(kept.extend)
        refused, right = grouping.send("a", 0), grouping.send("a", AMOUNT)
        with pytest.raises(ValueError, match="positive"):
            await refused
        assert await right == 1

    actum.run(main())
    assert [event.version for event in kept] == [1]


def test_a_store_that_loses_a_command_is_void() -> None:
    """A run whose store forgot one event gives no figure."""
    kept: list[Kept] = []

    def forget_the_seventh(events: Sequence[Kept]) -> None:
        kept.extend(event for event in events if event.position != 7)

    async def main() -> Sample:
        grouping = Grouping(forget_the_seventh)
        sample = await closed_loop(lambda client, _: grouping.send(f"{client}", AMOUNT), clients=2, commands=10)
        return Sample(sample.values, grouping.ledger.checks(sample.values["sent"], len(kept)))

    with pytest.raises(VoidRunError, match="acknowledged == stored does not hold"):
        checked("forgetful", actum.run(main()))
