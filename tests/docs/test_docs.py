"""README.md and every page in docs/ do what they say: their Python blocks run, and print what stands below them.

The blocks of a page run from top to bottom in one module, each building on those before it, in an empty directory of
their own. A block fenced as `output` right after one fenced as `python` is what that one prints. One that is fenced as
`console` is a conversation with a shell: below a line `$ actum ...` stands what that command prints, but for times.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from actum_tui.command import command
from click.testing import CliRunner
from sybil import Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import CodeBlockParser

from tests.support.sources import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sybil import Example

PAGES = sorted(path for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
TIME = re.compile(r"\+?\b\d+(\.\d+)? (µs|ms|s|min|h|d)\b|\b\d{4}-\d{2}-\d{2}T[\d:.]+Z")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def page_name(path: Path) -> str:
    """The path from the root of the checkout."""
    return path.relative_to(ROOT).as_posix()


def run_block(example: Example) -> None:
    """Run a Python block and keep what it prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        PythonEvaluator()(example)
    example.document.namespace["printed"] = printed.getvalue()


def compare_output(example: Example) -> str | None:
    """What is wrong with a block of output, or None."""
    expected, printed = str(example.parsed).strip(), str(example.document.namespace.pop("printed", "nothing")).strip()
    return None if expected == printed else f"expected:\n{expected}\nprinted:\n{printed}"


def compare_console(example: Example) -> str | None:
    """Run the commands of a conversation; what one of them says otherwise, or None."""
    for part in re.split(r"^\$ actum ", str(example.parsed), flags=re.MULTILINE)[1:]:
        arguments, _, expected = part.partition("\n")
        printed = CliRunner().invoke(command, shlex.split(arguments), prog_name="actum").output
        if timeless(expected) != timeless(printed):
            return f"actum {arguments}\nexpected:\n{expected}\nprinted:\n{printed}"
    return None


def timeless(text: str) -> list[list[str]]:
    """The words of each line, without times and what they do to the width of columns."""
    return [TIME.sub("time", line).split() for line in text.strip().splitlines()]


PARSERS = [
    CodeBlockParser("python", run_block),
    CodeBlockParser("output", compare_output),
    CodeBlockParser("console", compare_console),
]


@pytest.fixture
def module() -> Iterator[dict[str, Any]]:
    """The namespace of a module that can be found by its name, since annotations are looked up there."""
    page = ModuleType("page")
    sys.modules["page"] = page
    yield page.__dict__
    del sys.modules["page"]


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_examples_run(page: Path, module: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every Python block runs, and prints what the page says."""
    monkeypatch.chdir(tmp_path)
    document = Sybil(parsers=PARSERS, path=str(page.parent)).parse(page)
    document.namespace = module
    for example in document.examples():
        example.evaluate()


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every link into this repository names a file that is there, and a heading that is in it."""
    broken = [link for link in LINK.findall(FENCED.sub("", page.read_text())) if not leads_somewhere(page, link)]
    assert broken == []


def test_every_module_is_in_the_architecture() -> None:
    """The tables that say which file does what name every module."""
    page = (ROOT / "docs" / "architecture.md").read_text()
    named = set(re.findall(r"`([a-z_/]+)`", page[page.index("## Which file does what") : page.index("## Glossary")]))
    modules = {
        path.relative_to(ROOT / package).with_suffix("").as_posix()
        for package in ("storage/actum_storage", "engine/actum", "tui/actum_tui", "bench/actum_bench")
        for path in (ROOT / package).rglob("*.py")
        if not path.name.startswith("__")
    }
    assert modules - named == set()
    assert {name for name in named if "actum" not in name} - modules == set()


def leads_somewhere(page: Path, link: str) -> bool:
    """Whether a link's file exists and has the heading; links to other places are not looked at."""
    if "://" in link:
        return True
    name, _, anchor = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    if not target.exists():
        return False
    return not anchor or anchor in {anchor_of(heading) for heading in HEADING.findall(target.read_text())}


def anchor_of(heading: str) -> str:
    """The anchor that a heading gets on the web."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
