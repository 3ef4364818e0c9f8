"""`bench floor`: the floor alone, which is what this machine, its disk and CPython allow at most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from actum_bench.experiments import Experiment
from actum_bench.measurements import appends, commands, rebuild
from actum_bench.process import measure_of
from actum_bench.quick import ACCOUNTS_EACH_MAX
from actum_bench.recover import CLIENT_COST
from actum_bench.results import Parameter

#: What can be measured alone.
PARTS: Final = ("commands", "appends", "rebuild")
CLIENTS: Final = (1, 64, 1_000)
BATCHES: Final = (1, 10, 100, 1_000)
REBUILD_ACCOUNTS: Final = 20_000
COMMANDS_MAX: Final = 50_000


def experiments(
    directory: str,
    *,
    parts: Sequence[str] = PARTS,
    clients: Sequence[int] = CLIENTS,
    accounts: int = 10_000,
    commits: int = 500,
    events: int = 200_000,
    durability: str = "full",
    repeats: int = 5,
) -> Iterator[Experiment]:
    """What is measured.

    Args:
        directory: on the disk to be measured.
        parts: which of `PARTS`.
        clients: how many, once for each number.
        accounts: that they pay into, but no more than `ACCOUNTS_EACH_MAX` for each client: all are opened first.
        commits: of each batch size, and commands of each client as long as all of them send no more than
            `COMMANDS_MAX`.
        events: that are folded in a rebuild.
        durability: "full" or "relaxed", of commands and appends.
        repeats: how often each.
    """
    disk: dict[str, Parameter] = {"directory": directory, "durability": durability}
    if "commands" in parts:
        subjects = {
            f"{number:,} client{'s' * (number > 1)}": measure_of(
                commands.bare,
                clients=number,
                commands=commands_of(number, commits),
                accounts=min(accounts, ACCOUNTS_EACH_MAX * number),
                **disk,
            )
            for number in clients
        }
        yield Experiment("floor", "commands by hand", durability, subjects, [], repeats, CLIENT_COST)
    if "appends" in parts:
        subjects = {
            f"{batch:,} event{'s' * (batch > 1)} a commit": measure_of(
                appends.bare, batch=batch, commits=commits, **disk
            )
            for batch in BATCHES
        }
        yield Experiment("floor", "appends by hand", durability, subjects, [], repeats)
    if "rebuild" in parts:
        subjects = {f"{events:,} events": measure_of(rebuild.bare, events=events, accounts=REBUILD_ACCOUNTS)}
        yield Experiment("floor", "rebuild of a view by hand", "memory", subjects, [], repeats)


def commands_of(clients: int, each: int) -> int:
    """How many commands all clients send together; one each at least."""
    return max(clients, min(clients * each, COMMANDS_MAX))
