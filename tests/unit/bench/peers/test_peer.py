"""Who is compared."""

from __future__ import annotations

import pytest
from actum_bench.peers.peer import ACTUM, CLIENTS, COMMANDS_MIN, PEERS, Peer


def test_names_are_unique() -> None:
    """A peer can be chosen by its name, and told by its title."""
    assert len({peer.name for peer in PEERS}) == len({peer.title for peer in PEERS}) == len(PEERS)


def test_the_goals_are_those_of_the_design() -> None:
    """Three peers have goals; actum and what is written by hand have none."""
    assert {peer.title: peer.goal for peer in PEERS if peer.goal} == {
        "eventsourcing on SQLite": 40,
        "eventsourcing in memory": 7,
        "UmaDB": 8,
    }


def test_what_is_not_durable_says_so() -> None:
    """Only the one in memory is not durable."""
    assert {peer.name for peer in PEERS if peer.durability != "full"} == {"eventsourcing_memory"}


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_every_note_says_what_clients_cost(peer: Peer) -> None:
    """Clients are a part of what is measured."""
    assert "part of the cost" in peer.note


def test_fewer_clients_have_less_to_do_where_commits_are_shared() -> None:
    """As many commands as take a second, never fewer than have a 99th percentile, at least one for each client."""
    (alone,) = [peer for peer in PEERS if peer.name == "sqlite"]
    assert ACTUM.commands_for(CLIENTS) == ACTUM.commands_for(4 * CLIENTS) == ACTUM.commands
    assert ACTUM.commands_for(CLIENTS // 2) == ACTUM.commands // 2
    assert ACTUM.commands_for(1) == COMMANDS_MIN
    assert alone.commands_for(1) == alone.commands
    assert alone.commands_for(10_000) == 10_000
