"""The house style, as far as a test can keep it: sizes, names, who may say what, and what is said in docstrings.

What ruff, the type checkers and the import contracts of pyproject.toml already see is not repeated here. Each test
gives the whole list of what is wrong, so that one run shows all.
"""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import actum
import actum_storage
import msgspec
import pytest

from tests.support.sources import PACKAGES, ROOT, Source, body_line_count, sources

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 400
TEST_FILE_LINES_MAX = 900
INIT_LINES_MAX = 100

#: Longer files, each with the reason why it is one.
LONG_FILES = {
    "engine/actum/engine.py": "the front door: most of it says what a method does, raises, and means on cancellation",
}

#: Names for what has no idea of its own.
BANNED_MODULES = {"base", "common", "helper", "helpers", "manager", "misc", "tools", "util", "utils"}

#: Abbreviations that must not name a variable, a parameter or a function.
BANNED_NAMES = frozenset(
    "agg args arr buf cb cfg cmd cmds cnt conn coro ctx cur curr db dct "  # noqa: SIM905  # words, not a data structure
    "elem env evt evts fn func fut idx kwargs lst mgr msg msgs num obj pos prev qry req res resp "
    "ret seq tmp txn val vals".split()
)

#: What users subclass, and the two roots of errors; everything else that is exported is closed.
OPEN_CLASSES = {
    *("Aggregate", "Command", "Event", "Process", "Query", "Rejected", "Row", "Subscription", "Value", "View"),
    *("ActumError", "StorageError"),
}

SOURCES = sources(*PACKAGES)
TESTS = [source for source in sources("tests") if not str(source).startswith("tests/typing/")]


def test_functions_are_short() -> None:
    """No function has more than 70 lines without its docstring."""
    found = [
        f"{source}:{function.lineno} {function.name} has {body_line_count(function)} lines"
        for source in sources(*PACKAGES, "examples", "tests")
        for function in source.functions()
        if body_line_count(function) > FUNCTION_LINES_MAX
    ]
    assert found == []


def test_files_are_short() -> None:
    """No file has more than 400 lines, of tests 900, unless its reason is listed; and no reason is listed in vain."""
    limits = dict.fromkeys(sources(*PACKAGES, "examples"), FILE_LINES_MAX) | dict.fromkeys(TESTS, TEST_FILE_LINES_MAX)
    long = {str(source): source.line_count for source, limit in limits.items() if source.line_count > limit}
    assert {file: count for file, count in long.items() if file not in LONG_FILES} == {}
    assert LONG_FILES.keys() - long.keys() == set(), "short again: take the reason out"


def test_every_module_is_named_by_a_noun_of_its_own() -> None:
    """No module is named for being a heap."""
    assert [str(source) for source in SOURCES if source.path.stem.strip("_") in BANNED_MODULES] == []


def test_no_abbreviations() -> None:
    """Names are words of the glossary, written out."""
    found: list[str] = []
    for source in sources(*PACKAGES, "examples"):
        for node in ast.walk(source.tree):
            match node:
                case (
                    ast.arg(arg=name) | ast.Name(id=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name)
                ):
                    if name.strip("_") in BANNED_NAMES:
                        found.append(f"{source}:{node.lineno} {name}")
                case _:
                    pass
    assert found == []


@pytest.mark.parametrize("package", [actum, actum_storage], ids=["actum", "actum_storage"])
class TestSurface:
    """The public names of a package."""

    def test_init_only_exports(self, package: Any) -> None:
        """`__init__` holds imports and `__all__`, in under 80 lines besides the list itself."""
        source = Source(Path(package.__file__))
        others: list[str] = []
        list_line_count = 0
        for node in source.tree.body[1:]:
            match node:
                case ast.Import() | ast.ImportFrom():
                    pass
                case ast.Assign(targets=[ast.Name(id="__all__")], end_lineno=int(end)):
                    list_line_count = end - node.lineno + 1
                case _:
                    others.append(ast.unparse(node))
        assert others == []
        assert source.line_count - list_line_count < INIT_LINES_MAX

    def test_all_is_sorted_and_complete(self, package: Any) -> None:
        """`__all__` has every imported name once, constants first, then classes, then functions."""
        exported: list[str] = package.__all__
        assert exported == sorted(set(exported), key=lambda name: (not name.isupper(), not name[0].isupper(), name))
        imported = {name.rpartition(".")[2] for _, name in Source(Path(package.__file__)).imported()} - {"annotations"}
        assert set(exported) == imported

    def test_every_name_has_one_home(self, package: Any) -> None:
        """Each exported name is defined in the module that it is imported from, and in no other."""
        found: dict[str, list[str]] = {}
        for _, imported in Source(Path(package.__file__)).imported():
            module, _, name = imported.rpartition(".")
            if module not in {"__future__", "actum_storage"}:  # what actum takes from the storage has its home there
                homes = [module_name(source) for source in SOURCES if name in source.defined()]
                if [home for home in homes if home.startswith(f"{package.__name__}.")] != [module]:
                    found[imported] = homes
        assert found == {}

    def test_what_is_not_for_subclassing_is_closed(self, package: Any) -> None:
        """An exported class is for subclassing, or final, or a protocol, or a frozen struct, or a plain value."""
        found: list[str] = []
        for name in package.__all__:
            exported = getattr(package, name)
            if not isinstance(exported, type) or name in OPEN_CLASSES or getattr(exported, "__final__", False):
                continue
            frozen = issubclass(exported, msgspec.Struct) and exported.__struct_config__.frozen
            protocol = getattr(exported, "_is_protocol", False)
            if not (frozen or protocol or issubclass(exported, tuple)):
                found.append(name)
        assert found == []


