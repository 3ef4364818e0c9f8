"""What a user installs: the wheel, that it works without this checkout, and what `import actum` brings along."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import zipfile
from email.parser import HeaderParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.sources import PACKAGES, ROOT

if TYPE_CHECKING:
    from email.message import Message

#: What no user pays for who does not use it.
EXTRAS = (
    "aiohttp", "aiosqlite", "asyncpg", "click", "fastapi", "hypothesis", "numpy", "opentelemetry", "pandas",
    "prometheus_client", "pyarrow", "ray", "rich", "sqlalchemy", "textual", "textual_serve",
)  # fmt: skip


def run_python(code: str, *, path: Path | None = None, cwd: Path | None = None) -> str:
    """What a new interpreter prints for some code; `path`, or else this checkout, comes before what is installed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV"))}
    roots = [ROOT / folder for folder in PACKAGES] if path is None else [path]
    environment["PYTHONPATH"] = os.pathsep.join(map(str, roots))
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, cwd=cwd or ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_import_loads_no_extra() -> None:
    """`import actum` loads nothing that is an extra, nor the demo's packages, though they are installed here."""
    loaded = run_python("import sys, actum; print(*sys.modules)").split()
    assert [extra for extra in EXTRAS if extra in loaded] == []
    assert "actum_storage" in loaded
    assert [name for name in loaded if name.startswith("actum.monitor")] == [], "an engine is watched if it says so"


def test_verbs_load_no_dashboard() -> None:
    """`actum status` does not pay for what draws screens, nor for what serves them."""
    loaded = run_python("import sys, actum_tui.command; print(*sys.modules)").split()
    assert {"aiohttp", "textual", "textual_serve"} & set(loaded) == set()
    assert "actum_tui.verbs.health" in loaded


@pytest.mark.parametrize(
    ("extra", "needed"), [("otel", "opentelemetry"), ("prometheus", "prometheus_client"), ("sql", "sqlalchemy")]
)
def test_a_missing_extra_is_one_clear_error(extra: str, needed: str) -> None:
    """The module that needs it says how to get it."""
    said = run_python(
        f"import sys\nsys.modules[{needed!r}] = None\n"
        f"try:\n    import actum.{extra}\nexcept ImportError as error:\n    print(error)"
    )
    assert said == f"{needed} is missing: pip install 'actum[{extra}]'\n"


#: The folders of the packages and of the packages in them, from the root of the checkout.
ROOMS = sorted(
    {
        file.parent.relative_to(ROOT).as_posix()
        for folder, package in PACKAGES.items()
        for file in (ROOT / folder / package).rglob("*.py")
    }
)


@pytest.mark.parametrize("room", ROOMS)
def test_every_module_can_be_imported_first(room: str) -> None:
    """No module counts on another one having been imported before it: any of them can come first."""
    package = ".".join(Path(room).parts[1:])
    modules = [
        f"{package}.{file.stem}" for file in sorted((ROOT / room).glob("*.py")) if not file.stem.startswith("__")
    ]
    code = f"""
import importlib, sys
before = set(sys.modules)
for module in {[package, *modules]!r}:
    for name in set(sys.modules) - before:
        if name.partition(".")[0].startswith("actum"):
            del sys.modules[name]
    importlib.import_module(module)
"""
    run_python(code)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built from this checkout as it is."""
    directory = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(directory)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = directory.glob("*.whl")
    return zipfile.ZipFile(path)


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> Message:
    """The wheel's metadata."""
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return HeaderParser().parsestr(wheel.read(name).decode())


class TestWheel:
    """The wheel."""

    def test_holds_the_packages_and_nothing_else(self, wheel: zipfile.ZipFile, metadata: Message) -> None:
        """Every source of the four packages is in it; no test, no example, no cache."""
        information = f"actum-{metadata['Version']}.dist-info"
        names = {name for name in wheel.namelist() if not name.startswith(f"{information}/")}
        expected = {
            path.relative_to(ROOT / folder).as_posix()
            for folder, package in PACKAGES.items()
            for path in (ROOT / folder / package).rglob("*")
            if path.is_file() and path.suffix != ".pyc"
        }
        assert names == expected
        assert {"actum/py.typed", "actum_storage/py.typed"} <= names
        assert f"{information}/licenses/LICENSE" in wheel.namelist()

    def test_needs_three_packages(self, metadata: Message) -> None:
        """Without extras it needs msgspec, lmdb and uvloop; the extras are those of pyproject.toml."""
        project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        needed = [needed for needed in metadata.get_all("Requires-Dist", []) if "extra ==" not in needed]
        assert sorted(name.split(">")[0].split("<")[0] for name in needed) == ["lmdb", "msgspec", "uvloop"]
        assert set(metadata.get_all("Provides-Extra", [])) == project["optional-dependencies"].keys()
        assert (metadata["License-Expression"], metadata["Requires-Python"]) == ("Apache-2.0", ">=3.11")

    def test_works_without_the_checkout(self, wheel: zipfile.ZipFile, tmp_path: Path) -> None:
        """The quickstart runs on the wheel's files alone."""
        wheel.extractall(tmp_path / "site")
        quickstart = (ROOT / "examples/quickstart.py").read_text()
        code = f"""
import actum, actum_storage
assert actum.__file__.startswith({str(tmp_path)!r}), actum.__file__
assert actum_storage.__file__.startswith({str(tmp_path)!r}), actum_storage.__file__
exec(compile({quickstart!r}, "quickstart.py", "exec"))
"""
        assert run_python(code, path=tmp_path / "site", cwd=tmp_path) == "1 [Balance(account_id='alice', balance=50)]\n"
