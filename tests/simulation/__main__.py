"""`python -m tests.simulation SEED [market]`: one seed again, with all that happened in it."""

from __future__ import annotations

import sys

from tests.simulation.lives import Lives
from tests.simulation.market_world import run_market
from tests.simulation.world import run_seed

seed = int(sys.argv[1])
world: Lives = run_market(seed) if sys.argv[2:] == ["market"] else run_seed(seed)
sys.stdout.write("\n".join([*world.trace, *(f"FAULT {fault}" for fault in world.faults), world.digest]) + "\n")
sys.exit(bool(world.faults))
