"""The floor: the same work as the engine's, written by hand without any feature; the limit of CPython on this machine.

It keeps what nobody can leave out who answers after the disk: a future for each command, a mailbox for each actor, one
hash-chained frame for each group commit, fsync before any answer, one view that is right before the answer. It leaves
out the rest: routing, metadata, deduplication, bounds, errors, statistics, checkpoints, recovery.

It commits in the loop, which is the fastest and stalls the loop for each fsync; an engine may not do that.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from hashlib import sha256
from struct import Struct as Packing
from struct import pack

import lmdb
import msgspec

from actum_bench.bank import account_of, key_of

MAP_BYTES = 1 << 36
#: Stands for what a real record has beside its event.
COMMAND_ID = b"0123456789abcdef"
TIMESTAMP_NS = 1_700_000_000_000_000_000
FRAME_EVENTS = 1_000

position_key = Packing(">Q").pack
encoder = msgspec.msgpack.Encoder()


class Deposit(msgspec.Struct, frozen=True, gc=False):
    """The command."""

    account_id: str
    amount: int


class Deposited(msgspec.Struct, tag="deposited", frozen=True, gc=False):
    """The event."""

    account_id: str
    amount: int


class Opened(msgspec.Struct, tag="opened", frozen=True, gc=False):
    """A second type of event, so that decoding has to look at the tag."""

    account_id: str
    owner: str


class Kept(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A record."""

    key: str
    version: int
    timestamp_ns: int
    command_id: bytes
    event: Deposited | Opened


class Balance(msgspec.Struct, frozen=True, gc=False):
    """A row."""

    account_id: str
    balance: int
    deposits: int


class Account:
    """An actor."""

    __slots__ = ("balance", "key", "mailbox", "version", "waiting")

    def __init__(self, key: str) -> None:
        """Empty."""
        self.key = key
        self.balance = 0
        self.version = 0
        self.waiting = False
        self.mailbox: deque[tuple[Deposit, asyncio.Future[int]]] = deque()

    def decide(self, command: Deposit) -> Deposited:
        """Positive amounts only."""
        if command.amount <= 0:
            raise ValueError("amount must be positive")
        return Deposited(command.account_id, command.amount)

    def evolve(self, event: Deposited) -> None:
        """The balance grows."""
        self.balance += event.amount
        self.version += 1


def fold(rows: dict[str, Balance], event: Deposited) -> None:
    """The view."""
    row = rows.get(event.account_id)
    if row is None:
        rows[event.account_id] = Balance(event.account_id, event.amount, 1)
    else:
        rows[event.account_id] = Balance(row.account_id, row.balance + event.amount, row.deposits + 1)


class Floor:
    """Actors in a loop, one commit for all that arrived in one turn of it."""

    def __init__(self, path: str, *, durable: bool = True) -> None:
        """An empty log.

        Args:
            path: a directory.
            durable: whether each commit is synced to the disk.
        """
        self.environment = lmdb.open(path, map_size=MAP_BYTES, max_dbs=1, lib_version=0, sync=durable)
        self.log = self.environment.open_db(b"log")
        self.loop = asyncio.get_running_loop()
        self.accounts: dict[str, Account] = {}
        self.rows: dict[str, Balance] = {}
        self.ready: list[Account] = []
        self.turn_is_due = False
        self.position = 0
        self.commits = 0
        self.head = bytes(32)

    def send(self, command: Deposit) -> asyncio.Future[int]:
        """Put a command into its mailbox; the future of its position."""
        account = self.accounts.get(command.account_id)
        if account is None:
            account = self.accounts[command.account_id] = Account(command.account_id)
        reply = self.loop.create_future()
        account.mailbox.append((command, reply))
        if not account.waiting:
            account.waiting = True
            self.ready.append(account)
            if not self.turn_is_due:
                self.turn_is_due = True
                self.loop.call_soon(self.turn)
        return reply

    def turn(self) -> None:
        """Decide all that arrived, commit it, show it, answer."""
        self.turn_is_due = False
        ready, self.ready = self.ready, []
        now, first, position = time.time_ns(), self.position + 1, self.position
        records, offsets = bytearray(), list[int]()
        events, replies = list[Deposited](), list[tuple[asyncio.Future[int], int]]()
        encode_into = encoder.encode_into
        for account in ready:
            account.waiting = False
            mailbox = account.mailbox
            while mailbox:
                command, reply = mailbox.popleft()
                event = account.decide(command)
                account.evolve(event)
                position += 1
                offsets.append(len(records))
                encode_into((account.key, account.version, now, COMMAND_ID, event), records, -1)
                events.append(event)
                replies.append((reply, position))
        self.position = position
        self.commit(first, pack(f">I{len(offsets)}I", len(offsets), *offsets) + records)
        rows = self.rows
        for event in events:
            fold(rows, event)
        for reply, at in replies:
            if not reply.done():
                reply.set_result(at)

    def commit(self, first: int, body: bytes) -> None:
        """One frame, chained to the one before by its hash; one put; one fsync."""
        self.head = sha256(self.head + body).digest()
        with self.environment.begin(write=True) as transaction:
            if not transaction.put(position_key(first), self.head + body, db=self.log, append=True):
                raise RuntimeError(f"position {first} is not behind the end of the log")
        self.commits += 1

    def stored(self) -> int:
        """How many frames the log has."""
        with self.environment.begin() as transaction:
            frames: int = transaction.stat(self.log)["entries"]
        return frames

    def close(self) -> None:
        """Release the file."""
        self.environment.close()


def client_command(client: int, step: int, accounts: int) -> Deposit:
    """What a client sends."""
    return Deposit(account_of(client, step, accounts), 5)


def frames(events: int, accounts: int, size: int = FRAME_EVENTS) -> list[bytes]:
    """Encoded frames of `size` records each, to be appended or rebuilt from."""
    encoded: list[bytes] = []
    for start in range(0, events, size):
        numbers = range(start, min(start + size, events))
        records = [
            Kept(key, number // accounts + 1, TIMESTAMP_NS, COMMAND_ID, Deposited(key, 5))
            for number in numbers
            for key in (key_of(number % accounts),)
        ]
        encoded.append(encoder.encode(records))
    return encoded


def rebuild(encoded: list[bytes]) -> dict[str, Balance]:
    """Decode frames and fold what is in them into rows."""
    decode = msgspec.msgpack.Decoder(list[Kept]).decode
    rows: dict[str, Balance] = {}
    handlers = {Deposited: fold, Opened: fold}
    for frame in encoded:
        for record in decode(frame):
            handlers[type(record.event)](rows, record.event)  # type: ignore[arg-type]  # one fold for both
    return rows
