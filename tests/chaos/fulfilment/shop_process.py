"""The shop as a process of its own: takes commands on standard input, answers on standard output, until it is killed.

A line in is `[command id, command class, fields]`; a line out is `[command id, position, refusal]`. "finish" has it
end everything that is under way and close.

python -m tests.chaos.fulfilment.shop_process STORE SECONDS_AHEAD MUTANT DATABASE...
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import final

import actum
import msgspec
from actum import Command, Engine, Options, Rejected
from sqlalchemy.ext.asyncio import AsyncEngine

from examples.shop import FULFILMENT, open_shop
from examples.shop.commands import (
    CancelOrder,
    PayOrder,
    PlaceOrder,
    ReceiveStock,
    RegisterCustomer,
    RenameCustomer,
)
from examples.shop.order_table import OrderTable, order_summaries
from tests.chaos.mutants import plant
from tests.support.sql_models import database_at

#: What may come in.
COMMANDS: dict[str, type[Command]] = {
    command.__name__: command
    for command in (CancelOrder, PayOrder, PlaceOrder, ReceiveStock, RegisterCustomer, RenameCustomer)
}
#: With so many events that the process has not seen yet, the shop takes no more commands; it looks after so many.
LAG_MAX, LOOK_COMMANDS = 2_000, 20
#: With nothing new in the log for so long, what is under way will not end.
PATIENCE_SECONDS = 5.0
#: Longer than any line.
LINE_BYTES_MAX = 1 << 20
#: Checkpoints come often and quickly: some are done between two kills, others are not.
OPTIONS = Options(checkpoint_seconds=0.5, checkpoint_pause_seconds=0.0)

Request = tuple[str, str, msgspec.Raw]
Answer = tuple[str, int, str | None]


@final
class LateClock:
    """The machine's clock, some time ahead: what the parent makes pass between two lives."""

    def __init__(self, seconds: float) -> None:
        """So far ahead."""
        self._ahead_ns = round(seconds * 1e9)

    def now_ns(self) -> int:
        """See `Clock.now_ns`."""
        return time.time_ns() + self._ahead_ns

    def monotonic_ns(self) -> int:
        """See `Clock.monotonic_ns`."""
        return time.perf_counter_ns()


class SqliteOrders(OrderTable, name="orders-sqlite", tables=[order_summaries]):
    """The list of orders in SQLite."""

    @classmethod
    def database(cls, services: Sequence[object]) -> AsyncEngine:
        """The one that is SQLite."""
        return database_of(services, "sqlite")


class PostgresOrders(OrderTable, name="orders-postgresql", tables=[order_summaries]):
    """The list of orders in PostgreSQL."""

    @classmethod
    def database(cls, services: Sequence[object]) -> AsyncEngine:
        """The one that is PostgreSQL."""
        return database_of(services, "postgresql")


#: The list of orders, by what its database speaks.
TABLES: dict[str, type[OrderTable]] = {"sqlite": SqliteOrders, "postgresql": PostgresOrders}


def database_of(services: Sequence[object], dialect: str) -> AsyncEngine:
    """The database that speaks a dialect."""
    return next(one for one in services if isinstance(one, AsyncEngine) and one.dialect.name == dialect)


async def main(store: str, seconds_ahead: float, urls: Sequence[str]) -> None:
    """Open, answer until told to finish, finish."""
    async with AsyncExitStack() as stack:
        databases = [await stack.enter_async_context(database_at(url)) for url in urls]
        tables = [TABLES[database.dialect.name] for database in databases]
        shop = await stack.enter_async_context(
            open_shop(store, *FULFILMENT, *tables, services=databases, options=OPTIONS, clock=LateClock(seconds_ahead))
        )
        say(b"open")
        await take_commands(shop)
        await finish(shop, tables)
    say(b"finished")


async def take_commands(shop: Engine) -> None:
    """Answer each command, until told to finish; take no more of them than the process can follow."""
    taken = 0
    async with asyncio.TaskGroup() as group:
        async for line in await standard_input():
            if line == b"finish\n":
                break
            group.create_task(answer(shop, line))
            taken += 1
            while taken % LOOK_COMMANDS == 0 and shop.statistics().processes[0].lag > LAG_MAX:
                await asyncio.sleep(0.01)


async def standard_input() -> asyncio.StreamReader:
    """The commands."""
    reader = asyncio.StreamReader(limit=LINE_BYTES_MAX)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def answer(shop: Engine, line: bytes) -> None:
    """Do what one line says."""
    command_id, name, fields = msgspec.json.decode(line, type=Request)
    command = msgspec.json.decode(fields, type=COMMANDS[name])
    try:
        receipt = await shop.send(command, command_id=command_id)
        answered: Answer = (command_id, receipt.position, None)
    except Rejected as error:
        answered = (command_id, 0, str(error))
    say(msgspec.json.encode(answered))


def say(line: bytes) -> None:
    """Tell the parent, at once: it is what a customer knows when the shop dies."""
    os.write(1, line + b"\n")


async def finish(shop: Engine, tables: Sequence[type[OrderTable]]) -> None:
    """Wait until nothing is under way, in the shop and in SQL; but not for what does not go on."""
    position, seconds = 0, time.monotonic()
    while time.monotonic() - seconds < PATIENCE_SECONDS:
        statistics = shop.statistics()
        (process,), deadlines = statistics.processes, statistics.deadlines
        assert deadlines is not None
        if not (process.active or process.lag or deadlines.pending):
            break
        if statistics.position > position:
            position, seconds = statistics.position, time.monotonic()
        await asyncio.sleep(0.02)
    for table in tables:
        await shop.subscription(table).caught_up()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    logging.getLogger("actum.alerts").setLevel(logging.ERROR)  # that SQL is behind is no fault, on a busy machine
    plant(sys.argv[3])
    actum.run(main(sys.argv[1], float(sys.argv[2]), sys.argv[4:]))
