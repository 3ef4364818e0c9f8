"""One run of a verb: what its results say of it."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import actum_tui.verbs.bench.sweep as sweep_verb
import pytest
from actum_bench.load.sustained import sustained
from actum_bench.results import Results

from tests.support.commands import exit_code_of
from tests.support.made_up_loads import made_up


def test_the_command_can_be_typed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words with spaces in them are quoted, as a shell needs it."""
    monkeypatch.setattr(sweep_verb, "sustained", partial(sustained, measure_each=made_up))
    monkeypatch.setattr(sys, "argv", ["/usr/bin/actum", "bench", "micro", "-k", "encode or frame"])
    save = tmp_path / "sweep.json"
    code, out, _ = exit_code_of("bench", "sweep", "--keys", 10, "--save", save)
    assert code == 0, out
    assert Results.load(save).command == "actum bench micro -k 'encode or frame'"
