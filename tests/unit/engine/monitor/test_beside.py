"""An engine of this process, asked as one in another process is."""

from __future__ import annotations

from pathlib import Path

import actum
import pytest
from actum import Engine, EngineClosed, Options, ReadOnly
from actum.monitor import Beside, Records, RecordsRequest, attach, engines, store_vitals

from tests.support.bank import Account, Activities, AllBalances, Balances, Deposit, HeldAssessor, open_bank
from tests.support.scenes import scene, until

OPTIONS = Options(gc_policy="none")


def read_only(store: actum.Store) -> Engine:
    """An engine on the files of a store that is open."""
    return Engine.open(store.lend(), Account, Balances, Activities, options=OPTIONS, read_only=True)


@scene
async def test_it_answers(tmp_path: Path) -> None:
    """On the files that a store has open, which stay open behind it; it is not listed as running."""
    async with open_bank(tmp_path / "bank") as bank:
        await bank.send(Deposit(account_id="a-1", amount=5))
    with actum.open_store(tmp_path / "bank") as store:
        async with read_only(store) as engine:
            beside = Beside(engine)
            answer = await beside.ask(RecordsRequest(1, 10))
            assert isinstance(answer, Records)
            assert [record.tag for record in answer.records] == ["Deposited"]
            assert (beside.hello.name, beside.hello.admin) == ("bank", False)
            assert await engine.ask(AllBalances()) == {"a-1": 5}
            assert [hello.store for _, hello in await engines() if hello.store == str(tmp_path / "bank")] == []
            beside.close()
        assert store_vitals(store).position == 1
        with pytest.raises(EngineClosed):
            Beside(engine)


@scene
async def test_who_leaves_at_once_hangs_up() -> None:
    """Whoever attaches and closes in the same turn of the loop leaves no connection behind."""
    async with open_bank(monitor=True) as bank:
        assert bank._monitor is not None
        assert bank._monitor.path is not None
        attached = await attach(bank._monitor.path)
        await attached.close()
        assert attached._writer.is_closing()
        await until(lambda: not bank._monitor._sessions)  # type: ignore[union-attr]


@scene
async def test_who_is_lent_files_writes_nothing(tmp_path: Path) -> None:
    """An engine that wants to write is refused, and the store stays open."""
    async with open_bank(tmp_path / "bank") as bank:
        await bank.send(Deposit(account_id="a-1", amount=5))
    with actum.open_store(tmp_path / "bank") as store:
        engine = Engine.open(store.lend(), Account, Balances, Activities, services=[HeldAssessor()], options=OPTIONS)
        with pytest.raises(ReadOnly):
            await engine
        assert store.head.position == 1
