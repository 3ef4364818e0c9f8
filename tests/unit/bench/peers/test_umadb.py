"""UmaDB's server and client."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.support.peers import need_package


@pytest.fixture
def peer() -> Iterator[ModuleType]:
    """The module; importing the package takes SIGINT over, which is given back."""
    need_package("umadb")
    before = signal.getsignal(signal.SIGINT)
    from actum_bench.peers import umadb  # noqa: PLC0415  # an extra

    yield umadb
    signal.signal(signal.SIGINT, before)


def test_a_conflict_is_decided_again(peer: ModuleType, tmp_path: Path) -> None:
    """Who appends to an account that another has appended to reads where it stands and appends after that."""
    with peer.server(str(tmp_path)) as url:
        first, second = peer.Bank(url), peer.Bank(url)
        try:
            assert [first.deposit("a", 5), second.deposit("a", 5), first.deposit("a", 5)] == [1, 2, 3]
            for bank in (first, second):
                bank.shown()
                assert [check for check in bank.ledger.checks(3, 3) if not check.ok] == []
            with pytest.raises(ValueError, match="positive"):
                first.deposit("a", 0)
            assert first.client.head() == 3
        finally:
            first.close()
            second.close()


def test_the_server_ends_with_its_block(peer: ModuleType, tmp_path: Path) -> None:
    """Afterwards nobody listens there."""
    with peer.server(str(tmp_path)) as url:
        assert peer.umadb.Client(url).head() is None
    with pytest.raises(peer.umadb.TransportError):
        peer.umadb.Client(url).head()


def test_a_server_that_does_not_start_says_why(peer: ModuleType, tmp_path: Path) -> None:
    """A file that is no database is an error with what the server said last."""
    (tmp_path / "bank.db").write_bytes(b"no database" * 4096)
    expected = "did not start: .*([Cc]orrupt|[Ii]nvalid|[Ee]rror)"
    with pytest.raises(peer.ServerError, match=expected), peer.server(str(tmp_path)):
        pass
