"""Several results files as one: what is in two of them counts once, and differing environments are said."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from itertools import groupby
from pathlib import PurePath
from typing import NamedTuple

import msgspec

from actum_bench.comparison import work_of
from actum_bench.environment import Environment
from actum_bench.likeness import differences
from actum_bench.results import PLACES, Goal, Parameter, Results, Run, Skipped

#: The directories before a name.
PATH = re.compile(r"(?<![\w./:])/(?:[^\s'\"/]+/)+")


class Source(NamedTuple):
    """One file.

    Attributes:
        name: of the file, without its place.
        results: what is in it.
    """

    name: str
    results: Results


class Merged(NamedTuple):
    """What a report is made of.

    Attributes:
        results: everything, with the environment of the newest file.
        environments: by the names of the files; just one if all are alike.
        warnings: what makes the figures worth less.
    """

    results: Results
    environments: dict[str, Environment]
    warnings: list[str]

    @property
    def counted(self) -> list[Run]:
        """The runs whose checks all hold."""
        return [run for run in self.results.runs if not run.void]

    @property
    def void(self) -> list[Run]:
        """The others."""
        return [run for run in self.results.runs if run.void]


def merge(sources: Sequence[Source]) -> Merged:
    """Put files together, the oldest first; where two measured the same, or failed to, the newer one counts."""
    ordered = sorted(sources, key=lambda source: source.results.environment.taken)
    warnings: list[str] = []
    runs: list[Run] = []
    goals: dict[tuple[str, str], Goal] = {}
    skipped: dict[tuple[str, str], Skipped] = {}
    for source in ordered:
        again = {identity(run) for run in source.results.runs}
        warnings += [
            f"measured twice, the newer one counts ({source.name}): {run.title}"
            for run in runs
            if identity(run) in again
        ]
        void = [gap for gap in source.results.skipped if gap.void]
        outdated = [run for run in runs if identity(run) not in again and any(gap.covers(run) for gap in void)]
        warnings += [
            f"void in the newer file ({source.name}), so the older figures don't count: {run.title}" for run in outdated
        ]
        runs = [run for run in runs if identity(run) not in again and run not in outdated]
        runs += map(placeless, source.results.runs)
        goals = {key: goal for key, goal in goals.items() if not any(gap.is_under(goal) for gap in void)}
        for goal in source.results.goals:
            goals.pop((goal.name, goal.durability), None)
            goals[goal.name, goal.durability] = goal
        skipped = {key: gap for key, gap in skipped.items() if not any(map(gap.covers, source.results.runs))}
        skipped |= {
            (gap.suite, gap.subject): pathless(gap)
            for gap in source.results.skipped
            if gap.void or not any(map(gap.covers, runs))
        }
    newest = ordered[-1].results.environment
    for source in ordered[:-1]:
        warnings += [
            f"{source.name} and {ordered[-1].name} were not taken alike: {words}"
            for words in differences(source.results.environment, newest)
        ]
        if source.results.environment.revision != newest.revision:
            warnings.append(f"{source.name} and {ordered[-1].name} measured different revisions of actum")
    alike = all(not differences(source.results.environment, newest) for source in ordered)
    environments = {source.name: source.results.environment for source in (ordered[-1:] if alike else ordered)}
    warnings = [
        *dict.fromkeys([*(text for source in ordered for text in source.results.environment.warnings), *warnings])
    ]
    return Merged(
        Results(
            command="; ".join(dict.fromkeys(without_places(source.results.command) for source in ordered)),
            environment=msgspec.structs.replace(newest, warnings=warnings),
            runs=runs,
            goals=list(goals.values()),
            skipped=list(skipped.values()),
        ),
        environments,
        warnings,
    )


def identity(run: Run) -> tuple[object, ...]:
    """What makes two runs the same measurement."""
    return run.suite, run.workload, run.subject, run.durability, str(sorted(work_of(run).items()))


def placeless(run: Run) -> Run:
    """The run without where its stores lay: a report is passed on, and paths are nobody else's business."""
    kept: dict[str, Parameter] = {name: value for name, value in run.parameters.items() if name not in PLACES}
    return msgspec.structs.replace(run, parameters=kept)


def pathless(gap: Skipped) -> Skipped:
    """What gives no figure, without the places that its reason may name."""
    return msgspec.structs.replace(gap, reason=PATH.sub("", gap.reason))


def without_places(command: str) -> str:
    """Commands with files for paths, as in `placeless`."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars=";")
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        words = list(lexer)
    except ValueError:  # a file of before words were quoted, with a quote in one of them
        return " ".join(map(without_place, command.split(" ")))
    commands = [list(group) for ends, group in groupby(words, ";".__eq__) if not ends]
    return "; ".join(shlex.join(map(without_place, given)) for given in commands)


def without_place(word: str) -> str:
    """A word, or what follows the = of an option, with a file's name for its path."""
    option, equals, value = word.rpartition("=") if word.startswith("-") else ("", "", word)
    path = PurePath(value)
    return f"{option}{equals}{path.name or value if path.is_absolute() else value}"
