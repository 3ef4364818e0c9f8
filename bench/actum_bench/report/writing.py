"""A report on the disk: report.html, results.md, results.json, and each picture as SVG and PNG."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from actum_bench.files import replace_file
from actum_bench.report.charts import charts
from actum_bench.report.markdown import markdown
from actum_bench.report.merge import Merged, Source, merge
from actum_bench.report.page import Picture, page
from actum_bench.report.plots import files_of, inline_svg

PLOTS = "plots"


class Written(NamedTuple):
    """What was written.

    Attributes:
        merged: what it was made of.
        files: their paths, the page first.
        warnings: what makes it worth less.
    """

    merged: Merged
    files: list[Path]
    warnings: list[str]


def write(sources: Sequence[Source], directory: Path, progress: Callable[[int, int], object]) -> Written:
    """Make the report.

    Args:
        sources: results files, at least one.
        directory: where to; it is made if it is not there.
        progress: told how many of how many pictures are drawn.

    Raises:
        MissingExtraError: matplotlib or hdrhistogram is not installed.
        OSError: the directory can't be written.
    """
    merged = merge(sources)
    merged.results.save(directory / "results.json")  # first, since drawing takes long and may fail
    warnings = list(merged.warnings)
    found = charts(merged.counted, merged.results.goals, warnings.append)
    plots = directory / PLOTS
    pictures: list[Picture] = []
    files: list[Path] = []
    for number, chart in enumerate(found):
        progress(number, len(found))
        vector, raster = files_of(chart)
        pictures.append(Picture(chart, inline_svg(chart, vector)))
        for name, content in ((f"{chart.name}.svg", vector.encode()), (f"{chart.name}.png", raster)):
            replace_file(plots / name, content)
            files.append(plots / name)
    if plots.is_dir():
        left = sorted(path.name for path in plots.iterdir() if path not in files)
        warnings += [f"{PLOTS}/{name} is not of this report" for name in left]
    merged = merged._replace(warnings=warnings)
    texts = {"report.html": page(merged, pictures), "results.md": markdown(merged)}
    for name, text in texts.items():
        replace_file(directory / name, text.encode())
    first = [directory / name for name in (*texts, "results.json")]
    return Written(merged, [*first, *files], warnings)
