"""What customers want: real baskets, and what this run has them do about each, the same each time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import ceil
from random import Random
from typing import Literal, NamedTuple

from actum import Command

from examples.shop.commands import CancelOrder, PayOrder, PlaceOrder, ReceiveStock, RenameCustomer
from examples.shop.demo.dataset import Dataset

#: What a customer does after the order was placed.
Habit = Literal["pays", "pays with a bad card", "never pays", "changes their mind"]
HABITS: dict[Habit, float] = {"pays": 0.8, "pays with a bad card": 0.06, "never pays": 0.07, "changes their mind": 0.07}

#: Of each product so much of the demand is there; some customers have to go without.
STOCKED = 0.93
#: One customer in so many has another name at the end.
RENAMED = 5


class Wish(NamedTuple):
    """One basket.

    Attributes:
        order: as it is placed.
        habit: what its customer does then.
        think_seconds: for how long they think before that.
    """

    order: PlaceOrder
    habit: Habit
    think_seconds: float

    @property
    def order_id(self) -> str:
        """The basket's id."""
        return self.order.order_id

    def payment(self) -> PayOrder:
        """The card that is given."""
        card = "refused-card" if self.habit == "pays with a bad card" else f"card-{self.order.customer_id}"
        return PayOrder(order_id=self.order_id, card=card)

    def cancellation(self) -> CancelOrder:
        """The order is taken back, if it is not too late."""
        return CancelOrder(order_id=self.order_id, reason="changed my mind")

    def total_cents(self) -> int:
        """What the basket costs."""
        return sum(line.amount_cents for line in self.order.lines)

    def pieces(self) -> Counter[str]:
        """What is in the basket, by product."""
        pieces: Counter[str] = Counter()
        for line in self.order.lines:
            pieces[line.product_id] += line.quantity
        return +pieces


class Story(NamedTuple):
    """All that happens in a run but for the kills.

    Attributes:
        before: customers are registered and stock is received, each with the id of its command.
        wishes: the baskets, in the order of time.
        after: customers are renamed, when all orders have been placed.
    """

    before: list[tuple[str, Command]]
    wishes: list[Wish]
    after: list[tuple[str, Command]]


def story_of(baskets: int, seed: int) -> Story:
    """The first so many baskets of the year."""
    dataset = Dataset.load(baskets)
    wishes = [wish_of(message.command, seed) for message in dataset.orders()]
    customers = list(dataset.customers())
    demand: Counter[str] = Counter()
    for wish in wishes:
        demand.update(wish.pieces())
    renamed = [message.command.customer_id for message in customers[::RENAMED]]  # type: ignore[attr-defined]
    return Story(
        [*customers, *stocked(dataset, demand)],
        wishes,
        [(f"rename {key}", RenameCustomer(customer_id=key, name=f"Family {key}")) for key in renamed],
    )


def wish_of(order: Command, seed: int) -> Wish:
    """What this basket's customer does."""
    assert isinstance(order, PlaceOrder)
    random = Random(f"{seed} {order.order_id}")
    (habit,) = random.choices(list(HABITS), list(HABITS.values()))
    return Wish(order, habit, random.choice([0.0, 0.0, 0.01, 0.3]) * random.random())


def stocked(dataset: Dataset, demand: Counter[str]) -> Iterator[tuple[str, Command]]:
    """A little less of each product than will be asked for."""
    for command_id, command in dataset.products():
        assert isinstance(command, ReceiveStock)
        quantity = max(1, ceil(STOCKED * demand[command.product_id]))
        yield command_id, command.replace(quantity=quantity)
