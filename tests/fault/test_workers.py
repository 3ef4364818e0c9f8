"""Processes made of a process that has an engine: gunicorn with --preload, multiprocessing. None can do harm."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import socket
import subprocess
import sys
import textwrap
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import actum
import pytest
from actum import ActumError, Engine

from tests.support.bank import AllBalances, Deposit, open_bank
from tests.support.processes import ENVIRONMENT, SECONDS_MAX, run_python
from tests.support.scenes import scene

#: A service as people write it: with --preload the module runs in the master, and the workers are its forks.
SERVICE = """
    import asyncio, os
    from actum import ActumError
    from tests.support.bank import AllBalances, Deposit, open_bank

    async def opened(name):
        return await open_bank(os.environ["STORES"] + "/" + name)

    loop = asyncio.new_event_loop()
    engines = {"shared": loop.run_until_complete(opened("shared"))}

    def ask(name):
        if name not in engines:  # an engine of this worker's own
            engines[name] = loop.run_until_complete(opened(name))
        loop.run_until_complete(engines[name].send(Deposit(account_id="a-1", amount=1)))
        return loop.run_until_complete(engines[name].ask(AllBalances()))["a-1"]

    def app(environ, start_response):
        try:
            answer = str(ask(environ["PATH_INFO"].strip("/")))
        except ActumError as error:
            answer = f"{type(error).__name__}: {error}"
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [f"{os.getpid()} {answer}".encode()]
"""


class UnixConnection(HTTPConnection):
    """HTTP through a socket in a directory."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=SECONDS_MAX)
        self._path = path

    def connect(self) -> None:
        """To the socket instead of a port."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(SECONDS_MAX)
        self.sock.connect(str(self._path))


def asked(path: Path, name: str) -> tuple[int, str]:
    """The pid of the worker that answered, and what it said."""
    connection = UnixConnection(path)
    connection.request("GET", f"/{name}")
    pid, _, answer = connection.getresponse().read().decode().partition(" ")
    connection.close()
    return int(pid), answer


def test_gunicorn_preload(tmp_path: Path) -> None:
    """Workers can't use what the master opened, and are told so; one that opens its own store works; none disturbs."""
    (tmp_path / "service.py").write_text(textwrap.dedent(SERVICE))
    path = tmp_path / "socket"
    options = f"--preload --workers 2 --bind unix:{path} --no-control-socket"
    command = [sys.executable, "-m", "gunicorn", "service:app", *options.split()]
    environment = {**ENVIRONMENT, "STORES": str(tmp_path)}
    environment["PYTHONPATH"] += f"{os.pathsep}{tmp_path}"
    server = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr is not None
        assert any("Listening at" in line for line in server.stderr)
        for _ in range(8):
            pid, answer = asked(path, "shared")
            assert pid != server.pid
            assert answer.startswith(f"StoreForked: process {pid} is a fork of process {server.pid}")
        workers = dict(asked(path, "own") for _ in range(40))
        assert sorted(answer.partition(":")[0].isdigit() for answer in workers.values()) in ([False, True], [True])
        owner = next(pid for pid, answer in workers.items() if answer.isdigit())
        for pid, answer in workers.items():
            assert pid == owner or answer.startswith(
                f"StoreInUse: {tmp_path / 'own'} is open for writing in process {owner}"
            )
    finally:
        server.send_signal(signal.SIGTERM)
        errors = server.communicate(timeout=SECONDS_MAX)[1]
    assert "Traceback" not in errors
    for name in ("shared", "own"):
        with actum.open_store(tmp_path / name) as store:
            assert store.verify().ok


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(method: str, tmp_path: Path) -> None:
    """A forked child is refused; with the other methods the engine can't get there at all. The parent goes on."""
    code = """
        import asyncio, multiprocessing, sys
        from actum import ActumError
        from tests.fault.test_workers import child
        from tests.support.bank import Deposit, open_bank

        async def main():
            async with open_bank(sys.argv[1]) as bank:
                await bank.send(Deposit(account_id="a-1", amount=1))
                context = multiprocessing.get_context(sys.argv[2])
                ours, theirs = context.Pipe()
                process = context.Process(target=child, args=(bank, theirs))
                try:
                    process.start()
                except TypeError as error:
                    print(error)
                else:
                    print(ours.recv())
                    process.join()
                receipt = await bank.send(Deposit(account_id="a-1", amount=1))
                print(receipt.position)

        if __name__ == "__main__":
            asyncio.run(main())
    """
    said, position = run_python(code, tmp_path / "bank", method).splitlines()
    assert position == "2"
    assert ("is a fork of process" if method == "fork" else "can't be sent to another process") in said


def child(bank: Engine, pipe: Any) -> None:
    """In a forked child: everything is refused."""
    said: list[str] = []
    for call in (
        bank.send(Deposit(account_id="a-1", amount=1)),
        bank.ask(AllBalances()),
        bank.checkpoint(),
        bank.close(),
    ):
        try:
            call.send(None)
        except ActumError as error:
            said.append(str(error))
        except StopIteration:
            said.append("done")
    pipe.send("; ".join(said))


@scene
async def test_an_engine_is_not_pickled(tmp_path: Path) -> None:
    """The sentence says what to do instead."""
    async with open_bank(tmp_path / "bank") as bank:
        with pytest.raises(
            TypeError, match=r"open it in the one that writes; others read the store with actum\.open_store"
        ):
            pickle.dumps(bank)


def test_a_pool_of_readers(tmp_path: Path) -> None:
    """What processes may do: each opens the store for reading, beside the engine."""

    async def main() -> None:
        async with open_bank(tmp_path / "bank") as bank:
            await bank.send(Deposit(account_id="a-1", amount=1))
            with multiprocessing.get_context("spawn").Pool(2) as pool:
                assert pool.map(position_of, [str(tmp_path / "bank")] * 4) == [1, 1, 1, 1]

    actum.run(main())


def position_of(path: str) -> int:
    """In another process."""
    with actum.open_store(path) as store:
        return store.head.position
