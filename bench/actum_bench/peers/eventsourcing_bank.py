"""The bank as the documentation of `eventsourcing` writes such a thing: aggregate, application, projection, view.

* The cache of aggregates is on and unlimited. Fast-forwarding is off, as its documentation says for an application
  that is alone on its database. Cached aggregates are copied for each command: that is the default, and what keeps a
  command that fails from leaving a half-changed aggregate behind.
* The view is a tracking recorder in memory, changed by a `Projection`. It is fed with what `save` returns, in the order
  of the notifications: that costs less than the subscription of a `ProjectionRunner`, which reads and decodes every
  event again, and SQLite has no subscriptions.
* Accounts have to be created before anybody can pay in. That is done before the clock starts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.application import Application
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.domain import Aggregate, DomainEventProtocol, event
from eventsourcing.persistence import IntegrityError, Recording, Tracking
from eventsourcing.popo import POPOTrackingRecorder
from eventsourcing.projection import Projection

from actum_bench.bank import account_of
from actum_bench.peers.clients import served, touched
from actum_bench.peers.ledger import AMOUNT, Balance, checks
from actum_bench.results import Check, Sample

#: As its documentation says for an application that is alone on its database.
CACHED = {"AGGREGATE_CACHE_MAXSIZE": "0", "AGGREGATE_CACHE_FASTFORWARD": "n"}
#: So many accounts are created in one transaction.
CREATED_AT_ONCE = 1_000


class Account(Aggregate):
    """One account."""

    class Deposited(Aggregate.Event):
        """Money came in."""

        amount: int

    def __init__(self, name: str) -> None:
        """Empty."""
        self.name = name
        self.balance = 0

    @staticmethod
    def create_id(name: str) -> UUID:
        """The id of the account with a name."""
        return uuid5(NAMESPACE_URL, f"/accounts/{name}")

    @event(Deposited)
    def deposit(self, amount: int) -> None:
        """Positive amounts only; the balance grows."""
        if amount <= 0:
            raise ValueError("amount must be positive")
        self.balance += amount


class Balances(POPOTrackingRecorder):
    """The view."""

    def __init__(self) -> None:
        """No account."""
        super().__init__()
        self.rows: dict[UUID, Balance] = {}

    def deposited(self, account_id: UUID, amount: int, tracking: Tracking) -> None:
        """One deposit more."""
        with self._database_lock:
            self._assert_tracking_uniqueness(tracking)
            self._insert_tracking(tracking)
            row = self.rows.get(account_id)
            if row is None:
                self.rows[account_id] = Balance(amount, 1)
            else:
                self.rows[account_id] = Balance(row.balance + amount, row.deposits + 1)


class BalancesProjection(Projection[Balances]):
    """What events do to the view."""

    @singledispatchmethod
    def process_event(
        self,
        domain_event: DomainEventProtocol[UUID],  # noqa: ARG002  # its type is what is dispatched on
        tracking: Tracking,
    ) -> None:
        """Anything else is only passed by."""
        self.view.insert_tracking(tracking)

    @process_event.register
    def deposited(  # type: ignore[misc]  # its decorator forgets the signature
        self, domain_event: Account.Deposited, tracking: Tracking
    ) -> None:
        """Money came in."""
        self.view.deposited(domain_event.originator_id, domain_event.amount, tracking)


class Bank(Application[UUID]):
    """The application, with a view that is right as soon as all events before an answer are in it."""

    name = "bank"

    def __init__(self, environment: Mapping[str, str]) -> None:
        """An empty store.

        Args:
            environment: where events are kept, and how.
        """
        super().__init__({**CACHED, **environment})
        self.projection = BalancesProjection(Balances())
        self.shown = 0
        self._feeding = Lock()
        self._waiting: dict[int, DomainEventProtocol[UUID]] = {}

    def create(self, names: Sequence[str]) -> None:
        """Create accounts."""
        for first in range(0, len(names), CREATED_AT_ONCE):
            self.feed(self.save(*map(Account, names[first : first + CREATED_AT_ONCE])))

    def deposit(self, account_id: UUID, amount: int) -> None:
        """Pay in; again if another thread was faster, as its documentation says of integrity errors."""
        while True:
            account: Account = self.repository.get(account_id)
            account.deposit(amount)
            try:
                recordings = self.save(account)
            except IntegrityError:
                continue
            self.feed(recordings)
            return

    def feed(self, recordings: Sequence[Recording[UUID]]) -> None:
        """Show what was saved, in the order of the notifications."""
        with self._feeding:
            for recording in recordings:
                self._waiting[recording.notification.id] = recording.domain_event
            while (domain_event := self._waiting.pop(self.shown + 1, None)) is not None:
                self.shown += 1
                self.projection.process_event(domain_event, Tracking(self.name, self.shown))


def measured(
    environment: Mapping[str, str],
    *,
    clients: int,
    commands: int,
    accounts: int,
    threads: int,
    also: Callable[[Bank], list[Check]] = lambda _: [],
) -> Sample:
    """Clients of one application.

    Args:
        environment: where it keeps its events.
        clients: how many.
        commands: of all of them together.
        accounts: that they pay into.
        threads: that play them.
        also: what else has to be true afterwards.
    """
    with Bank(environment) as bank:
        names = touched(clients, commands, accounts)
        bank.create(names)
        ids = {name: Account.create_id(name) for name in names}
        sample = served(
            lambda client, step: bank.deposit(ids[account_of(client, step, accounts)], AMOUNT),
            lambda: None,  # when the last deposit was fed all those before it were
            clients=clients,
            commands=commands,
            threads=threads,
        )
        stored = (bank.recorder.max_notification_id() or 0) - len(names)
        rows = bank.projection.view.rows.values()
        return Sample(sample.values, [*checks(sample.values["sent"], stored, rows), *also(bank)])
