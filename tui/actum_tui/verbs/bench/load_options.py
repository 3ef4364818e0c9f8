"""What `actum bench load` and `bench sweep` can be told, and how that becomes the settings of a run."""

from __future__ import annotations

from typing import Any

import click
import msgspec
from actum_bench import process
from actum_bench.extras import MissingExtraError
from actum_bench.load.histogram import histogram_type
from actum_bench.load.settings import OPERATIONS_MAX, Settings
from actum_bench.load.subjects import NoSubjectError, subject_of
from actum_bench.load.workloads import WORKLOADS

from actum_tui.verbs.bench.options import SHARED, Option, finite

LETTERS = "; ".join(f"{letter}: {workload.title}" for letter, workload in WORKLOADS.items())
SECONDS_MAX = 1_000.0
KEYS_MAX = 10_000_000
RATE_MAX = 10_000_000.0
RATES = click.FloatRange(0, RATE_MAX, min_open=True)
SEED_MAX = 2**62

#: Of both verbs.
LOAD: tuple[Option, ...] = (
    click.option("-w", "--workload", type=click.Choice(list(WORKLOADS)), default="a", help=f"{LETTERS}. Default: a."),
    click.option(
        "--on", "domain", type=click.Choice(["bank", "shop"]), default="bank", help="The domain. Default: bank."
    ),
    click.option("--keys", type=click.IntRange(1, KEYS_MAX), help="Keys there are before the run. Default: 10000."),
    click.option(
        "--distribution",
        type=click.Choice(["uniform", "zipf"]),
        help="Of operations over keys. Default: zipf (0.99), for i uniform.",
    ),
    click.option(
        "--spacing",
        type=click.Choice(["exponential", "constant"]),
        default="exponential",
        help="Between sending times. Default: exponential.",
    ),
    click.option(
        "--warm-up",
        "warm_up_seconds",
        type=click.FloatRange(0, SECONDS_MAX),
        callback=finite,
        default=2.0,
        metavar="SECONDS",
        help="Left out of all figures. Default: 2.",
    ),
    click.option("--seed", type=click.IntRange(0, SEED_MAX), default=1, help="Of all chance. Default: 1."),
    click.option(
        "--durability",
        type=click.Choice(["full", "relaxed"]),
        default="full",
        help="relaxed: without fsync, for comparison only. Default: full.",
    ),
    *SHARED,
)


def duration(default: float) -> Option:
    """How long is measured."""
    return click.option(
        "--duration",
        "seconds",
        type=click.FloatRange(0, SECONDS_MAX, min_open=True),
        callback=finite,
        default=default,
        metavar="SECONDS",
        help=f"How long is measured. Default: {default:g}.",
    )


def settings_of(given: dict[str, Any]) -> Settings:
    """The settings that options stand for; whatever would fail in a run is refused before it begins.

    Args:
        given: options by name, those of `Settings` among them; those that were not given are None.
    """
    mix = WORKLOADS[given["workload"]]
    if mix.one_key and (given["keys"] is not None or given["distribution"] is not None):
        raise click.UsageError(f"workload {mix.letter} has one key: leave --keys and --distribution away")
    fields = {name: given[name] for name in Settings.__struct_fields__ if given.get(name) is not None}
    settings = msgspec.convert({"distribution": mix.distribution, **fields}, Settings)
    if settings.operations > OPERATIONS_MAX:
        raise click.UsageError(
            f"{settings.operations:,.0f} operations are too many for one run: "
            f"rate times duration may be {OPERATIONS_MAX:,} at most"
        )
    if settings.seconds_most > process.SECONDS_MAX:
        raise click.UsageError(
            f"--duration {settings.seconds:g} and --warm-up {settings.warm_up_seconds:g} take "
            f"{settings.seconds_most:,.0f} s at most; one that takes more than {process.SECONDS_MAX:,.0f} s is given "
            "up: choose less"
        )
    try:
        histogram_type()
        subject_of(mix, settings.domain)
    except NoSubjectError as error:
        raise click.UsageError(str(error)) from error
    except MissingExtraError as error:
        raise click.ClickException(str(error)) from error
    return settings
