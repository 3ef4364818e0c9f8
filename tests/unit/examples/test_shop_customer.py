"""The rules of a customer, and where the name shows."""

from __future__ import annotations

import pytest
from actum import Engine, Rejected

from examples.shop.commands import RegisterCustomer, RenameCustomer
from examples.shop.queries import OrderById, SpendOfCustomer
from tests.unit.examples.shop_scenes import order, play


def test_a_customer_is_registered_once() -> None:
    """A second registration is refused."""

    async def scene(shop: Engine) -> None:
        with pytest.raises(Rejected, match="customer ann was registered before"):
            await shop.send(RegisterCustomer(customer_id="ann", name="Anne"))

    play(scene)


@pytest.mark.parametrize(
    "command", [RegisterCustomer(customer_id="eve", name=" "), RenameCustomer(customer_id="ann", name="")]
)
def test_a_name_is_not_empty(command: RegisterCustomer | RenameCustomer) -> None:
    """A name of nothing but blanks is refused."""

    async def scene(shop: Engine) -> None:
        with pytest.raises(Rejected, match="needs a name"):
            await shop.send(command)

    play(scene)


def test_only_a_registered_customer_can_be_renamed() -> None:
    """There is nobody to rename before."""

    async def scene(shop: Engine) -> None:
        with pytest.raises(Rejected, match="customer eve is not registered"):
            await shop.send(RenameCustomer(customer_id="eve", name="Eva"))

    play(scene)


def test_the_same_name_again_is_no_event() -> None:
    """A command that changes nothing writes nothing and is no error."""

    async def scene(shop: Engine) -> None:
        receipt = await shop.send(RenameCustomer(customer_id="ann", name="Ann"))
        assert receipt.events == ()
        assert receipt.version == 1

    play(scene)


def test_a_new_name_shows_in_all_orders_of_the_customer_and_in_no_others() -> None:
    """Orders from before and after the renaming have the new name."""

    async def scene(shop: Engine) -> None:
        await shop.send(order("o1"))
        await shop.send(order("o2", customer_id="bob"))
        await shop.send(RenameCustomer(customer_id="ann", name="Anne"))
        await shop.send(order("o3"))
        rows = [await shop.ask(OrderById(order_id=order_id)) for order_id in ("o1", "o2", "o3")]
        assert [row.customer_name for row in rows if row is not None] == ["Anne", "Bob", "Anne"]
        spend = await shop.ask(SpendOfCustomer(customer_id="ann"))
        assert spend is not None
        assert spend.name == "Anne"

    play(scene)
