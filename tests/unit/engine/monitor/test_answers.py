"""Questions and actions over a real socket."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

import pytest
from actum.monitor import (
    ActionDone,
    Beside,
    DeadLettersRequest,
    DeadlinesRequest,
    ProcessesRequest,
    Records,
    RecordsRequest,
    RetryDeadLetter,
    Unanswered,
    answers,
    attach,
)

from tests.support.bank import Note, open_bank
from tests.support.scenes import scene
from tests.support.troubled import MENDED, fill_troubled, open_troubled, quiet

if TYPE_CHECKING:
    from pathlib import Path


@scene
async def test_what_happens_by_itself_is_asked_for(tmp_path: Path) -> None:
    """Instances, deadlines, dead letters: what the engine knows comes over whole."""
    await fill_troubled(tmp_path / "shop")
    async with open_troubled(tmp_path / "shop", monitor=True) as shop:
        await quiet(shop)
        async with await attach(tmp_path / "shop") as attached:
            processes = await attached.ask(ProcessesRequest(key="failed", process="Fulfilment"))
            (one,) = processes.instances  # type: ignore[union-attr]
            assert one.values["product_id"] == "apple"
            deadlines = await attached.ask(DeadlinesRequest(deadline_id="refused"))
            assert deadlines.deadlines[0].reason == "Rejected: the order is new"  # type: ignore[union-attr]
            letters = await attached.ask(DeadLettersRequest())
            assert letters.letters[0].letter.error.startswith("ValueError: no such letter")  # type: ignore[union-attr]
            with pytest.raises(Unanswered, match="limit=0"):
                await attached.ask(ProcessesRequest(limit=0))
            with pytest.raises(Unanswered, match="admin=True") as refused:
                await attached.ask(RetryDeadLetter("mailer", 1))
            assert refused.value.error == "ReadOnly"


@scene
async def test_who_acts_is_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The process and the user at the other end of the socket."""
    await fill_troubled(tmp_path / "shop")
    async with open_troubled(tmp_path / "shop", monitor=True, admin=True) as shop:
        await quiet(shop)
        monkeypatch.setenv(MENDED, "yes")
        async with await attach(tmp_path / "shop") as attached:
            letters = await attached.ask(DeadLettersRequest())
            position = letters.letters[0].letter.position  # type: ignore[union-attr]
            with caplog.at_level(logging.INFO, "actum.monitor"):
                done = await attached.ask(RetryDeadLetter("mailer", position))
            assert done == ActionDone(f"mailer has handled the event at position {position}")
    (line,) = [record for record in caplog.records if record.__dict__.get("actum_event") == "action done"]
    assert line.__dict__["actum_who"] == f"process {os.getpid()} of user {os.getuid()}"


@scene
async def test_large_records_come_in_several_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer ends behind the record that makes it large enough, also within a frame; the next begins there."""
    monkeypatch.setattr(answers, "RECORDS_BYTES_MAX", 3_000)
    async with open_bank() as bank:
        await bank.send_many([Note(account_id="a", text="x" * 1_000) for _ in range(10)])
        found: list[int] = []
        sizes: list[int] = []
        while len(found) < 10:
            answer = await Beside(bank).ask(RecordsRequest(len(found) + 1, 10))
            assert isinstance(answer, Records)
            found += [record.position for record in answer.records]
            sizes.append(len(answer.records))
            assert all("x" * 1_000 in str(record.event) for record in answer.records)
        assert found == list(range(1, 11))
        assert max(sizes) == 3
