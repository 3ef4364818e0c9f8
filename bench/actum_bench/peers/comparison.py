"""The comparison: peers take turns at the same work, and what is read off their turns.

Each turn every peer is measured once, in a process of its own, so that what changes on the machine meanwhile reaches
all of them alike; ratios are those of one turn. A peer that can't be imported, started or trusted is left out with the
reason, and the others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple, Protocol, cast

from actum_bench.environment import version_of
from actum_bench.experiments import Outcome, Progress, Suite, counted, figure_of
from actum_bench.peers.peer import ACTUM, CLIENTS, Peer
from actum_bench.process import VoidRunError, measure_of
from actum_bench.repeats import Measure, checked, ratios, rotated, series
from actum_bench.results import Goal, Parameter, Run, Sample, Skipped

SUITE = "peers"
RATE = "commands/s"
#: What a peer has to do first, outside the turns, to show that it works here.
TRIAL: dict[str, Parameter] = {"clients": 2, "commands": 4, "accounts": 10}


class Work(NamedTuple):
    """What everybody does.

    Attributes:
        clients: how many wait for answers at the same time.
        accounts: that they pay into.
        directory: on which disk; the system's temporary directory if None.
        commands: how many, in place of each peer's own number.
    """

    clients: int
    accounts: int
    directory: str | None
    commands: int | None = None

    def parameters(self, peer: Peer) -> dict[str, Parameter]:
        """What a peer's measurement is called with, beside the directory."""
        return {
            "clients": self.clients,
            "commands": self.commands or peer.commands_for(self.clients),
            "accounts": self.accounts,
        }


class Taking(NamedTuple):
    """A peer that takes part.

    Attributes:
        peer: which.
        measure: measures it once.
        samples: what that gave, turn by turn.
    """

    peer: Peer
    measure: Measure
    samples: list[Sample]


class Measured(Protocol):
    """How every peer is measured."""

    def __call__(self, *, clients: int, commands: int, accounts: int, directory: str | None) -> Sample:
        """Have clients send commands, each waiting for its answers."""
        ...


def measure(*, where: str, clients: int, commands: int, accounts: int, directory: str | None) -> Sample:
    """Measure a peer by its name. Only here, in the child, its package is imported.

    Args:
        where: module in this package, and function.
        clients: how many.
        commands: of all of them together.
        accounts: that they pay into.
        directory: on which disk; the system's temporary directory if None.
    """
    module, _, function = where.partition(":")
    found = cast("Measured", getattr(import_module(f"{__package__}.{module}"), function))
    return found(clients=clients, commands=commands, accounts=accounts, directory=directory)


def suite_of_peers(title: str, peers: Sequence[Peer], work: Work, repeats: int) -> Suite:
    """The comparison as a suite; `compare` says of what."""

    def carry_out(progress: Progress) -> Outcome:
        return compare(peers, work, repeats, counted(progress, repeats * len(peers)))

    return Suite(title, carry_out)


def compare(peers: Sequence[Peer], work: Work, repeats: int, note: Callable[[], object]) -> Outcome:
    """Let peers take turns.

    Args:
        peers: who; without actum there are no ratios.
        work: what they do.
        repeats: how many turns.
        note: called after each measurement.
    """
    taking: list[Taking] = []
    skipped: list[Skipped] = []
    for peer in peers:
        if not present(peer):
            skipped.append(Skipped(SUITE, peer.title, f"{peer.package} is not installed: pip install 'actum[peers]'"))
        elif failure := tried(peer, work.directory):
            skipped.append(Skipped(SUITE, peer.title, failure, void=True))
        else:
            given = work.parameters(peer)
            taking.append(Taking(peer, measure_of(measure, where=peer.where, directory=work.directory, **given), []))
    skipped += turns(taking, repeats, note)
    return Outcome([run_of(each, work) for each in taking], goals_of(taking, work), skipped)


def present(peer: Peer) -> bool:
    """Whether what a peer needs is installed."""
    return not peer.package or find_spec(peer.package) is not None


def tried(peer: Peer, directory: str | None) -> str:
    """Why a peer does not work here; nothing if it does."""
    try:
        checked(peer.title, measure_of(measure, where=peer.where, directory=directory, **TRIAL)())
    except VoidRunError as error:
        return str(error)
    return ""


def turns(taking: list[Taking], repeats: int, note: Callable[[], object]) -> list[Skipped]:
    """Measure every peer, then again, another one first each turn; who is void is taken out, and given with the reason.

    Args:
        taking: who takes part.
        repeats: how many turns.
        note: called after each measurement.
    """
    void: list[Skipped] = []
    for turn in range(repeats):
        for each in rotated(taking, turn):
            try:
                each.samples.append(checked(each.peer.title, each.measure()))
            except VoidRunError as error:
                void.append(Skipped(SUITE, each.peer.title, str(error), void=True))
                taking.remove(each)
            note()
    return void


def run_of(taken: Taking, work: Work) -> Run:
    """All samples of a peer."""
    peer, samples = taken.peer, taken.samples
    version = f"{peer.package} {version_of(peer.package)}; " if peer.package else ""
    return Run(
        suite=SUITE,
        workload=f"commands, {work.clients:,} client{'s' * (work.clients > 1)}, {work.accounts:,} accounts",
        subject=peer.title,
        durability=peer.durability,
        parameters=work.parameters(peer),
        figures=[figure_of(name, series(samples, name)) for name in samples[0].values],
        checks=samples[-1].checks,
        note=version + peer.note,
    )


def goals_of(taking: Sequence[Taking], work: Work) -> list[Goal]:
    """How many times faster actum was, turn by turn; with another number of clients than `CLIENTS` there is no goal."""
    ours = next((series(each.samples, RATE) for each in taking if each.peer is ACTUM), None)
    return [
        Goal(
            name=f"{RATE} at {work.clients:,} clients, times {each.peer.title}",
            bound=each.peer.goal,
            better="higher",
            unit="ratio",
            samples=ratios(ours, series(each.samples, RATE)),
            durability=each.peer.durability,
            suite=SUITE,
            read_off=[ACTUM.title, each.peer.title],
        )
        for each in taking
        if each.peer.goal and ours is not None and work.clients == CLIENTS
    ]
