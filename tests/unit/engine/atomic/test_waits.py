"""Who waits for whom: the graph alone. What comes of it is tested where decisions send, and in `test_atomic`."""

from __future__ import annotations

from itertools import pairwise

from actum.actor import Actor
from actum.atomic.waits import way_between

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

        assert keys(way_between([a], d)) == "abd"
        assert keys(way_between([a], a)) == "a"
        assert way_between([d], a) == way_between([c], d) == []
        assert keys(way_between([c, d, a], b)) == "ab"
        a.awaits = b.awaits = c.awaits = None


@scene
async def test_as_many_ways_as_there_are_do_no_harm() -> None:
    """Layers of actors, each waiting for all of the next: 3 to the power of 1,300 ways, and deeper than the stack."""
    async with open_bank(commands_pending_max=10_000) as bank:
        layers = [[f"{number}-{side}" for side in range(3)] for number in range(1_300)]
        await bank.send_many([Deposit(account_id=key, amount=1) for layer in layers for key in layer])
        actors = bank._core.directory.streams[Account.__name__].actors  # type: ignore[union-attr]
        for layer, following in pairwise(layers):
            for key in layer:
                actors[key].awaits = [actors[other] for other in following]
        stranger = (await bank.send(Deposit(account_id="stranger", amount=1))).key
        first, last = actors[layers[0][0]], actors[layers[-1][0]]
        assert way_between([first], actors[stranger]) == []
        assert len(way_between([first], last)) == len(layers)
        for layer in layers:
            for key in layer:
                actors[key].awaits = None