def module_name(source: Source) -> str:
    """The name by which a file is imported."""
    return ".".join(source.path.relative_to(ROOT).with_suffix("").parts[1:])


def test_public_things_are_explained() -> None:
    """Every module, and every public class and function that is not inside a function, has a docstring."""
    found: list[str] = []
    for source in sources(*PACKAGES, "examples"):
        if ast.get_docstring(source.tree) is None:
            found.append(f"{source}: the module")
        inner = {id(node) for function in source.functions() for node in ast.walk(function) if node is not function}
        found += [
            f"{source}:{node.lineno} {node.name}"
            for node in ast.walk(source.tree)
            if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
            if not node.name.startswith("_") and id(node) not in inner and ast.get_docstring(node) is None
            if "overload" not in {ast.unparse(decorator) for decorator in node.decorator_list}  # what follows says it
        ]
    assert found == []


def test_every_error_says_what_to_do() -> None:
    """The docstring of each error ends with its reaction."""
    found = [
        name
        for name in {*actum.__all__, *actum_storage.__all__}
        for error in [getattr(actum, name, None) or getattr(actum_storage, name, None)]
        if isinstance(error, type) and issubclass(error, Exception) and "What to do: " not in (error.__doc__ or "")
    ]
    assert found == []


def test_every_option_is_explained() -> None:
    """`Options` says of each field what it means, in the order of the fields."""
    explained = re.findall(r"^    (\w+): ", inspect.getdoc(actum.Options) or "", re.MULTILINE)
    assert explained == list(actum.Options.__struct_fields__)


#: Who alone may say something: a pattern of imported or used names, the files that are looked at, and the one that may.
ALONE = [
    pytest.param(
        r"lmdb(\..*)?",
        "engine storage tui",
        {f"storage/actum_storage/lmdb_{name}.py" for name in ("environment", "log", "pages")},
        id="lmdb",
    ),
    pytest.param(
        r"(msgspec\.)?msgpack(\..*)?",
        "engine storage",
        {
            "engine/actum/codec.py",
            "engine/actum/views/page.py",  # a cursor is text for its caller, not a record
        },
        id="msgpack",
    ),
    pytest.param(r"time\..*|(datetime\.)*datetime\.(now|utcnow|today)", "engine", {"engine/actum/clock.py"}, id="time"),
    pytest.param(
        r"random(\..*)?|secrets(\..*)?|(uuid\.)?uuid[1-8]", "engine storage", {"engine/actum/clock.py"}, id="chance"
    ),
    pytest.param(r"os\.environ.*|(os\.)?getenv", "engine storage", set[str](), id="environment"),
    pytest.param(r"asyncio(\..*)?", "storage", set[str](), id="asyncio"),
    pytest.param(r"sys\.(stdout|stderr).*", "engine storage", set[str](), id="output"),
]


@pytest.mark.parametrize(("pattern", "folders", "allowed"), ALONE)
def test_a_line_knows_its_room(pattern: str, folders: str, allowed: set[str]) -> None:
    """What one room is for is said in that room alone."""
    matches = re.compile(pattern).fullmatch
    found = [
        f"{source}:{line} {name}"
        for source in sources(*folders.split())
        if str(source) not in allowed
        for line, name in (*source.imported(), *source.dotted())
        if matches(name)
    ]
    assert found == []


def test_storage_and_views_never_wait() -> None:
    """There is nothing asynchronous in the storage, in views or in tables."""
    files = [
        *sources("storage"),
        *(source for source in SOURCES if source.path.stem in {"views", "table", "index", "page"}),
    ]
    asynchronous = (ast.Await, ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith)
    found = [str(source) for source in files if any(isinstance(node, asynchronous) for node in ast.walk(source.tree))]
    assert found == []


def test_every_task_has_a_name() -> None:
    """A task says what it does, and whoever starts it keeps it."""
    found = [
        f"{source}:{node.lineno} {ast.unparse(node)}"
        for source in SOURCES
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"create_task", "ensure_future"}
        and "name" not in {keyword.arg for keyword in node.keywords}
    ]
    assert found == []
    discarded = [
        f"{source}:{node.lineno} {ast.unparse(node)}"
        for source in SOURCES
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func).endswith("create_task")
    ]
    assert discarded == []


def test_every_test_says_what_it_shows() -> None:
    """Each test has a docstring that is a sentence."""
    found = [
        f"{source}:{function.lineno} {function.name}"
        for source in TESTS
        for function in source.functions()
        if function.name.startswith("test_") and not (ast.get_docstring(function) or "").strip().endswith((".", "?"))
    ]
    assert found == []


def test_unit_tests_mirror_the_sources() -> None:
    """`tests/unit/<room>/test_<file>.py` tests `<file>.py` of that room."""
    found = [
        str(source)
        for source in TESTS
        for room, package in PACKAGES.items()
        if source.path.parent == ROOT / "tests/unit" / room
        and source.path.stem.startswith("test_")
        and not (ROOT / room / package / f"{source.path.stem.removeprefix('test_')}.py").exists()
    ]
    assert found == []


def test_import_contracts_hold() -> None:
    """`lint-imports` finds nothing; the contracts are in pyproject.toml."""
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-logo", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
