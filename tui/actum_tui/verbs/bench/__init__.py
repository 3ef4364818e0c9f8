"""`actum bench`: the verbs of the benchmark suite. What they measure is in `actum_bench`; here it is shown."""

from actum_tui.verbs.bench.group import register

__all__ = ["register"]
