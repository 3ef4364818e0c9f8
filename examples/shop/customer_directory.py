"""The customer directory: who a customer is. An order asks it for the name that its events carry to the views."""

from examples.shop.queries import SpendOfCustomer
from examples.shop.service import Service


class CustomerDirectory(Service):
    """Answers what a customer is called."""

    async def name_of(self, customer_id: str) -> str | None:
        """The customer's name, or None if not registered. Nothing is changed, so cancelling it is harmless."""
        engine = await self.engine()
        customer = await engine.ask(SpendOfCustomer(customer_id=customer_id))
        return None if customer is None else customer.name
