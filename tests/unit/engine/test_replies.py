"""The replies of `send_many`: many answers, one wake-up."""

from __future__ import annotations

import asyncio

import pytest
from actum import Receipt, Rejected
from actum.replies import Replies

from tests.support.scenes import scene


def receipt(key: str) -> Receipt:
    """Some receipt."""
    return Receipt(bytes(16), key, 1, 1, ())


@scene
async def test_the_caller_wakes_when_the_last_answer_is_there() -> None:
    """In whatever order the answers come, they are kept in the order of the commands."""
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    replies = Replies(future, 3)
    parts = [replies.part(index) for index in range(3)]
    refused = Rejected("no")
    parts[2].set_result(receipt("c"))
    parts[0].set_result(receipt("a"))
    assert not future.done()
    parts[1].set_exception(refused)
    assert future.done()
    assert replies.outcomes == [receipt("a"), refused, receipt("c")]


@scene
async def test_a_cancelled_caller_abandons_every_part() -> None:
    """Commands still in mailboxes see that nobody waits; late answers do no harm."""
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    replies = Replies(future, 1)
    part = replies.part(0)
    assert not part.done()
    future.cancel()
    assert part.done()
    part.set_result(receipt("a"))
    assert replies.outcomes == [receipt("a")]


@scene
async def test_only_the_engine_s_errors_are_answers() -> None:
    """Anything else would be a bug of the engine, and is noticed."""
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    with pytest.raises(AssertionError):
        Replies(future, 1).part(0).set_exception(ValueError("not ours"))
