"""The running domain of actum's demo, docs, benchmarks and examples: a shop that takes orders.

Aggregates: `Order`, `Customer`, `Stock`, `Payment`; the process `Fulfilment`.
Views: `OrderSummaries`, `DepartmentSales`, `ProductRanking`, `CustomerSpending`, `StockLevels`.
`open_shop` puts them together; `SHOP` is for tools. The messages are in `commands`, `events` and `queries`.
"""

from examples.shop.storefront import COMPONENTS, FULFILMENT, SHOP, open_shop

__all__ = ["COMPONENTS", "FULFILMENT", "SHOP", "open_shop"]
