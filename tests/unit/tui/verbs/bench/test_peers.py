"""`actum bench peers`."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from actum_bench.peers.peer import PEERS
from actum_bench.results import Figure, Results, Run, Skipped
from actum_tui.command import command
from actum_tui.output import Listing
from actum_tui.verbs.bench.peers import NAMES, rates_listing, shown
from click.testing import CliRunner, Result

from tests.support.peers import hide_package
from tests.support.same_process import measure_here


def bench_peers(*arguments: str) -> Result:
    """Run it in this process."""
    return CliRunner().invoke(command, ["bench", "peers", *arguments], prog_name="actum")


def run(subject: str, rates: list[float]) -> Run:
    """A run of a peer."""
    return Run(
        suite="peers",
        workload="commands, 256 clients, 10,000 accounts",
        subject=subject,
        durability="full",
        figures=[
            Figure("commands/s", "1/s", "higher", rates),
            Figure("ack p50", "s", "lower", [0.001 for _ in rates]),
            Figure("ack p99", "s", "lower", [0.002 for _ in rates]),
        ],
        note=f"about {subject}",
    )


def test_a_comparison_is_answered_and_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The envelope holds what the file holds: runs with their checks, where, and who could not be measured."""
    hide_package("umadb", monkeypatch)
    measure_here(monkeypatch)
    file = tmp_path / "new" / "peers.json"
    result = bench_peers(
        "--clients", "4", "--only", "umadb", "--repeats", "1", "--directory", str(tmp_path), "--save", str(file),
        "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    content = json.loads(result.stdout)
    assert content["verb"] == "bench peers"
    assert "1 of at least 5 repeats: these medians are not to be quoted" in content["warnings"]
    saved = Results.load(file)
    assert msgspec.convert(content["data"], Results) == saved
    (ours,) = saved.runs
    assert ours.title == "commands, 4 clients, 10,000 accounts · actum · durability full"
    assert ours.checks
    assert not ours.void
    assert saved.environment.packages["lmdb"]
    assert saved.skipped == [Skipped("peers", "UmaDB", "umadb is not installed: pip install 'actum[peers]'")]
    assert saved.goals == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--clients", "0"), "--clients"),
        (("--repeats", "-1"), "--repeats"),
        (("--only", "nobody"), "nobody"),
        (("--directory", "/no/where"), "'/no/where' does not exist"),
        (("--save", "/dev/null/peers.json"), "/dev/null/peers.json can't be written"),
        (("--save", "."), ". is a directory"),
    ],
    ids=["clients", "repeats", "only", "directory", "save", "save-directory"],
)
def test_bad_input_gets_a_sentence(arguments: tuple[str, ...], said: str) -> None:
    """Nothing is measured, and the exit code is 2."""
    result = bench_peers(*arguments)
    assert result.exit_code == 2, result.output
    assert said in result.stderr
    assert "Traceback" not in result.output
    assert result.stdout == ""


def test_every_peer_can_be_chosen() -> None:
    """The help names all of them."""
    words = " ".join(bench_peers("--help").stdout.split())
    assert ", ".join(NAMES) in words
    assert len(NAMES) == len(PEERS) - 1


def test_rates_stand_beside_how_much_faster_actum_is() -> None:
    """The ratio is the median of those of each turn."""
    listing = rates_listing([run("actum", [100, 200, 300]), run("UmaDB", [10, 40, 20])])
    assert [row[2] for row in listing.rows] == ["200", "20"]
    assert [row[5] for row in listing.rows] == ["", "10.0 times"]
    assert "UNSTABLE" in listing.rows[0][6]


def test_without_actum_rates_stand_alone() -> None:
    """No ratio is made up."""
    assert [row[5] for row in rates_listing([run("UmaDB", [10])]).rows] == [""]


def test_notes_stand_below() -> None:
    """The table, then a note for each peer; without a peer there is nothing."""
    workload, rates, _, *notes = shown([run("actum", [100]), run("UmaDB", [10])])
    assert workload == "commands, 256 clients, 10,000 accounts"
    assert isinstance(rates, Listing)
    assert [row[0] for row in rates.rows] == ["actum", "UmaDB"]
    assert notes == ["actum: about actum", "UmaDB: about UmaDB"]
    assert shown([]) == []
