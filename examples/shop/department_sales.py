"""The view of the shop's controller: what each department sold on each day."""

from datetime import timedelta

from actum import View, answer, project

from examples.shop.events import OrderCancelled, OrderItemAdded
from examples.shop.queries import SalesByDay
from examples.shop.rows import DepartmentDay, department_day


class DepartmentSales(View[DepartmentDay]):
    """One row per department and day on which it sold anything."""

    @project
    def added(self, event: OrderItemAdded) -> None:
        """One more line for the department on that day."""
        key = department_day(event.department, event.day)
        row = self.get(key) or DepartmentDay(department_day=key, department=event.department, day=event.day)
        self.put(
            row.replace(
                line_count=row.line_count + 1,
                quantity=row.quantity + event.quantity,
                amount_cents=row.amount_cents + event.amount_cents,
            )
        )

    @project
    def cancelled(self, event: OrderCancelled) -> None:
        """The items no longer count, on the day on which they were sold."""
        for item in event.items:
            key = department_day(item.department, event.day)
            if row := self.get(key):
                self.put(
                    row.replace(
                        line_count=row.line_count - 1,
                        quantity=row.quantity - item.quantity,
                        amount_cents=row.amount_cents - item.amount_cents,
                    )
                )

    @answer
    def by_day(self, query: SalesByDay) -> list[DepartmentDay]:
        """By day, or for one department by its part of the other index."""
        end = query.last_day + timedelta(days=1)
        if query.department is None:
            return self.order_by("day", start=query.first_day, stop=end)
        where = {"department": query.department}
        return self.order_by(("department", "day"), where=where, start=query.first_day, stop=end)
