"""`bench monitor`: what it costs an engine that somebody looks at it, in throughput and in processor time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from actum_bench.experiments import Experiment, Wish, value
from actum_bench.measurements import monitored
from actum_bench.process import measure_of
from actum_bench.results import Parameter

#: What is looked at: what every screen needs; the actors that stand out beside it; a page of rows beside it.
PARTS: Final = ("overview", "actors", "rows")
#: Of the throughput without anybody; what is left has to be at least so much.
SHARE_MIN: Final = 0.99
CLIENTS: Final = 1_000
ACCOUNTS: Final = 10_000
PAIRS: Final = 12
ROUND_SECONDS: Final = 2.0
NOTE = "the clients run in the engine's loop; who looks is a process of its own, and gets a frame a second"


def experiments(
    directory: str,
    *,
    parts: Sequence[str] = PARTS,
    clients: int = CLIENTS,
    accounts: int = ACCOUNTS,
    pairs: int = PAIRS,
    seconds: float = ROUND_SECONDS,
    durability: str = "full",
    repeats: int = 5,
) -> Iterator[Experiment]:
    """What is measured.

    Args:
        directory: on the disk to be measured.
        parts: which of `PARTS`.
        clients: that wait for their answers.
        accounts: that they pay into.
        pairs: of rounds in each repeat.
        seconds: of a round.
        durability: "full" or "relaxed".
        repeats: how often each.
    """
    given: dict[str, Parameter] = {
        "clients": clients, "accounts": accounts, "pairs": pairs, "seconds": seconds, "durability": durability,
        "directory": directory,
    }  # fmt: skip
    for part in parts:
        measure = measure_of(monitored.engine, **given, actors=part == "actors", rows=part == "rows")
        wish = Wish(f"throughput, {part} attached", SHARE_MIN, "higher", "ratio", value(part, "throughput"))
        workload = f"attached, {clients:,} client{'s' * (clients > 1)}"
        yield Experiment("monitor", f"{workload}, {part}", durability, {part: measure}, [wish], repeats, NOTE)
