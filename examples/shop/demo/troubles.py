"""What goes wrong in every shop, so that a dashboard has something to say: two bugs, and a slow partner.

Labels    a subscription that takes its time, and puts aside the parcels for which the carrier knows no route
Rewards   a process with a bug: it fails at orders whose total is too round a number
Loyalty   an aggregate with a bug: the level of some customers can't be computed, and they are quarantined
"""

import asyncio
from collections.abc import Iterator

from actum import (
    Aggregate,
    Command,
    Done,
    Event,
    Process,
    Rejected,
    Subscription,
    decide,
    evolve,
    handle,
    react,
    refused,
)

from examples.shop.events import OrderCancelled, OrderPlaced, OrderShipped

#: How long the carrier takes for a label.
LABEL_SECONDS = 0.02
#: Postcodes that begin so are on an island without a ferry.
NO_ROUTE = "00"
POINT_CENTS = 10
LEVEL_POINTS = 12_000
LEVEL_BUG = 199
ROUND_CENTS = 100


class GrantPoints(Command):
    """Thank a customer for an order."""

    customer_id: str
    points: int


class PointsGranted(Event):
    """A customer has more points."""

    customer_id: str
    points: int
    level: int


class Loyalty(Aggregate, key="customer_id"):
    """One customer's points."""

    points: int = 0

    @decide
    def grant(self, command: GrantPoints) -> PointsGranted:
        """Add them. For a few the level can't be computed: that is the bug."""
        level = LEVEL_POINTS // ((self.points + 1) % LEVEL_BUG)
        return PointsGranted(customer_id=command.customer_id, points=command.points, level=level)

    @evolve
    def granted(self, event: PointsGranted) -> None:
        """They have come."""
        self.points += event.points


class Rewards(Process, key="order_id"):
    """Points for every order that is shipped."""

    customer_id: str = ""
    total_cents: int = 0

    @react(starts=True)
    def placed(self, event: OrderPlaced) -> None:
        """Remember who it was."""
        self.customer_id, self.total_cents = event.customer_id, event.total_cents

    @react
    def shipped(self, event: OrderShipped) -> Iterator[GrantPoints | Done]:  # noqa: ARG002  # that it happened
        """Thank them. For some totals the bonus can't be computed: that is the bug."""
        bonus = POINT_CENTS // (self.total_cents % ROUND_CENTS)
        yield GrantPoints(customer_id=self.customer_id, points=self.total_cents // POINT_CENTS + bonus)
        yield Done()

    @refused
    def not_granted(self, command: GrantPoints, error: Rejected) -> Done:  # noqa: ARG002
        """There are none."""
        return Done()

    @react
    def cancelled(self, event: OrderCancelled) -> Done:  # noqa: ARG002  # that it happened is all that matters
        """No thanks."""
        return Done()


class Labels(Subscription, name="labels", retry_max=2, retry_seconds_min=0.05, retry_seconds_max=0.1):
    """A label from the carrier for every order."""

    @handle
    async def placed(self, event: OrderPlaced) -> None:
        """Wait for the carrier."""
        await asyncio.sleep(LABEL_SECONDS)
        if event.shipping_address.postcode.startswith(NO_ROUTE):
            raise LookupError(f"the carrier knows no route to {event.shipping_address.postcode}")


#: All of it, for `open_shop(store, *FULFILMENT, *TROUBLES)`.
TROUBLES: tuple[type[Aggregate] | type[Process] | type[Subscription], ...] = (Loyalty, Rewards, Labels)
