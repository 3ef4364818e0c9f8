"""The `actum` command: every verb, for people and for programs, on stores that are whole, used, and broken."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import actum
import pytest
from actum_storage import StoreDirectory
from actum_tui.command import command
from click.testing import CliRunner, Result

from tests.support.bank import Deposit, DepositEach, Note, Withdraw, open_bank
from tests.support.commands import answered, exit_code_of, refused
from tests.support.processes import ENVIRONMENT, SECONDS_MAX, Conversation

APP = "tests.support.bank_app:BANK"


async def fill(path: Path) -> None:
    """Five commands, seven events, two accounts."""
    async with open_bank(path) as bank:
        await bank.send(Deposit(account_id="a-1", amount=1000), user_id="eve")
        await bank.send(DepositEach(account_id="b-2", amounts=[1, 2, 3]))
        await bank.send(Withdraw(account_id="a-1", amount=400))
        await bank.send(Note(account_id="a-1", text="\x1b[31mred\x1b[0m [bold]not bold[/bold] \u202eesrever"))
        await bank.send(Deposit(account_id="b-2", amount=5))


@pytest.fixture
def store(tmp_path: Path) -> str:
    """A closed store."""
    actum.run(fill(tmp_path / "bank"))
    return str(tmp_path / "bank")


def actum_command(*arguments: object) -> Result:
    """Run it in this process."""
    return CliRunner().invoke(command, [str(argument) for argument in arguments], prog_name="actum")


def test_status(store: str) -> None:
    """Head, id, types; the head can be given to verify."""
    data = answered("status", "-s", store)
    assert data["position"] == 7
    assert data["event_types"] == ["Deposited", "Noted", "Withdrawn"]
    assert answered("verify", "-s", store, "--head", data["head"])["ok"]
    assert data["head"] in actum_command("status", "-s", store).output


def test_status_of_an_empty_store(tmp_path: Path) -> None:
    """There is nothing to show, and nothing wrong."""
    StoreDirectory.open(tmp_path / "empty", write=True).close()
    assert answered("status", "-s", tmp_path / "empty")["last_event"] is None
    assert answered("verify", "-s", tmp_path / "empty")["records"] == 0
    assert answered("events", "ls", "-s", tmp_path / "empty") == {"records": [], "next": None}
    assert answered("events", "tail", "-s", tmp_path / "empty") == {"records": []}
    assert actum_command("streams", "ls", "-s", tmp_path / "empty").output == "no aggregates\n"


def test_verify(store: str) -> None:
    """All findings are shown; damage exits with 1; with --app the views are compared too."""
    assert {finding["level"] for finding in answered("verify", "-s", store)["findings"]} == {"ok"}
    names = [finding["name"] for finding in answered("verify", "-s", store, "-a", APP)["findings"]]
    assert names[-3:] == ["view Balances", "view Activities", "states of Account"]
    wrong = answered("verify", "-s", store, "--head", "7:" + "0" * 64, code=1)
    assert not wrong["ok"]
    result = actum_command("verify", "-s", store, "--head", "9:" + "0" * 64)
    assert result.exit_code == 1
    assert "its tail was cut off" in result.output
    assert "no head" in refused("verify", "-s", store, "--head", "yesterday")


def test_events(store: str) -> None:
    """They are chosen by position, type, aggregate, key and time."""

    def positions(*options: object) -> list[int]:
        return [each["position"] for each in answered("events", "ls", "-s", store, *options)["records"]]

    assert positions() == [1, 2, 3, 4, 5, 6, 7]
    assert positions("--from", 3, "--to", 5) == [3, 4, 5]
    assert positions("--type", "Deposited", "--key", "a-1") == [1]
    assert positions("--aggregate", "Nothing") == []
    assert positions("--from", 8) == []
    assert positions("--since", "2000-01-01T00:00:00Z") == [1, 2, 3, 4, 5, 6, 7]
    assert positions("--until", "2000-01-01T00:00:00+02:00") == []
    assert answered("events", "ls", "-s", store, "--limit", 2)["next"] == 3
    assert "more: --from 3" in actum_command("events", "ls", "-s", store, "--limit", 2).output
    assert "no zone" in actum_command("events", "ls", "-s", store, "--since", "2000-01-01").stderr
    assert [each["position"] for each in answered("events", "tail", "-s", store, "-n", 2)["records"]] == [6, 7]
    assert [
        each["position"] for each in answered("events", "tail", "-s", store, "-n", 1, "--key", "a-1")["records"]
    ] == [6]


def test_event(store: str) -> None:
    """One event with everything about it."""
    shown = answered("events", "show", 1, "-s", store)
    assert shown["event"] == {"@type": "Deposited", "account_id": "a-1", "amount": 1000}
    assert (shown["user_id"], shown["version"]) == ("eve", 1)
    assert "1 to 7" in refused("events", "show", 8, "-s", store)


def test_data_is_shown_as_data(store: str) -> None:
    """No control, no bidirectional override, no markup of an event reaches the terminal."""
    for arguments in (("events", "ls"), ("events", "show", 6), ("history", "Account", "a-1"), ("events", "tail")):
        shown = actum_command(*arguments, "-s", store).output
        assert "[bold]not bold[/bold]" in shown
        assert not {"\x1b", "\u202e"} & set(shown)
        assert "\\u001b[31mred" in shown


def test_streams_and_history(store: str) -> None:
    """Aggregates, those that changed last first; the events of one."""
    streams = answered("streams", "ls", "-s", store)
    assert [(each["key"], each["version"]) for each in streams["streams"]] == [("b-2", 4), ("a-1", 3)]
    assert answered("streams", "ls", "-s", store, "--key", "a")["count"] == 1
    assert "1 more" in actum_command("streams", "ls", "-s", store, "--limit", 1).output
    history = answered("history", "Account", "a-1", "-s", store)
    assert [each["version"] for each in history["records"]] == [1, 2, 3]
    assert "has no events" in refused("history", "Account", "nobody", "-s", store)


def test_state(store: str) -> None:
    """Now, at a version, at a time."""
    assert answered("state", "Account", "a-1", "-s", store, "-a", APP)["state"]["balance"] == 600
    assert answered("state", "Account", "a-1", "--at", 1, "-s", store, "-a", APP)["state"]["balance"] == 1000
    early = answered("state", "Account", "a-1", "--at", "2000-01-01T00:00:00Z", "-s", store, "-a", APP)
    assert early["state"]["balance"] == 0
    assert "has no version 9" in refused("state", "Account", "a-1", "--at", 9, "-s", store, "-a", APP)
    assert "has no events" in refused("state", "Account", "nobody", "-s", store, "-a", APP)
    assert "no aggregate Thing" in refused("state", "Thing", "a-1", "-s", store, "-a", APP)
    assert "needs your classes" in refused("state", "Account", "a-1", "-s", store)


@pytest.mark.parametrize(
    ("app", "message"),
    [
        ("nonsense", "MODULE:ATTRIBUTE"),
        ("no_such_module:x", "No module named"),
        ("tests.support.bank_app:NO", "no attribute"),
        ("tests.support.bank_app:NOTHING", "neither a list of classes"),
    ],
)
def test_an_app_that_is_none(app: str, message: str, store: str) -> None:
    """It is refused with the reason."""
    assert message in refused("views", "ls", "-s", store, "-a", app)


def test_views(store: str) -> None:
    """Rows and positions; the rows of one; compared; made again."""
    assert [(each["name"], each["rows"]) for each in answered("views", "ls", "-s", store, "-a", APP)["views"]] == [
        ("Balances", 2),
        ("Activities", 2),
    ]
    rows = answered("views", "show", "Balances", "-s", store, "-a", APP)["rows"]
    assert rows == [
        {"account_id": "a-1", "branch": "a", "balance": 600},
        {"account_id": "b-2", "branch": "b", "balance": 11},
    ]
    assert answered("views", "show", "Balances", "--key", "b-2", "-s", store, "-a", APP)["count"] == 1
    assert "1 more" in actum_command("views", "show", "Balances", "--limit", 1, "-s", store, "-a", APP).output
    assert answered("views", "verify", "-s", store, "-a", APP)["ok"]
    assert answered("views", "rebuild", "Balances", "-s", store, "-a", APP) == {
        "view": "Balances",
        "rows": 2,
        "position": 7,
    }
    assert "no view Thing" in refused("views", "show", "Thing", "-s", store, "-a", APP)
    assert "needs a service" in refused(
        "views", "rebuild", "Balances", "-s", store, "-a", "tests.support.bank_app:CLASSES"
    )


def test_copies(store: str, tmp_path: Path) -> None:
    """Backup, restore, restore to a position, compact, with its checkpoints and without: each says its head."""
    head = answered("status", "-s", store)["head"]
    assert answered("backup", tmp_path / "copy", "-s", store)["head"] == head
    assert "exists already" in refused("backup", tmp_path / "copy", "-s", store)
    assert answered("restore", tmp_path / "copy", tmp_path / "again")["head"] == head
    assert answered("restore", tmp_path / "copy", tmp_path / "cut", "--position", 3)["head"].startswith("1:")
    assert answered("compact", "-s", store)["head"] == head
    (derived,) = (Path(store) / "derived").iterdir()
    derived.write_bytes(derived.read_bytes() + bytes(5000))
    data = answered("compact", "-s", store, "-a", APP)
    assert data["checkpoint_bytes"] < data["checkpoint_bytes_before"] - 4000
    assert "checkpoints" in actum_command("compact", "-s", store, "-a", APP).output
    assert answered("views", "verify", "-s", store, "-a", APP)["ok"]
    assert "verified" in actum_command("backup", tmp_path / "third", "-s", store).output
    assert answered("verify", "-s", tmp_path / "copy", "--head", head)["ok"]


def test_export(store: str, tmp_path: Path) -> None:
    """JSON lines and Parquet hold every event; an existing file is not overwritten."""
    lines = tmp_path / "events.jsonl"
    assert answered("export", lines, "-s", store)["records"] == 7
    records = [json.loads(line) for line in lines.read_text().splitlines()]
    assert [each["position"] for each in records] == [1, 2, 3, 4, 5, 6, 7]
    assert records[0]["event"]["amount"] == 1000
    assert "exists already" in refused("export", lines, "-s", store)
    assert len(actum_command("export", "-", "-s", store, "--type", "Noted").stdout.splitlines()) == 1
    assert "standard output" in refused("export", "-", "--format", "parquet", "-s", store)
    table = tmp_path / "events.parquet"
    assert answered("export", table, "--format", "parquet", "-s", store)["records"] == 7
    read: Any = pytest.importorskip("pyarrow.parquet").read_table
    columns = read(table).to_pydict()
    assert columns["position"] == [1, 2, 3, 4, 5, 6, 7]
    assert json.loads(columns["event"][0]) == {"account_id": "a-1", "amount": 1000}
    assert [entry.name for entry in tmp_path.iterdir() if "unfinished" in entry.name] == []


def test_schema(tmp_path: Path) -> None:
    """The lock file of the classes of today passes; one of other classes names what breaks."""
    lock = tmp_path / "lock.json"
    assert answered("schema", "dump", "--lock", lock, "-a", APP)["events"] == 3
    assert answered("schema", "check", "--lock", lock, "-a", APP) == {"ok": True, "changes": []}
    content = json.loads(lock.read_text())
    content["events"]["Gone"] = content["events"]["Noted"]
    older = tmp_path / "older.json"
    older.write_text(json.dumps(content))
    assert "Gone" in actum_command("schema", "check", "--lock", older, "-a", APP).output
    assert answered("schema", "diff", older, lock, code=1)["changes"][0]["breaking"]
    assert answered("schema", "diff", lock, older)["ok"]
    content["upcasters"] = {"Gone": ["Noted"]}
    lock.write_text(json.dumps({**content, "upcasters": {"Gone": []}}))
    older.write_text(json.dumps(content))
    assert "CAREFUL" in actum_command("schema", "diff", older, lock).output
    newer, odd = '{"actum": 2, "events": {}}', '{"actum": 1, "events": {"X": {"schema": 7}}}'
    nested = '{"a":' * 50_000
    for text in ("", "[]", "{}", newer, odd, nested, "\ud800".encode("utf-8", "surrogatepass")):
        older.write_bytes(text if isinstance(text, bytes) else text.encode())
        assert str(older) in refused("schema", "diff", older, lock)


def test_doctor(store: str, tmp_path: Path) -> None:
    """What the store stands on; loose permissions are a warning; a directory that is none is an error."""
    findings = {each["name"]: each for each in answered("doctor", "-s", store)["findings"]}
    assert {
        "manifest",
        "writer",
        "files",
        "file system",
        "room",
        "fsync",
        "permissions",
        "clock",
        "versions",
    } <= findings.keys()
    Path(store).chmod(0o755)
    data = answered("doctor", "-s", store)
    assert [each["name"] for each in data["findings"] if each["level"] == "warning"] == ["permissions"]
    assert not answered("doctor", "-s", tmp_path / "nothing", code=1)["ok"]


def test_settings(store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store and the classes come from the environment or from pyproject.toml; the command line wins."""
    assert "which store?" in refused("status")
    (tmp_path / "pyproject.toml").write_text(f'[tool.actum]\nstore = "{store}"\napp = "{APP}"\n')
    assert answered("status")["position"] == 7
    assert len(answered("views", "ls")["views"]) == 2
    monkeypatch.setenv("ACTUM_STORE", "elsewhere")
    assert "elsewhere" in refused("status")
    assert answered("status", "-s", store)["position"] == 7
    (tmp_path / "pyproject.toml").write_text("not toml")
    assert "needs your classes" in refused("views", "ls", "-s", store)


