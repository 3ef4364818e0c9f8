"""The card network: which cards are good. A payment asks it before it is taken.

It answers at once, from what it knows here, as with a list of blocked cards that a bank sends every night. A step of
the fulfilment keeps all of its aggregates until its last decision is made, so a call over a network would keep the
stock of other customers waiting. Telling the bank is for a subscription to `PaymentTaken` and `PaymentRefunded`: it may
take its time, and try again; a record's position is the key that makes it once.
"""

#: Cards that begin so are refused, like the test cards of real networks.
REFUSED = "refused-"


class CardNetwork:
    """Knows which cards are good."""

    def accepts(self, card: str) -> bool:
        """Whether a card may be charged."""
        return not card.startswith(REFUSED)
