"""The suites of `bench goals` and `bench all` at sizes that take no time."""

from __future__ import annotations

from actum_bench import goals, overview
from actum_bench.load.settings import Settings

RECOVER = {"parts": ("length",), "events": 10}
SCALE = {"parts": ("events",), "least": 10, "most": 100, "clients": 2, "commands": 10}
GOALS = goals.Sizes(
    part=0.001,
    query_rows=1_000,
    rebuild_events=100,
    recover=RECOVER,
    scale=(SCALE,),
    clients=2,
    commands=4,
    receipts=20,
)
OVERVIEW = overview.Sizes(
    quick={"rows": 1_000, "events": 100, "part": 0.001},
    micro="test_get",
    clients=2,
    commands=4,
    load=(
        Settings(workload="a", rate=500, keys=20, seconds=0.05, warm_up_seconds=0),
        Settings(workload="g", clients=2, seconds=0.05, warm_up_seconds=0),
    ),
    recover=RECOVER,
    scale=SCALE,
)
