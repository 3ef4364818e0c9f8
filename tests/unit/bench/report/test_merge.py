"""Several results files as one."""

from __future__ import annotations

import msgspec
import pytest
from actum_bench.report.merge import Source, merge, without_places
from actum_bench.results import Goal, Skipped

from tests.support.made_results import around, goal_of, results_of, run_of


def test_newer_counts() -> None:
    """What two files measured is taken from the newer one, whatever their order, and that is said."""
    old = Source("old.json", results_of(run_of(around(1.0)), goals=[goal_of("g", 1.0, [1.0])], taken="2026-01-01"))
    new = Source("new.json", results_of(run_of(around(2.0)), goals=[goal_of("g", 1.0, [2.0])], taken="2026-01-02"))
    merged = merge([new, old])
    assert [run.figures[0].samples for run in merged.results.runs] == [around(2.0)]
    assert [goal.samples for goal in merged.results.goals] == [[2.0]]
    assert merged.warnings == ["measured twice, the newer one counts (new.json): a · actum · durability full"]
    assert merged.results.environment.taken == "2026-01-02"


def test_one_file_is_kept_as_it_is() -> None:
    """What one file has twice stays there twice: nobody knows which one is newer."""
    runs = [run_of(around(1.0)), run_of(around(2.0))]
    merged = merge([Source("one.json", results_of(*runs))])
    assert merged.results.runs == runs
    assert merged.warnings == []


def test_other_work_is_kept() -> None:
    """Runs that differ in suite, workload, subject, durability or parameters are all kept."""
    runs = [
        run_of(around(1.0)),
        run_of(around(1.0), suite="scale"),
        run_of(around(1.0), workload="b"),
        run_of(around(1.0), subject="the floor"),
        run_of(around(1.0), durability="relaxed"),
        run_of(around(1.0), parameters={"events": 1}),
    ]
    merged = merge([Source(f"{number}.json", results_of(run)) for number, run in enumerate(runs)])
    assert merged.results.runs == runs
    assert merged.warnings == []
    assert len(merged.environments) == 1


def test_environments_differ() -> None:
    """Files of different machines are reported together with a warning, each with its environment."""
    one = Source("one.json", results_of(run_of(around(1.0)), cpu="Other", warnings=["it was busy"]))
    two = Source("two.json", results_of(run_of(around(1.0), workload="b"), taken="2026-02-02", revision="other"))
    merged = merge([one, two])
    assert list(merged.environments) == ["one.json", "two.json"]
    assert merged.warnings == [
        "it was busy",
        "one.json and two.json were not taken alike: the processor differs: Other, then Imagined 9000",
        "one.json and two.json measured different revisions of actum",
    ]
    assert merged.results.environment.warnings == merged.warnings


def test_places_are_not_passed_on() -> None:
    """Where the stores lay is left out: a report is for others."""
    results = results_of(run_of([1.0], parameters={"directory": "/home/me", "workspace": "/home/me", "keys": 5}))
    results = msgspec.structs.replace(results, command="actum bench load --save /home/me/x.json -w a/b")
    merged = merge([Source("x.json", results)])
    assert merged.results.runs[0].parameters == {"keys": 5}
    assert merged.results.command == "actum bench load --save x.json -w a/b"


@pytest.mark.parametrize(
    ("command", "kept"),
    [
        ("actum bench all --directory=/home/me/disk --to /srv/out", "actum bench all --directory=disk --to out"),
        ("actum bench micro -k 'encode or frame'", "actum bench micro -k 'encode or frame'"),
        ("actum bench load --save '/home/me/my files/x.json'", "actum bench load --save x.json"),
        ("actum bench quick --save /a/b.json; actum bench micro", "actum bench quick --save b.json; actum bench micro"),
        ("actum bench micro -k don't /a/b", "actum bench micro -k don't b"),
        ("actum bench all -- /", "actum bench all -- /"),
    ],
)
def test_commands_without_places(command: str, kept: str) -> None:
    """Wherever a path stands in a command it is only its file's name; what has to be quoted stays quoted."""
    assert without_places(command) == kept


