"""What a run is asked for, in one struct that a child process can be given, and the sentence that is its title."""

from __future__ import annotations

from typing import Literal

import msgspec

from actum_bench.load.keys import ZIPF_EXPONENT, Distribution
from actum_bench.load.open_loop import GRACE_NS
from actum_bench.load.schedule import Spacing
from actum_bench.load.subjects import Domain
from actum_bench.load.workloads import WORKLOADS, Workload
from actum_bench.results import Parameter

#: Sending times and operations are made before the run and kept in memory, some 20 bytes for each.
OPERATIONS_MAX = 20_000_000


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """One run.

    Attributes:
        workload: its letter.
        domain: what it is done on.
        keys: that there are before the run.
        distribution: of operations over keys.
        rate: operations per second, in the open loop.
        clients: in the closed loop; None for the open one.
        spacing: of sending times.
        seconds: that are measured.
        warm_up_seconds: before that, left out.
        seed: of all chance.
        durability: of the engine.
        directory: on which disk; the system's temporary directory if None.
    """

    workload: str
    domain: Domain = "bank"
    keys: int = 10_000
    distribution: Distribution = "zipf"
    rate: float = 1_000.0
    clients: int | None = None
    spacing: Spacing = "exponential"
    seconds: float = 10.0
    warm_up_seconds: float = 2.0
    seed: int = 1
    durability: Literal["full", "relaxed"] = "full"
    directory: str | None = None

    @property
    def mix(self) -> Workload:
        """The workload."""
        return WORKLOADS[self.workload]

    @property
    def keys_used(self) -> int:
        """How many keys there are."""
        return 1 if self.mix.one_key else self.keys

    @property
    def done(self) -> str:
        """What is done."""
        mix = self.mix
        keys = f"zipf({ZIPF_EXPONENT})" if self.distribution == "zipf" else self.distribution
        over = "" if mix.one_key else f", {keys} over {self.keys:,} keys"
        return f"{self.workload}: {mix.title}, on the {self.domain}{over}"

    @property
    def title(self) -> str:
        """What is done, and how it is sent."""
        return f"{self.done}, {self.sending}"

    @property
    def sending(self) -> str:
        """How operations are sent."""
        if self.clients is not None:
            return f"CLOSED LOOP, {self.clients:,} client{'s' * (self.clients > 1)}"
        return f"open loop at {self.rate:,.6g}/s"

    @property
    def parameters(self) -> dict[str, Parameter]:
        """The same as named values."""
        given: dict[str, Parameter] = msgspec.to_builtins(self)
        return given

    @property
    def seconds_most(self) -> float:
        """How long warm-up and measurement may take, the last answers aside: an open loop is given up late."""
        if self.clients is not None:
            return self.seconds + self.warm_up_seconds
        return sum(2 * seconds + GRACE_NS / 1e9 for seconds in (self.seconds, self.warm_up_seconds) if seconds)

    @property
    def operations(self) -> float:
        """How many sending times have to be made."""
        return 0 if self.clients is not None else self.rate * max(self.seconds, self.warm_up_seconds)
