"""What a run is asked for."""

from __future__ import annotations

import msgspec
from actum_bench.load.settings import Settings


def test_a_child_gets_the_same() -> None:
    """Settings go through named values of JSON and come back."""
    settings = Settings(workload="b", keys=7, clients=3, directory="somewhere")
    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(settings.parameters)), Settings) == settings


def test_titles_say_how_it_is_sent() -> None:
    """A closed loop is called one, in capitals; an open one has its rate."""
    assert "CLOSED LOOP, 3 clients" in Settings(workload="a", clients=3).title
    assert "open loop at 2,500/s" in Settings(workload="a", rate=2_500).title
    assert "zipf(0.99) over 10,000 keys" in Settings(workload="a").title
    assert "over" not in Settings(workload="g").title


def test_one_hot_key_has_one_key() -> None:
    """Workload g fills one key, whatever the number of keys is."""
    assert Settings(workload="g").keys_used == 1
    assert Settings(workload="a", keys=5).keys_used == 5


def test_the_resident_limit_is_a_tenth() -> None:
    """Workload i keeps one in ten awake; the others leave the engine its own limit."""
    assert Settings(workload="i").mix.actors_max(200) == 20
    assert Settings(workload="a").mix.actors_max(200) is None


def test_an_overloaded_open_loop_takes_longer() -> None:
    """It goes on for twice the time and a second, in each phase that there is; clients that wait end in time."""
    assert Settings(workload="a", seconds=10, warm_up_seconds=2).seconds_most == 26
    assert Settings(workload="a", seconds=10, warm_up_seconds=0).seconds_most == 21
    assert Settings(workload="a", seconds=10, warm_up_seconds=2, clients=3).seconds_most == 12
