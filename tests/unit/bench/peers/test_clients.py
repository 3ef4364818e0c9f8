"""Clients of something that blocks."""

from __future__ import annotations

from threading import Lock, get_ident

import pytest
from actum_bench.bank import account_of
from actum_bench.measurements.commands import WARM_UP_COMMANDS
from actum_bench.peers.clients import commands_each, served, touched


@pytest.mark.parametrize("threads", [1, 3, 100])
def test_every_client_sends_all_its_commands_in_order(threads: int) -> None:
    """Each client takes its steps one after the other, the warm-up first, whatever number of threads play them."""
    taken: dict[int, list[int]] = {client: [] for client in range(4)}
    playing: set[int] = set()
    lock = Lock()

    def send(client: int, step: int) -> None:
        with lock:
            playing.add(get_ident())
            taken[client].append(step)

    sample = served(send, lambda: None, clients=4, commands=42, threads=threads)
    assert taken == {client: list(range(WARM_UP_COMMANDS + 10)) for client in range(4)}
    assert len(playing) <= min(threads, 4)
    assert sample.values["sent"] == 4 * (WARM_UP_COMMANDS + 10)
    assert sample.values["ack p50"] <= sample.values["ack p99"]


def test_shown_is_asked_for_after_the_warm_up_and_at_the_end() -> None:
    """The read model has caught up before the clock starts, and its catching up is inside the time measured."""
    sent: list[int] = []
    shown: list[int] = []
    served(lambda _, step: sent.append(step), lambda: shown.append(len(sent)), clients=2, commands=10, threads=1)
    assert shown == [2 * WARM_UP_COMMANDS, 2 * (WARM_UP_COMMANDS + 5)]


def test_a_failure_ends_all_threads() -> None:
    """What a peer raises comes out, and no thread is left waiting."""

    def send(client: int, step: int) -> None:
        if (client, step) == (2, 1):
            raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        served(send, lambda: None, clients=4, commands=8, threads=4)


def test_every_client_has_something_to_do() -> None:
    """Fewer commands than clients are one for each."""
    assert commands_each(clients=10, commands=3) == 1


def test_touched_names_every_account_once() -> None:
    """Exactly the accounts that clients will pay into."""
    steps = range(WARM_UP_COMMANDS + 2)
    assert touched(2, 4, 100) == sorted({account_of(client, step, 100) for client in range(2) for step in steps})
    assert len(touched(50, 1_000, 10)) == 10