def test_void_and_skipped() -> None:
    """Void runs are kept apart, and what was skipped twice is listed once."""
    skipped = [Skipped("peers", "x", "not there")]
    merged = merge([Source(name, results_of(run_of([1.0], ok=False), skipped=skipped)) for name in ("a", "b")])
    assert (merged.counted, len(merged.void), merged.results.skipped) == ([], 1, skipped)


def test_what_was_void_and_is_measured_now_is_no_gap() -> None:
    """The newer file has figures of the workload, or of the subject, so the older reason is out of date."""
    gaps = [
        Skipped("floor", "commands", "floor is void", void=True),
        Skipped("peers", "UmaDB", "UmaDB is not installed"),
        Skipped("micro", "the parts", "failed", void=True),
        Skipped("scale", "growth", "failed", void=True),
    ]
    runs = [
        run_of(around(1.0), suite="floor", workload="commands"),
        run_of(around(1.0), suite="peers", subject="UmaDB"),
        run_of(around(1.0), suite="micro", workload="append"),
    ]
    old = Source("old.json", results_of(skipped=gaps, taken="2026-01-01"))
    new = Source("new.json", results_of(*runs, taken="2026-01-02"))
    merged = merge([new, old])
    assert merged.results.skipped == gaps[3:]
    assert merged.results.runs == runs


def test_what_was_measured_and_is_void_now_has_no_figure() -> None:
    """The newer file found the workload void, so neither older figures of it nor goals read off them are left."""
    runs = [
        run_of(around(1.0), suite="floor", workload="commands"),
        run_of(around(1.0), suite="floor", workload="queries"),
        run_of(around(1.0), suite="peers", subject="UmaDB"),
        run_of(around(1.0), suite="peers", subject="actum"),
    ]
    goals = [
        Goal(name=name, bound=1.0, better="higher", unit="ratio", samples=[2.0], suite=suite, read_off=read_off)
        for name, suite, read_off in (
            ("commands", "floor", ["commands"]),
            ("queries", "floor", ["queries"]),
            ("times UmaDB", "peers", ["actum", "UmaDB"]),
            ("times SQLite", "peers", ["actum", "SQLite"]),
        )
    ]
    gaps = [Skipped("floor", "commands", "failed", void=True), Skipped("peers", "UmaDB", "failed", void=True)]
    old = Source("old.json", results_of(*runs, goals=goals, taken="2026-01-01"))
    new = Source("new.json", results_of(skipped=gaps, taken="2026-01-02"))
    merged = merge([old, new])
    assert merged.results.runs == [runs[1], runs[3]]
    assert [goal.name for goal in merged.results.goals] == ["queries", "times SQLite"]
    assert merged.results.skipped == gaps
    assert merged.warnings == [
        f"void in the newer file (new.json), so the older figures don't count: {run.title}"
        for run in (runs[0], runs[2])
    ]


def test_what_is_only_not_here_now_keeps_its_figures() -> None:
    """A peer that is no longer installed says nothing against what was measured of it; it is not without a figure."""
    runs = [run_of(around(1.0), suite="peers", subject="UmaDB")]
    gap = Skipped("peers", "UmaDB", "it is not installed")
    old = Source("old.json", results_of(*runs, taken="2026-01-01"))
    merged = merge([old, Source("new.json", results_of(skipped=[gap], taken="2026-01-02"))])
    assert (merged.results.runs, merged.results.skipped) == (runs, [])


def test_nothing_to_merge() -> None:
    """A report of no file does not exist."""
    with pytest.raises(IndexError):
        merge([])


def test_reasons_name_no_places() -> None:
    """Why something gave no figure may name a file, but not where on the machine it lay; addresses stay."""
    reason = "failed: OSError: no space for '/srv/scratch/actum-bench-1/store' and /a/b; see https://a.example/b/c"
    gap = Skipped("peers", "x", reason, void=True)
    (found,) = merge([Source("a", msgspec.structs.replace(results_of(), skipped=[gap]))]).results.skipped
    assert found.reason == "failed: OSError: no space for 'store' and b; see https://a.example/b/c"