def empty(path: Path) -> None:
    """An empty directory."""
    path.mkdir()


def foreign(path: Path) -> None:
    """Something else's directory."""
    path.mkdir()
    (path / "letter.txt").write_text("Dear reader")


def a_file(path: Path) -> None:
    """No directory at all."""
    path.write_text("x")


def broken(change: Callable[[Path], None]) -> Callable[[Path], None]:
    """A store to which something has happened."""

    def make(path: Path) -> None:
        actum.run(fill(path))
        change(path)

    make.__name__ = change.__name__
    return make


@broken
def truncated(path: Path) -> None:
    """Half of the log's file."""
    data = path / "log" / "data.mdb"
    os.truncate(data, data.stat().st_size // 2)


@broken
def emptied(path: Path) -> None:
    """Nothing of it."""
    os.truncate(path / "log" / "data.mdb", 0)


@broken
def without_log(path: Path) -> None:
    """No log."""
    shutil.rmtree(path / "log")


@broken
def garbled(path: Path) -> None:
    """Noise over the log's pages."""
    data = path / "log" / "data.mdb"
    content = bytearray(data.read_bytes())
    content[8192:] = bytes((7 * index) % 256 for index in range(len(content) - 8192))
    data.write_bytes(content)


@broken
def without_manifest(path: Path) -> None:
    """No MANIFEST."""
    (path / "MANIFEST").unlink()


@broken
def newer(path: Path) -> None:
    """A format that is not known yet."""
    (path / "MANIFEST").write_text("actum store, format 9\n{}\nsha256 " + "0" * 64 + "\n")


#: These find nothing to mend in a store without subscriptions, processes and deadlines.
MENDING: list[tuple[object, ...]] = [
    ("subscriptions", "reset", "x"), ("dead-letters", "show", "x", 1), ("dead-letters", "retry", "x", 1),
    ("dead-letters", "drop", "x", 1), ("processes", "show", "X", "x"), ("deadlines", "show", "x"),
    ("deadlines", "cancel", "x"), ("deadlines", "retry", "x"),
]  # fmt: skip
VERBS: list[tuple[object, ...]] = [
    ("status",), ("verify",), ("events", "ls"), ("events", "show", 1), ("events", "tail"), ("streams", "ls"),
    ("state", "Account", "a-1"), ("history", "Account", "a-1"), ("views", "ls"), ("views", "show", "Balances"),
    ("views", "rebuild", "Balances"), ("views", "verify"), ("backup", "copy"), ("export", "events.jsonl"), ("compact",),
    ("subscriptions", "ls"), ("dead-letters", "ls"), ("processes", "ls"), ("deadlines", "ls"),
]  # fmt: skip


@pytest.mark.parametrize(
    "make",
    [a_file, empty, foreign, truncated, emptied, without_log, garbled, without_manifest, newer],
    ids=lambda make: make.__name__,
)
def test_what_is_no_store_gets_a_sentence(make: Callable[[Path], None], tmp_path: Path) -> None:
    """Whatever the verb, it says in one sentence what is wrong, exits with 1 or 2, and makes nothing."""
    path = tmp_path / "thing"
    make(path)
    names = sorted(str(entry) for entry in path.rglob("*"))
    for arguments in [*VERBS, *MENDING]:
        result = actum_command(*arguments, "-s", path, "-a", APP)
        assert result.exit_code in (1, 2), (arguments, result.output)
        assert str(path) in result.stderr.replace("\n", ""), (arguments, result.output)
        assert result.stdout == ""
        assert "Traceback" not in result.stderr
        assert "unexpected" not in result.stderr, (arguments, result.output)
    assert [name for name in names if not Path(name).exists()] == []
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["thing"]
    assert not answered("doctor", "-s", path, code=1)["ok"]


@pytest.mark.parametrize("arguments", MENDING, ids=lambda arguments: " ".join(map(str, arguments)))
def test_what_is_not_there_can_not_be_mended(arguments: tuple[object, ...], store: str) -> None:
    """It is refused with a sentence; nothing is written to the log, and no bookmark is made."""
    head = answered("status", "-s", store)["head"]
    assert refused(*arguments, "-s", store, "-a", APP)
    assert answered("status", "-s", store)["head"] == head
    assert not (Path(store) / "subscriptions").exists()


WRITER = """
    import asyncio, sys
    from tests.support.bank import Deposit, open_bank

    async def main():
        async with open_bank(sys.argv[1], durability="full") as bank:
            loop = asyncio.get_running_loop()
            await bank.send(Deposit(account_id="a-1", amount=1))
            print("open", flush=True)
            while line := await loop.run_in_executor(None, sys.stdin.readline):
                receipt = await bank.send(Deposit(account_id="a-1", amount=int(line)))
                print(receipt.position, flush=True)

    asyncio.run(main())
"""


def test_beside_a_running_engine_and_after_its_death(tmp_path: Path) -> None:
    """Reading verbs work, those that need the writer's place say who has it; nothing disturbs the engine."""
    path = tmp_path / "bank"
    reading = [verb for verb in VERBS if verb not in (("views", "rebuild", "Balances"), ("compact",))]
    with Conversation(WRITER, path) as writer:
        assert writer.first_line == "open"
        for arguments in reading:
            result = actum_command(*arguments, "-s", path, "-a", APP)
            assert result.exit_code == 0, (arguments, result.output)
        for arguments in (("views", "rebuild", "Balances"), ("compact",)):
            assert f"process {writer.process.pid}" in refused(*arguments, "-s", path, "-a", APP)
        assert f"process {writer.process.pid}" in actum_command("doctor", "-s", path).output
        assert writer.ask("5") == "2"
        writer.kill()
    shutil.rmtree(tmp_path / "copy")
    (tmp_path / "events.jsonl").unlink()
    for arguments in VERBS:
        result = actum_command(*arguments, "-s", path, "-a", APP)
        assert result.exit_code == 0, (arguments, result.output)
    assert answered("status", "-s", path)["position"] == 2


def run_actum(*arguments: object) -> subprocess.Popen[str]:
    """The command in a process of its own."""
    code = "import sys; from actum_tui import main; sys.argv[0] = 'actum'; main()"
    command_line = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command_line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_follow(number: signal.Signals, tmp_path: Path) -> None:
    """Events are shown as they come, as lines or as envelopes, until a signal, without a complaint."""
    with Conversation(WRITER, tmp_path / "bank") as writer:
        assert writer.first_line == "open"
        follower = run_actum("events", "tail", "-f", "-s", tmp_path / "bank", "--json")
        assert follower.stdout is not None
        assert json.loads(follower.stdout.readline())["data"]["position"] == 1
        assert writer.ask("5") == "2"
        assert json.loads(follower.stdout.readline())["data"]["event"]["amount"] == 5
        follower.send_signal(number)
        _, errors = follower.communicate(timeout=SECONDS_MAX)
        assert (follower.returncode, errors) == (128 + number, "")


def test_a_closed_pipe(store: str) -> None:
    """Whoever has seen enough may close the pipe: no complaint."""
    reader = run_actum("events", "ls", "-s", store)
    assert reader.stdout is not None
    reader.stdout.close()
    assert reader.stderr is not None
    assert reader.stderr.read() == ""
    reader.wait(SECONDS_MAX)
    reader.stderr.close()


def test_without_the_extra() -> None:
    """It says what to install."""
    code = "import sys; sys.modules['click'] = None; from actum_tui import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=ENVIRONMENT)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "the actum command needs its extra: pip install 'actum[cli]'\n"


def test_an_unexpected_error(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug is one line, and --debug shows where."""

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(actum, "open_store", fail)
    result = actum_command("status", "-s", store)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "unexpected ZeroDivisionError: oh" in result.stderr
    assert "Traceback" not in result.stderr
    assert "Traceback" in actum_command("status", "-s", store, "--debug").stderr


def test_help_names_every_verb() -> None:
    """Each verb explains itself."""
    assert actum_command("--help").exit_code == 0
    for name, verb in command.commands.items():
        result = actum_command(name, "--help")
        assert result.exit_code == 0
        assert verb.get_short_help_str()


@pytest.mark.parametrize(
    "arguments",
    [
        ("events", "show", "abc"),
        ("events", "ls", "--since", "yesterday"),
        ("events", "ls", "--limit", "0"),
        ("restore", "a", "b", "--position", "-5"),
        ("events", "nothing"),
        ("nothing",),
        ("status", "--nothing"),
        ("backup",),
    ],
    ids=" ".join,
)
def test_parameters(arguments: tuple[str, ...], one_event: str) -> None:
    """People get usage and the error, programs one envelope; the exit code is 2."""
    code, said, complained = exit_code_of(*arguments, "-s", one_event)
    assert (code, said) == (2, "")
    assert "Usage: actum" in complained
    assert "Error: " in complained
    code, said, complained = exit_code_of(*arguments, "-s", one_event, "--json")
    envelope = json.loads(said)
    assert (code, complained, envelope["data"]) == (2, "", None)
    assert envelope["error"]["message"]


def test_escapes_in_parameters(one_event: str) -> None:
    """What was typed is shown as data too."""
    for arguments in (
        ("views", "show", "\x1b[31mX", "-a", "tests.support.bank_app:BANK"),
        ("events", "show", "\x1b[2J"),
    ):
        code, _, complained = exit_code_of(*arguments, "-s", one_event)
        assert code == 2
        assert "\x1b" not in complained
        assert "\\x1b[" in complained
