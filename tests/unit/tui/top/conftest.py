"""What the tests of the dashboard share: sockets of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from actum.monitor import sites


@pytest.fixture
def sockets(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory for the sockets of this test's engines: short, since the system's limit is 108 bytes."""
    place = tmp_path_factory.mktemp("s") / "s"
    monkeypatch.setattr(sites, "directory", lambda: place)
    return place
