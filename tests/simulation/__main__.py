"""`python -m tests.simulation SEED`: one seed again, with all that happened in it."""

from __future__ import annotations

import sys

from tests.simulation.world import run_seed

world = run_seed(int(sys.argv[1]))
sys.stdout.write("\n".join([*world.trace, *(f"FAULT {fault}" for fault in world.faults), world.digest]) + "\n")
sys.exit(bool(world.faults))
