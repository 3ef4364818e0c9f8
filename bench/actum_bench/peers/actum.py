"""actum itself among its peers: the same clients and accounts, with everything that it does by default."""

from __future__ import annotations

from actum_bench.measurements import commands as measured
from actum_bench.results import Sample


def measure(*, clients: int, commands: int, accounts: int, directory: str | None) -> Sample:
    """Clients as tasks of one loop, with the warm-up that all peers have."""
    return measured.engine(clients=clients, commands=commands, accounts=accounts, directory=directory, awake=False)
