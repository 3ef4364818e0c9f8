"""LMDB by hand: one put for each event, one transaction and one fsync for each group of commands.

No stream index, no hash, no recovery: the least that can be called an event log on LMDB. actum puts one frame for each
group instead.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from struct import Struct as Packing

import actum
import lmdb
import msgspec

from actum_bench.bank import account_of
from actum_bench.floor import COMMAND_ID, MAP_BYTES
from actum_bench.measurements.commands import closed_loop
from actum_bench.peers.grouping import Grouping, Kept
from actum_bench.peers.ledger import AMOUNT
from actum_bench.results import Sample
from actum_bench.stores import store_path

position_key = Packing(">Q").pack
encode = msgspec.msgpack.Encoder().encode


class Deposited(msgspec.Struct, tag="deposited", frozen=True, gc=False):
    """The event."""

    account_id: str
    amount: int


def measure(*, clients: int, commands: int, accounts: int, directory: str | None) -> Sample:
    """Clients as tasks of one loop."""

    async def main(path: str) -> Sample:
        with lmdb.open(path, map_size=MAP_BYTES, max_dbs=1, lib_version=0) as environment:
            log = environment.open_db(b"log")

            def keep(events: Sequence[Kept]) -> None:
                now = time.time_ns()
                with environment.begin(write=True, db=log) as transaction:
                    for event in events:
                        deposited = Deposited(event.account_id, event.amount)
                        record = encode((event.account_id, event.version, now, COMMAND_ID, deposited))
                        transaction.put(position_key(event.position), record, append=True)

            grouping = Grouping(keep)

            def send(client: int, step: int) -> asyncio.Future[int]:
                return grouping.send(account_of(client, step, accounts), AMOUNT)

            sample = await closed_loop(send, clients=clients, commands=commands)
            with environment.begin(db=log) as transaction:
                stored = transaction.stat(log)["entries"]
        return Sample(sample.values, grouping.ledger.checks(sample.values["sent"], stored))

    with store_path(directory) as path:
        return actum.run(main(path))
