"""Who waits for whom: the graph alone. What comes of it is tested where decisions send, and in `test_atomic`."""

from __future__ import annotations

from actum.actor import Actor
from actum.waits import way_between

from tests.support.bank import Account, Deposit, open_bank
from tests.support.scenes import scene


@scene
async def test_a_way_leads_through_all_that_wait() -> None:
    """From the one that waits to the one it waits for, directly or through others; none where nobody waits."""
    async with open_bank() as bank:
        await bank.send_atomic([Deposit(account_id=key, amount=1) for key in "abcd"])
        actors = bank._core.directory.streams[Account.__name__].actors  # type: ignore[union-attr]
        a, b, c, d = (actors[key] for key in "abcd")
        a.awaits, b.awaits, c.awaits = [c, b], [d], []

        def keys(way: list[Actor]) -> str:
            return "".join(actor.key for actor in way)

        assert keys(way_between(a, d)) == "abd"
        assert keys(way_between(a, a)) == "a"
        assert way_between(d, a) == way_between(c, d) == []
        a.awaits = b.awaits = c.awaits = None
