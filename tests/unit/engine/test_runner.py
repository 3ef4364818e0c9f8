"""`actum.run`: the fastest loop there is, or asyncio's."""

from __future__ import annotations

import asyncio
import sys

import actum
import pytest


async def name_of_loop() -> str:
    """The module of the running loop."""
    return type(asyncio.get_running_loop()).__module__.partition(".")[0]


def test_uvloop_runs_where_it_is_installed() -> None:
    """And the coroutine's result comes back."""
    pytest.importorskip("uvloop")
    assert actum.run(name_of_loop()) == "uvloop"


def test_asyncio_s_loop_runs_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without uvloop everything works, slower."""
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert actum.run(name_of_loop()) == "asyncio"


@pytest.mark.parametrize("with_uvloop", [True, False])
def test_debug_reaches_the_loop(monkeypatch: pytest.MonkeyPatch, *, with_uvloop: bool) -> None:
    """As with `asyncio.run`."""
    if not with_uvloop:
        monkeypatch.setitem(sys.modules, "uvloop", None)

    async def is_debug() -> bool:
        return asyncio.get_running_loop().get_debug()

    assert actum.run(is_debug(), debug=True)
    assert not actum.run(is_debug(), debug=False)


def test_an_error_comes_out() -> None:
    """What the coroutine raises is raised."""

    async def fail() -> None:
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        actum.run(fail())
