"""Which subject a workload is done on: the bank's are here, the shop's come from the checkout when asked for."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from actum_bench.checkout import CHECKOUT
from actum_bench.load.accounts import Accounts, FannedAccounts, LatestAccounts, RankedAccounts

if TYPE_CHECKING:
    from actum_bench.load.subject import Subject
    from actum_bench.load.workloads import Workload

Domain: TypeAlias = Literal["bank", "shop"]

BANK: dict[str, type[Subject]] = {
    "a": Accounts,
    "b": Accounts,
    "c": Accounts,
    "d": LatestAccounts,
    "e": RankedAccounts,
    "g": Accounts,
    "h": FannedAccounts,
    "i": Accounts,
}


class NoSubjectError(Exception):
    """A workload can't be done on what was asked for."""


def subject_of(workload: Workload, domain: Domain) -> type[Subject]:
    """What a workload is done on.

    Raises:
        NoSubjectError: the workload is not for this domain, or the shop is not there.
    """
    if domain not in workload.subjects:
        raise NoSubjectError(f"workload {workload.letter} is for the {' and the '.join(workload.subjects)} only")
    return BANK[workload.letter] if domain == "bank" else shop()[workload.letter]


def shop() -> dict[str, type[Subject]]:
    """The shop's subjects.

    Raises:
        NoSubjectError: `examples/shop` can't be imported.
    """
    if (CHECKOUT / "examples" / "shop").is_dir() and str(CHECKOUT) not in sys.path:
        sys.path.append(str(CHECKOUT))
    try:
        orders = import_module("actum_bench.load.orders")
    except ImportError as error:
        raise NoSubjectError(
            "the shop is part of the checkout, in examples/shop, and not of the installed package: "
            f"run this from a checkout, or use the bank ({error})"
        ) from error
    return cast("dict[str, type[Subject]]", orders.SUBJECTS)
