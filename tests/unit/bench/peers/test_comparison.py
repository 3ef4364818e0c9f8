"""Peers taking turns: the real ones, one that loses a command, and those that are not there."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from actum_bench.peers.comparison import RATE, Taking, Work, compare, goals_of, measure, run_of, turns
from actum_bench.peers.ledger import AMOUNT, Ledger
from actum_bench.peers.peer import ACTUM, CLIENTS, PEERS, Peer
from actum_bench.process import in_child
from actum_bench.repeats import Measure
from actum_bench.results import Sample, Skipped

from tests.support.peers import hide_package, need_package

WORK = Work(clients=4, accounts=20, directory=None, commands=50)
BY_NAME = {peer.name: peer for peer in PEERS}


def kept(rate: float, lost: int = 0) -> Sample:
    """What a peer gives that was sent ten commands."""
    ledger = Ledger()
    for number in range(10 - lost):
        ledger.deposited(f"a-{number}", AMOUNT)
    return Sample({RATE: rate}, ledger.checks(10, 10 - lost))


def taking(peer: Peer, *samples: Sample) -> Taking:
    """A peer that gives these, turn by turn."""
    given = iter(samples)
    measured: Measure = given.__next__
    return Taking(peer, measured, [])


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_every_peer_does_the_work(peer: Peer, tmp_path: Path) -> None:
    """Fifty commands of four clients are acknowledged, stored and shown, and no store is left behind."""
    need_package(peer.package)
    call = partial(in_child, measure) if peer.name == "umadb" else measure  # its import would take SIGINT over
    sample = call(where=peer.where, clients=4, commands=50, accounts=20, directory=str(tmp_path))
    assert sample.values["sent"] == 4 * (3 + 50 // 4)
    assert sample.values[RATE] > 0
    assert {"ack p50", "ack p99"} <= sample.values.keys()
    assert len(sample.checks) >= 2
    assert [check for check in sample.checks if not check.ok] == []
    assert list(tmp_path.iterdir()) == []


def test_peers_take_turns() -> None:
    """All are measured once before any is again, another one first each time, and ratios are those of one turn."""
    ours, theirs = taking(ACTUM, kept(100), kept(80)), taking(BY_NAME["umadb"], kept(10), kept(20))
    notes: list[tuple[int, int]] = []
    both = [ours, theirs]
    assert turns(both, 2, lambda: notes.append((len(ours.samples), len(theirs.samples)))) == []
    assert notes == [(1, 0), (1, 1), (1, 2), (2, 2)]
    assert goals_of(both, WORK) == []  # they are for 256 clients
    (goal,) = goals_of(both, WORK._replace(clients=CLIENTS))
    assert goal.samples == [10, 4]
    assert goal.name == "commands/s at 256 clients, times UmaDB"
    assert goal.durability == "full"
    assert (goal.suite, goal.read_off) == ("peers", ["actum", "UmaDB"])


def test_a_peer_that_loses_a_command_is_void() -> None:
    """It gives no figure, not even for the turn in which it lost nothing, and the others go on."""
    ours, theirs = taking(ACTUM, kept(100), kept(80)), taking(BY_NAME["umadb"], kept(10), kept(20, lost=1))
    both = [ours, theirs]
    (void,) = turns(both, 2, lambda: None)
    assert (void.suite, void.subject) == ("peers", "UmaDB")
    assert "UmaDB is void: acknowledged == stored does not hold (expected 10, found 9)" in void.reason
    assert both == [ours]
    assert len(ours.samples) == 2
    assert goals_of(both, WORK._replace(clients=CLIENTS)) == []


def test_without_actum_there_are_no_ratios() -> None:
    """Goals need both sides."""
    alone = [taking(BY_NAME["umadb"], kept(10))]
    assert turns(alone, 1, lambda: None) == []
    assert goals_of(alone, WORK._replace(clients=CLIENTS)) == []


def test_a_run_says_how_durable_it_is() -> None:
    """Title, parameters and note of a peer in memory."""
    need_package("eventsourcing")
    taken = taking(BY_NAME["eventsourcing_memory"], kept(10))
    turns([taken], 1, lambda: None)
    run = run_of(taken, WORK)
    assert run.title == "commands, 4 clients, 20 accounts · eventsourcing in memory · durability memory"
    assert run.parameters == {"clients": 4, "commands": 50, "accounts": 20}
    assert run.note.startswith("eventsourcing 9.")
    assert not run.void


@pytest.mark.parametrize("name", ["eventsourcing_memory", "umadb"])
def test_a_missing_package_is_reported(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is not installed is left out with the reason and what to install, which is no failure."""
    peer = BY_NAME[name]
    hide_package(peer.package, monkeypatch)
    outcome = compare([peer], WORK, 1, lambda: None)
    assert (outcome.runs, outcome.goals) == ([], [])
    assert outcome.skipped == [
        Skipped("peers", peer.title, f"{peer.package} is not installed: pip install 'actum[peers]'")
    ]


def test_a_peer_that_does_not_start_is_reported(tmp_path: Path) -> None:
    """Who fails its trial is left out with what it said, and that is a failure."""
    outcome = compare([ACTUM], WORK._replace(directory=str(tmp_path / "nowhere")), 1, lambda: None)
    assert (outcome.runs, outcome.goals) == ([], [])
    (skipped,) = outcome.skipped
    assert (skipped.subject, skipped.void) == ("actum", True)
    assert "nowhere" in skipped.reason
