"""The customer: registered once, renamed at will."""

from actum import Aggregate, Rejected, decide, evolve

from examples.shop.commands import RegisterCustomer, RenameCustomer
from examples.shop.events import CustomerRegistered, CustomerRenamed


class Customer(Aggregate, key="customer_id"):
    """One customer. `name` is empty until registered."""

    name: str = ""

    @decide
    def register(self, command: RegisterCustomer) -> CustomerRegistered:
        """Make the customer known."""
        if self.name:
            raise Rejected(f"customer {command.customer_id} was registered before")
        check_name(command.customer_id, command.name)
        return CustomerRegistered(customer_id=command.customer_id, name=command.name)

    @decide
    def rename(self, command: RenameCustomer) -> CustomerRenamed | None:
        """Change the name; the same name again is no event."""
        if not self.name:
            raise Rejected(f"customer {command.customer_id} is not registered")
        check_name(command.customer_id, command.name)
        if command.name == self.name:
            return None
        return CustomerRenamed(customer_id=command.customer_id, name=command.name)

    @evolve
    def registered(self, event: CustomerRegistered) -> None:
        """The customer has a name."""
        self.name = event.name

    @evolve
    def renamed(self, event: CustomerRenamed) -> None:
        """The customer has another name."""
        self.name = event.name


def check_name(customer_id: str, name: str) -> None:
    """A name has at least one visible character.

    Raises:
        Rejected: it hasn't.
    """
    if not name.strip():
        raise Rejected(f"customer {customer_id} needs a name that isn't empty")
