"""A nursery: a process that has imported what measurements need, does nothing itself, and forks a child for each.

Starting Python and importing actum takes longer than many a measurement. A child that is forked begins with both done
and with nothing else: the nursery has one thread, no engine, no loop and no garbage of an earlier measurement, so it is
as new as a process of its own. It reads orders from its standard input and writes an answer for each, a line of JSON.

    verb ── Order ──> nursery ── fork ──> child, leader of a process group
         <── Answer ──        <── Sample ──

When a child is through, or the nursery's standard input ends, everything that is left of the child's group is killed:
a server that it started, the child itself. So nothing outlives the verb, whatever ends that.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from select import select
from tempfile import TemporaryFile
from typing import IO, NoReturn

import msgspec

from actum_bench.results import Parameter, Sample

#: Standard input, read without a buffer: what was read ahead would not be seen by `select`.
ORDERS = 0
#: Of what a child said, so much is kept for the reason.
SAID_MAX = 2_000
READ_BYTES = 65_536


class Order(msgspec.Struct, frozen=True):
    """A measurement to be carried out.

    Attributes:
        name: `module:function`.
        given: its parameters.
    """

    name: str
    given: dict[str, Parameter]


class Answer(msgspec.Struct, frozen=True):
    """What came of it.

    Attributes:
        sample: the figures, if it gave any.
        failure: otherwise the reason, to be read after the measurement's name.
    """

    sample: Sample | None = None
    failure: str = ""


class OrphanedError(Exception):
    """Nobody waits for answers any more."""


def main() -> None:
    """Be the nursery, until no more orders can come."""
    import_module("actum")  # so that no child has to
    decode, encode = msgspec.json.Decoder(Order).decode, msgspec.json.encode
    with open(ORDERS, "rb", buffering=0, closefd=False) as orders:  # it is a number, not a path
        while line := orders.readline():
            try:
                answer = carried_out(decode(line))
            except OrphanedError:
                return
            sys.stdout.buffer.write(encode(answer) + b"\n")
            sys.stdout.buffer.flush()


def carried_out(order: Order) -> Answer:
    """Fork a child for an order, and wait for what it gives.

    Raises:
        OrphanedError: the one who gave the order is gone; so is the child then.
    """
    with suppress(Exception):  # if it can't be imported, the child says so
        function_of(order)
    with TemporaryFile() as said:
        receiving, giving = os.pipe()
        child = os.fork()
        if child == 0:
            be_child(order, giving, said)
        os.close(giving)
        with suppress(OSError):  # the child does the same; who is first does not matter
            os.setpgid(child, child)
        try:
            given = all_that_comes(receiving)
        except OrphanedError:
            end_group(child)
            os.waitpid(child, 0)
            raise
        finally:
            os.close(receiving)
        _, status = os.waitpid(child, 0)
        end_group(child)
        return answer_of(given, os.waitstatus_to_exitcode(status), said)


def function_of(order: Order) -> Callable[..., Sample]:
    """The measurement of a name."""
    module, _, attribute = order.name.partition(":")
    function: Callable[..., Sample] = getattr(import_module(module), attribute)
    return function


def be_child(order: Order, giving: int, said: IO[bytes]) -> NoReturn:
    """Measure, give what came of it, and end without a way back into the nursery."""
    code = 1
    try:
        os.setpgid(0, 0)
        os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())
        for stream in (sys.stdout, sys.stderr):
            os.dup2(said.fileno(), stream.fileno())
        given = msgspec.json.encode(function_of(order)(**order.given))
        while given:
            given = given[os.write(giving, given) :]
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001  # whatever it is, it is the reason
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def all_that_comes(receiving: int) -> bytes:
    """Everything that a child writes until it is through.

    Raises:
        OrphanedError: the orders ended meanwhile.
    """
    parts: list[bytes] = []
    while True:
        ready, _, _ = select([receiving, ORDERS], [], [])
        if ORDERS in ready:  # no order comes before this one is answered
            raise OrphanedError
        part = os.read(receiving, READ_BYTES)
        if not part:
            return b"".join(parts)
        parts.append(part)


def end_group(child: int) -> None:
    """Kill a child and whatever it started, as far as they are still there."""
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)


def answer_of(given: bytes, code: int, said: IO[bytes]) -> Answer:
    """The figures that a child gave, or why there are none."""
    said.seek(0)
    lines = said.read().decode(errors="replace").strip()[-SAID_MAX:].splitlines()
    if code != 0:
        return Answer(failure=f"failed: {lines[-1] if lines else code}")
    try:
        return Answer(msgspec.json.decode(given, type=Sample))
    except msgspec.MsgspecError:
        return Answer(failure=f"gave no figures: {lines[-1] if lines else 'nothing at all'}")


if __name__ == "__main__":
    main()
