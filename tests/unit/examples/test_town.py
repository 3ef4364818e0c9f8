"""The made-up town: its stories are the same for the same seed, and of every kind."""

from __future__ import annotations

from collections import Counter

from examples.shop.commands import PayOrder, ReceiveStock, RegisterCustomer
from examples.shop.demo.town import PRICES, Town
from tests.unit.examples.shop_scenes import NOON


def test_the_same_seed_is_the_same_town() -> None:
    """Who comes, what is ordered and what comes of it is the same each time, and different for another seed."""

    def told(seed: int) -> list[object]:
        town = Town(seed)
        return [*town.arrivals(), *(town.story(number, NOON) for number in range(50))]

    assert told(1) == told(1) != told(2)


def test_everybody_and_everything_is_there_first() -> None:
    """All customers are registered, and all shelves filled, before the first order."""
    arrivals = list(Town(1, people=5).arrivals())
    assert Counter(map(type, arrivals)) == {RegisterCustomer: 5, ReceiveStock: len(PRICES)}


def test_stories_end_in_every_way() -> None:
    """Most customers pay; some cancel, some give a bad card, and some are never heard of again."""
    town = Town(1)
    ends = Counter(
        then.card.partition("-")[0] if isinstance(then, PayOrder) else type(then).__name__
        for then in (town.story(number, NOON).then for number in range(1_000))
    )
    assert ends.keys() == {"visa", "refused", "CancelOrder", "NoneType"}
    assert ends["visa"] > 700
