"""The bank as the `actum` command is told of it: `--app tests.support.bank_app:BANK`."""

from __future__ import annotations

from types import SimpleNamespace

from tests.support.bank import Account, Activities, Balances, HeldAssessor

BANK = SimpleNamespace(components=[Account, Balances, Activities], services=[HeldAssessor()])
CLASSES = [Account, Balances, Activities]
NOTHING = 7
