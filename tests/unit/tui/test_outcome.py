"""How calls of the command end: signals, pipes that are closed or full, others at work beside it, warnings."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import actum
import pytest
from actum import Engine

from tests.support.bank import Deposit, DepositEach, open_bank
from tests.support.commands import exit_code_of
from tests.support.disks import filled
from tests.support.processes import ENVIRONMENT, SECONDS_MAX, Conversation

MAIN = "from actum_tui import main; main()"


async def deposit(bank: Engine, count: int) -> None:
    """So many events of 20 accounts, in commands of up to a thousand."""
    while count:
        part = min(count, 1000)
        await bank.send(DepositEach(account_id=f"a-{count // 1000 % 20}", amounts=[1] * part))
        count -= part


async def fill(path: Path, count: int) -> None:
    """A store with so many events."""
    async with open_bank(path) as bank:
        await deposit(bank, count)


def started(*arguments: object, **options: Any) -> subprocess.Popen[str]:
    """The command in a process of its own."""
    given: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
    return subprocess.Popen([sys.executable, "-c", MAIN, *map(str, arguments)], env=ENVIRONMENT, **given)


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Its exit code and what it said."""
    said, complained = process.communicate(timeout=SECONDS_MAX)
    return process.returncode, said, complained


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of 60,000 events, read only."""
    path = tmp_path_factory.mktemp("large") / "bank"
    actum.run(fill(path, 60_000))
    return path


@pytest.mark.parametrize("json_too", [False, True])
@pytest.mark.parametrize("verb", [("events", "ls", "--limit", 3000), ("status",), ("events", "tail", "-f", "-n", 3000)])
def test_a_closed_pipe(verb: tuple[object, ...], large: Path, json_too: bool) -> None:  # noqa: FBT001
    """Whoever has seen enough may close the pipe: no complaint, and the exit code of such an end."""
    process = started(*verb, "-s", large, *["--json"] * json_too)
    assert process.stdout is not None
    process.stdout.close()
    process.wait(SECONDS_MAX)
    assert process.stderr is not None
    assert (process.returncode, process.stderr.read()) == (141, "")
    process.stderr.close()


@pytest.mark.parametrize("json_too", [False, True])
def test_a_full_disk_behind_the_pipe(large: Path, json_too: bool) -> None:  # noqa: FBT001
    """An answer that can't be written is not a bad answer."""
    with Path("/dev/full").open("w") as full:
        process = started("events", "ls", "-s", large, *["--json"] * json_too, stdout=full)
        code, _, complained = ended(process)
    assert code == 2
    assert "can't be written: No space left on device" in complained
    assert "Traceback" not in complained


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_end_while_nobody_reads(number: signal.Signals, large: Path) -> None:
    """A follower whose pipe is full ends at the first signal all the same."""
    process = started("events", "tail", "-f", "-n", 5000, "-s", large)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("55,001 ")
    process.send_signal(number)
    assert process.wait(SECONDS_MAX) == 128 + number
    process.stdout.close()
    assert process.stderr is not None
    process.stderr.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("verb", ["backup", "export"])
def test_an_end_in_the_middle(number: signal.Signals, verb: str, large: Path, tmp_path: Path) -> None:
    """What was half done is gone."""
    process = started(verb, tmp_path / "made", "-s", large)
    while process.poll() is None and not list(tmp_path.iterdir()):
        pass
    process.send_signal(number)
    code, _, complained = ended(process)
    assert (code, complained) == (128 + number, "")
    assert list(tmp_path.iterdir()) == []


WRITER = """
    import asyncio, sys
    from tests.support.bank import Deposit, open_bank

    async def client(bank, name):
        while True:
            await bank.send(Deposit(account_id=f"a-{name}", amount=1))

    async def main():
        async with open_bank(sys.argv[1]) as bank:
            await bank.send(Deposit(account_id="a-0", amount=1))
            print("open", flush=True)
            for name in range(20):
                asyncio.create_task(client(bank, name))
            await asyncio.sleep(60)

    asyncio.run(main())
"""


def test_following_under_load(tmp_path: Path) -> None:
    """Every event once, in order, however fast they come."""
    with Conversation(WRITER, tmp_path / "bank") as writer:
        assert writer.first_line == "open"
        follower = started("events", "tail", "-f", "-n", 1, "--json", "-s", tmp_path / "bank")
        assert follower.stdout is not None
        positions = [json.loads(follower.stdout.readline())["data"]["position"] for _ in range(20_000)]
        follower.kill()
        ended(follower)
    assert positions == list(range(positions[0], positions[0] + 20_000))


