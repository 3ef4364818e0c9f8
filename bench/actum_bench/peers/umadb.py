"""UmaDB: a server of its own as a process of ours on this machine, spoken to through its Python client.

* Each command appends one event, on the condition that nobody has appended to that account since its last known
  position: the consistency boundary of its documentation. The documentation reads the account before each command; here
  the last position is kept from the answer before, which saves a round trip for each command. Only after a conflict the
  account's position is read again.
* The read model follows a subscription in a thread of its own, as its documentation says of views.
* Its server syncs every commit and gathers the appends that arrive together into one, without any setting.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from uuid import uuid4

import msgspec
import umadb

from actum_bench.bank import account_of
from actum_bench.peers.clients import served
from actum_bench.peers.ledger import AMOUNT, Ledger
from actum_bench.results import Sample
from actum_bench.stores import store_path

#: It gathers what arrives together, so all clients have to be waiting at once.
THREADS_MAX = 1_000
#: A server that takes longer to start or to end hangs.
SECONDS_MAX = 20.0
#: How often it is looked whether the read model has caught up.
LOOK_SECONDS = 0.0005
#: How often a server that is starting is asked.
ASK_SECONDS = 0.01
DEPOSITED = "Deposited"

#: The server; it ends with standard input, so that it never outlives who started it.
SERVE = """
import os, signal, sys, threading, umadb
def follow():
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)
threading.Thread(target=follow, daemon=True).start()
umadb.run_server_from_args(sys.argv)
"""


class ServerError(Exception):
    """The server did not start."""


class Deposited(msgspec.Struct, frozen=True, gc=False):
    """The event's data."""

    account_id: str
    amount: int


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Deposited).decode


class Bank:
    """Accounts on a server."""

    def __init__(self, url: str) -> None:
        """Connect, and follow what is appended."""
        self.ledger = Ledger()
        self.client = umadb.Client(url)
        self._known: dict[str, int] = {}
        self._subscription = self.client.subscribe()
        self._following = Thread(target=self._follow, name="read model")
        self._following.start()

    def deposit(self, account_id: str, amount: int) -> int:
        """Decide and keep; the position."""
        if amount <= 0:
            raise ValueError("amount must be positive")
        boundary = umadb.Query([umadb.QueryItem([DEPOSITED], [account_id])])
        while True:
            condition = umadb.AppendCondition(boundary, self._known.get(account_id))
            deposited = umadb.Event(DEPOSITED, encode(Deposited(account_id, amount)), [account_id], uuid4())
            try:
                position = self.client.append([deposited], condition)
            except umadb.IntegrityError:
                head = self.client.read(boundary).collect_with_head()[1]
                if head is not None:
                    self._known[account_id] = head
                continue
            self._known[account_id] = position
            return position

    def shown(self) -> None:
        """Come back when the read model shows all that is stored."""
        stored, until = self.client.head() or 0, time.monotonic() + SECONDS_MAX
        while self.ledger.deposits < stored and self._following.is_alive() and time.monotonic() < until:
            time.sleep(LOOK_SECONDS)

    def close(self) -> None:
        """Stop following."""
        self._subscription.cancel()
        self._following.join(SECONDS_MAX)
        self.client.close()

    def _follow(self) -> None:
        """Be the projection."""
        try:
            while batch := self._subscription.next_batch():
                for sequenced in batch:
                    deposited = decode(sequenced.event.data)
                    self.ledger.deposited(deposited.account_id, deposited.amount)
        except (umadb.CancelledByUserError, umadb.TransportError):
            pass  # it was closed


def measure(*, clients: int, commands: int, accounts: int, directory: str | None) -> Sample:
    """A thread for each client, all on one connection."""
    with store_path(directory) as path, server(path) as url:
        bank = Bank(url)
        try:
            sample = served(
                lambda client, step: bank.deposit(account_of(client, step, accounts), AMOUNT),
                bank.shown,
                clients=clients,
                commands=commands,
                threads=THREADS_MAX,
            )
            stored = bank.client.head() or 0
        finally:
            bank.close()
        return Sample(sample.values, bank.ledger.checks(sample.values["sent"], stored))


@contextmanager
def server(path: str) -> Generator[str]:
    """A server on a free port of this machine; where it is.

    Args:
        path: a directory for its database, and for what it says.

    Raises:
        ServerError: it did not start.
    """
    address, said = f"127.0.0.1:{free_port()}", Path(path) / "server.txt"
    with said.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, "--listen", address, "--db-path", Path(path) / "bank.db"],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
        )
    try:
        await_start(process, f"http://{address}", said)
        yield f"http://{address}"
    finally:
        process.terminate()
        try:
            process.communicate(timeout=SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def await_start(process: subprocess.Popen[bytes], url: str, said: Path) -> None:
    """Ask it until it answers."""
    until = time.monotonic() + SECONDS_MAX
    while process.poll() is None and time.monotonic() < until:
        try:
            umadb.Client(url).head()
        except umadb.TransportError:
            time.sleep(ASK_SECONDS)
        else:
            return
    lines = said.read_text(errors="replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
    raise ServerError(f"UmaDB's server did not start: {last}")


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
