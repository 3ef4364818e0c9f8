"""`python -m examples.shop.demo [--store DIRECTORY] [--sample N]`: replay the year, measure, and check every view.

Exits with 0 if every view equals what pandas computes, with 1 if anything differs or went wrong, with 130 after Ctrl-C.
"""

import argparse
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import actum
from actum import ActumError

from examples.shop import open_shop
from examples.shop.demo.check import Contents, differences, read_parquet, read_views
from examples.shop.demo.dataset import Dataset
from examples.shop.demo.progress import open_progress
from examples.shop.demo.replay import Replay
from examples.shop.demo.report import Figures, directory_bytes, peak_memory_bytes, report_lines

INTERRUPTED = """
interrupted: what was answered is durable. Run the same again, and it continues where it stopped."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; the process's exit status."""
    options = parse(arguments)
    try:
        found = actum.run(demo(options.store, options.sample))
    except KeyboardInterrupt:
        print(INTERRUPTED)
        return 130
    except ActumError as error:
        print(f"the demo failed: {error}", file=sys.stderr)
        return 1
    print("\n".join(found) if found else "views agree")
    return 1 if found else 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m examples.shop.demo", description="A real year of grocery orders through actum."
    )
    parser.add_argument(
        "--store", type=Path, default=Path("var/shop"), metavar="DIRECTORY", help="where the log is (var/shop)"
    )
    parser.add_argument("--sample", type=positive, metavar="N", help="only the first N receipts")
    return parser.parse_args(arguments)


def positive(text: str) -> int:
    """A whole number above 0."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} receipts can't be replayed, at least 1 is needed")
    return number


async def demo(store: Path, sample: int | None) -> list[str]:
    """Everything from the files to the figures; returns the differences that were found."""
    dataset = Dataset.load(sample)
    print(
        f"The Complete Journey: {dataset.basket_count:,} receipts with {dataset.line_count:,} lines, "
        f"of {dataset.customer_count:,} households and {dataset.product_count:,} products, into {store}",
        flush=True,
    )
    async with open_shop(store) as engine:
        replay = Replay(engine, opened_position=engine.statistics().position)
        started_seconds = time.perf_counter()
        await send_year(replay, dataset)
        send_seconds = time.perf_counter() - started_seconds
        memory_bytes = peak_memory_bytes()
        statistics = engine.statistics()
        live = await read_views(engine)
    derived_bytes = directory_bytes(store / "derived")
    checkpoint_open_seconds, checkpoint_differences = await reopen(store, live)
    shutil.rmtree(store / "derived")  # always safe: it holds nothing that the log doesn't
    replay_open_seconds, replay_differences = await reopen(store, live)
    figures = Figures(
        command_count=replay.done,
        known_count=replay.known,
        event_count=replay.event_count,
        send_seconds=send_seconds,
        commit_count=statistics.commits,
        commit_seconds=statistics.commit_seconds,
        position=statistics.position,
        log_bytes=directory_bytes(store / "log"),
        derived_bytes=derived_bytes,
        checkpoint_open_seconds=checkpoint_open_seconds,
        replay_open_seconds=replay_open_seconds,
        memory_bytes=memory_bytes,
    )
    print(*report_lines(figures), sep="\n", flush=True)
    return [
        *(f"live view of {difference}" for difference in differences(read_parquet(sample, live.orders), live)),
        *(f"after reopening with a checkpoint, {difference}" for difference in checkpoint_differences),
        *(f"after reopening without a checkpoint, {difference}" for difference in replay_differences),
    ]


async def send_year(replay: Replay, dataset: Dataset) -> None:
    """Customers and products first, since orders are checked against them; then the receipts in the order of time."""
    for title, count, messages in (
        ("customers", dataset.customer_count, dataset.customers()),
        ("products", dataset.product_count, dataset.products()),
        ("orders", dataset.basket_count, dataset.orders()),
    ):
        with open_progress(title, count) as progress:
            await replay.send(messages, progress)


async def reopen(store: Path, live: Contents) -> tuple[float, list[str]]:
    """How many seconds opening takes, and where the views then differ from what they showed before."""
    started_seconds = time.perf_counter()
    async with open_shop(store) as engine:
        seconds = time.perf_counter() - started_seconds
        return seconds, differences(live, await read_views(engine))


if __name__ == "__main__":
    sys.exit(main())