def test_following_a_store_that_is_compacted(tmp_path: Path) -> None:
    """What comes after it is shown as well."""
    path = tmp_path / "bank"
    actum.run(fill(path, 3))
    follower = started("events", "tail", "-f", "-n", 1, "--json", "-s", path)
    assert follower.stdout is not None
    assert json.loads(follower.stdout.readline())["data"]["position"] == 3
    actum.compact_store(path)
    actum.run(fill(path, 1))
    assert json.loads(follower.stdout.readline())["data"]["position"] == 4
    follower.send_signal(signal.SIGTERM)
    assert ended(follower) == (143, "", "")


def test_two_exports_to_one_file(large: Path, tmp_path: Path) -> None:
    """One of them has the name, whole; the other is refused and leaves nothing; strangers' files stay."""
    (tmp_path / "events.unfinished").write_text("mine")
    exports = [started("export", tmp_path / "events", "-s", large) for _ in range(2)]
    codes = sorted((code, complained) for code, _, complained in map(ended, exports))
    assert [code for code, _ in codes] == [0, 2]
    assert "exists already" in codes[1][1]
    assert len((tmp_path / "events").read_bytes().splitlines()) == 60_000
    assert (tmp_path / "events").stat().st_mode & 0o777 == 0o600
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["events", "events.unfinished"]


def test_a_rebuild_that_is_not_saved(small_disk: Path) -> None:
    """It is not done, then: the next opening would need it again."""
    actum.run(fill(small_disk / "bank", 10))
    shutil.rmtree(small_disk / "bank" / "derived")
    filled(small_disk)
    app = "tests.support.bank_app:BANK"
    code, said, complained = ended(started("views", "rebuild", "Balances", "-a", app, "-s", small_disk / "bank"))
    assert (code, said) == (2, "")
    assert "it was made again, but not saved" in complained


def test_a_service_that_sends_once(tmp_path: Path) -> None:
    """The smallest user of all: one command in, one line out."""

    async def once() -> None:
        async with open_bank(tmp_path / "bank") as bank:
            await bank.send(Deposit(account_id="a-1", amount=1))

    actum.run(once())
    code, said, complained = ended(started("events", "ls", "-s", tmp_path / "bank", cwd=os.fspath(tmp_path)))
    assert (code, len(said.splitlines()), complained) == (0, 2, "")


def test_warnings_are_beside_every_answer(one_event: str) -> None:
    """Also where an engine found them; each of them once."""
    Path(one_event).chmod(0o755)
    for verb in (("status",), ("views", "ls"), ("state", "Account", "a-1"), ("verify",), ("compact",)):
        code, said, complained = exit_code_of(*verb, "-s", one_event, "-a", "tests.support.bank_app:BANK", "--json")
        assert (code, complained) == (0, ""), said
        (warning,) = json.loads(said)["warnings"]
        assert "is open to others (mode 0755)" in warning


@pytest.mark.parametrize("arguments", [("--help",), ("events", "ls", "--bad", "--json"), ("status", "--json")], ids=str)
def test_nobody_to_tell(arguments: tuple[str, ...], large: Path) -> None:
    """A standard output that is full, or closed, is no traceback and no bad answer."""
    with Path("/dev/full").open("w") as full:
        code, _, complained = ended(started(*arguments, "-s", large, stdout=full))
    assert (code, "Traceback" in complained) == (2, False)
    process = started("status", "-s", large, stdout=None, preexec_fn=lambda: os.close(1))
    code, _, complained = ended(process)
    assert (code, complained) == (0, "")


def test_following_from_beyond_the_head(tmp_path: Path) -> None:
    """What comes before the position that was asked for is not shown."""
    path = tmp_path / "bank"
    actum.run(fill(path, 3))
    follower = started("events", "tail", "-f", "--from", 6, "--json", "-s", path)
    actum.run(fill(path, 1))
    actum.run(fill(path, 5))
    assert follower.stdout is not None
    assert json.loads(follower.stdout.readline())["data"]["position"] == 6
    follower.send_signal(signal.SIGTERM)
    assert ended(follower)[0] == 143
