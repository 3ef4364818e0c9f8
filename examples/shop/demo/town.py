"""Who buys what in a small made-up town: the same for the same seed. It knows no engine and no time that passes."""

from collections.abc import Iterator
from datetime import datetime
from random import Random
from typing import NamedTuple, final

from examples.shop.commands import CancelOrder, PayOrder, PlaceOrder, ReceiveStock, RegisterCustomer
from examples.shop.values import Address, OrderLine

FIRST_NAMES = (
    *("Ada", "Ben", "Chiara", "Dmitri", "Eun-ji", "Farid", "Greta", "Hamza", "Ines", "Jonas", "Keiko", "Liam"),
    *("Maja", "Noor", "Oskar", "Priya", "Quentin", "Rosa", "Samir", "Tove", "Uma", "Viktor", "Wei", "Yara", "Zoltán"),
)
LAST_NAMES = ("Abe", "Brandt", "Costa", "Dąbrowska", "Ekström", "Fofana", "García", "Hughes", "Ivanov", "Öztürk")
STREETS = ("Mill Lane", "High Street", "Harbour Road", "Orchard Way", "Station Square", "Long Acre")

#: What is on the shelves, by department; prices in cents.
SHELVES = {
    "BAKERY": {"bread": 320, "rolls": 45, "croissant": 140, "pretzel": 95},
    "DAIRY": {"milk": 119, "butter": 249, "cheddar": 459, "yoghurt": 89},
    "DRINKS": {"coffee": 899, "tea": 399, "lemonade": 149},
    "PRODUCE": {"apples": 35, "pears": 42, "carrots": 99, "potatoes": 279, "truffle": 4_900},
}
PRICES = {product: cents for prices in SHELVES.values() for product, cents in prices.items()}

#: Of which there is hardly ever enough.
RARE = "truffle"
PIECES = 400
PIECES_OF_RARE = 3

LINES_MAX = 4
PIECES_MAX = 3
#: What becomes of an order: how many in a hundred customers cancel it, give a bad card, or are never heard of again.
CANCEL, BAD_CARD, SILENT = 4, 7, 5
#: How long a customer thinks before that.
THINK_SECONDS = (0.5, 12.0)


class Story(NamedTuple):
    """An order and what its customer does next."""

    order: PlaceOrder
    think_seconds: float
    then: PayOrder | CancelOrder | None


@final
class Town:
    """Its people, its goods, and their stories."""

    def __init__(self, seed: int, *, people: int = 60) -> None:
        """Found it."""
        self._random = Random(seed)  # noqa: S311  # a story, no secret
        self._people = [f"c-{number:03}" for number in range(1, people + 1)]

    def arrivals(self) -> Iterator[RegisterCustomer | ReceiveStock]:
        """Everybody registers, every shelf is filled."""
        for customer_id in self._people:
            yield RegisterCustomer(customer_id=customer_id, name=self.name())
        for product_id in PRICES:
            yield self.delivery(product_id)

    def name(self) -> str:
        """Somebody's name."""
        return f"{self._random.choice(FIRST_NAMES)} {self._random.choice(LAST_NAMES)}"

    def delivery(self, product_id: str) -> ReceiveStock:
        """More of a product."""
        return ReceiveStock(
            product_id=product_id,
            name=product_id.capitalize(),
            department=next(name for name, prices in SHELVES.items() if product_id in prices),
            quantity=PIECES_OF_RARE if product_id == RARE else PIECES,
        )

    def pause_seconds(self, a_second: float) -> float:
        """Until the next order, when so many come in a second."""
        return self._random.expovariate(a_second)

    def story(self, number: int, now: datetime) -> Story:
        """The next order."""
        order_id = f"o-{number:06}"
        products = self._random.sample(sorted(PRICES), self._random.randint(1, LINES_MAX))
        lines = [self._line(product_id) for product_id in products]
        order = PlaceOrder(
            order_id=order_id,
            customer_id=self._random.choice(self._people),
            shipping_address=self._address(),
            lines=tuple(lines),
            placed_at=now,
        )
        return Story(order, self._random.uniform(*THINK_SECONDS), self._then(order_id))

    def _then(self, order_id: str) -> PayOrder | CancelOrder | None:
        """What the customer does after some thought."""
        fate = self._random.randrange(100)
        if fate < CANCEL:
            return CancelOrder(order_id=order_id, reason="changed my mind")
        if fate < CANCEL + SILENT:
            return None
        kind = "refused" if fate < CANCEL + SILENT + BAD_CARD else "visa"
        return PayOrder(order_id=order_id, card=f"{kind}-{self._random.randrange(10_000):04}")

    def _line(self, product_id: str) -> OrderLine:
        """Some pieces of a product."""
        quantity = 1 if product_id == RARE else self._random.randint(1, PIECES_MAX)
        return OrderLine(product_id=product_id, quantity=quantity, amount_cents=quantity * PRICES[product_id])

    def _address(self) -> Address:
        """Somewhere in the town."""
        return Address(
            street=f"{self._random.randint(1, 90)} {self._random.choice(STREETS)}",
            city="Springfield",
            postcode=f"{self._random.randrange(100):02}200",
            country="US",
        )
