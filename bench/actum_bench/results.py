"""What a benchmark leaves behind: figures with all their samples, where they were taken, and whether they count.

One `Results` is one run of a suite, one file of JSON. Everything that is shown, compared or drawn is made from it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from actum_bench.environment import Environment
from actum_bench.files import replace_file

#: The version of the file.
SCHEMA = 1

Parameter: TypeAlias = str | int | float | bool | None
#: Parameters that say where something was measured and not what.
PLACES = frozenset({"directory", "workspace"})

#: What a suite calls all of its runs together, where it can only be void as a whole.
WHOLE = {"micro": ("the parts",)}

Better: TypeAlias = Literal["higher", "lower"]


class UnreadableResultsError(Exception):
    """A file does not hold results that this version reads."""


class Figure(msgspec.Struct, frozen=True):
    """One thing that was measured, as often as it was.

    Attributes:
        name: what: "commands/s", "ack p99".
        unit: "1/s", "s", "B", "ratio".
        better: whether higher or lower values are better.
        samples: one value for each repeat, in the order of the repeats, warm-up left out.
    """

    name: str
    unit: str
    better: Better
    samples: list[float]


class Check(msgspec.Struct, frozen=True):
    """Something that has to be true after a run; if it is not, the run is void.

    Attributes:
        name: what: "acknowledged == stored".
        ok: whether it is.
        detail: the values that were compared.
    """

    name: str
    ok: bool
    detail: str

    @classmethod
    def equal(cls, name: str, expected: float, found: float) -> Check:
        """A check that a count is what it has to be."""
        return cls(name, expected == found, f"expected {expected:,}, found {found:,}")


class Sample(msgspec.Struct, frozen=True):
    """What one repeat of a measurement gave.

    Attributes:
        values: by the names of the figures.
        checks: whether it counts.
        histograms: latencies, as in `Run`.
    """

    values: dict[str, float]
    checks: list[Check] = []
    histograms: dict[str, str] = {}


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One workload on one subject.

    Attributes:
        suite: "floor", "load", "sweep", "recover", "scale", "peers", "micro", "demo", "monitor".
        workload: what was done: "commands, 64 clients".
        subject: who did it: "actum", "the floor", "eventsourcing on SQLite".
        durability: "full", "relaxed", "memory", or "-" where nothing is written.
        parameters: with which.
        figures: what was measured.
        checks: what was checked after it.
        histograms: latencies by name, each an HdrHistogram in its V2 base64 form, in nanoseconds.
        note: what should be known beside it, such as what the client costs.
    """

    suite: str
    workload: str
    subject: str
    durability: str
    parameters: dict[str, Parameter] = {}
    figures: list[Figure] = []
    checks: list[Check] = []
    histograms: dict[str, str] = {}
    note: str = ""

    @property
    def title(self) -> str:
        """What was measured, with its durability: there is no figure without."""
        return f"{self.workload} · {self.subject} · durability {self.durability}"

    @property
    def void(self) -> bool:
        """Whether a check failed, so that no figure of it counts."""
        return not all(check.ok for check in self.checks)

    def figure(self, name: str) -> Figure | None:
        """A figure by its name."""
        return next((figure for figure in self.figures if figure.name == name), None)


class Skipped(msgspec.Struct, frozen=True):
    """What could not be measured, and why: never guessed.

    Attributes:
        suite: of which suite.
        subject: who or what.
        reason: a sentence.
        void: whether it was measured, and failed or did not hold what was checked; otherwise something is not here.
    """

    suite: str
    subject: str
    reason: str
    void: bool = False

    def covers(self, run: Run) -> bool:
        """Whether a run is of what this says gives no figure."""
        return self.suite == run.suite and self.subject in {run.workload, run.subject, *WHOLE.get(run.suite, ())}

    def is_under(self, goal: Goal) -> bool:
        """Whether a goal was read off what this says gives no figure."""
        return self.suite == goal.suite and self.subject in goal.read_off


class Goal(msgspec.Struct, frozen=True, kw_only=True):
    """A goal and what was measured of it.

    Attributes:
        name: what is wanted.
        bound: the value to reach.
        better: "higher": at least `bound`; "lower": at most.
        unit: of both.
        samples: what was measured, one for each paired repeat.
        durability: as in `Run`; where subjects differ in it, that of the one that actum is compared with.
        suite: as in `Run`.
        read_off: whose figures it was read off, each as `Skipped.subject` calls it.
    """

    name: str
    bound: float
    better: Better
    unit: str
    samples: list[float]
    durability: str = "-"
    suite: str = ""
    read_off: list[str] = []


class Form(msgspec.Struct, frozen=True):
    """What every version of the file has: which one it is, to be read before the rest.

    Attributes:
        schema: the version.
    """

    schema: int = SCHEMA


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a suite.

    Attributes:
        schema: the version of this form.
        command: what was typed to get it.
        environment: where and when.
        runs: in the order in which they ran.
        goals: what was to be reached.
        skipped: what could not be measured.
    """

    schema: int = SCHEMA
    command: str
    environment: Environment
    runs: list[Run] = []
    goals: list[Goal] = []
    skipped: list[Skipped] = []

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        replace_file(path, msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n")

    @classmethod
    def load(cls, path: Path) -> Results:
        """Read a file.

        Raises:
            UnreadableResultsError: it is not there, or not one of these.
        """
        try:
            content = path.read_bytes()
            schema = msgspec.json.decode(content, type=Form).schema
            if schema != SCHEMA:
                raise UnreadableResultsError(f"{path} has form {schema}, this version reads {SCHEMA}: measure again")
            return msgspec.json.decode(content, type=cls)
        except OSError as error:
            raise UnreadableResultsError(f"{path} can't be read: {error.strerror}") from error
        except msgspec.MsgspecError as error:
            raise UnreadableResultsError(f"{path} does not hold results of a benchmark: {error}") from error
