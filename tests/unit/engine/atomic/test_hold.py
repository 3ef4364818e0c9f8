"""A hold in a mailbox: how it stands there, and how it leaves."""

from __future__ import annotations

import asyncio

import pytest
from actum.atomic.hold import Hold

from tests.support.bank import Account, Deposit, HeldAssessor, Lend, open_bank
from tests.support.scenes import scene, turns, until


@scene
async def test_a_hold_is_seen_in_the_mailbox_and_taken_in_its_turn() -> None:
    """It counts as a command that waits; taken, the actor is deciding; let go, it goes on."""
    assessor = HeldAssessor(held=True)
    async with open_bank(assessor=assessor) as bank:
        loan = asyncio.create_task(bank.send(Lend(account_id="ann", amount=1)))
        await until(lambda: assessor.asked)
        whole = asyncio.create_task(bank.send_atomic([Deposit(account_id=key, amount=1) for key in ("ann", "bob")]))
        await turns()
        actors = bank._core.directory.streams[Account.__name__].actors  # type: ignore[union-attr]
        ann, bob = actors["ann"], actors["bob"]
        assert ann.mailbox is not None
        assert bob.deciding is not None
        waiting, held = ann.mailbox[0][1], bob.deciding[1]
        assert isinstance(waiting, Hold)
        assert isinstance(held, Hold)
        assert (waiting.held, held.held, waiting.waiting, held.done()) == (False, True, True, False)
        assert repr(held) == f"<Hold {bob!r}>"
        assert not bob.idle
        waiting.leave()
        assert ann.mailbox is None
        held.step_back()  # it finds its place again, although it had left
        await turns()
        assessor.free.set()
        await asyncio.gather(loan, whole)
        assert (bob.deciding, bob.idle, bank.statistics().pending) == (None, True, 0)


@scene
async def test_nobody_answers_a_hold_or_waits_for_it() -> None:
    """That would be a bug."""
    hold = Hold(None, None)  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match="a hold was answered"):
        hold.set_result(None)
    with pytest.raises(AssertionError, match="waits for a hold"):
        hold.add_done_callback(print)
