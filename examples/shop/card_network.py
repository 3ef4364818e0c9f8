"""The card network: who moves the money. In a company it is a bank's service behind a network; here it says yes.

What is asked of it happens outside of the shop's log, so it may be asked twice: when the shop dies between the answer
and the commit, the command is decided again. That is why each call has a key, `once`, under which it has its effect
once, as the networks of this world offer it.
"""

import asyncio

#: Cards whose token begins so are refused, as the test cards of real networks are.
REFUSED = "refused-"


class CardNetwork:
    """Charges cards and gives money back."""

    async def charge(self, card: str, amount_cents: int, *, once: str) -> bool:
        """Take money from a card; whether the card was good for it. The same `once` again changes nothing."""
        del amount_cents, once
        await asyncio.sleep(0)  # a network would take its time here: this order waits, all others go on
        return not card.startswith(REFUSED)

    async def refund(self, card: str, amount_cents: int, *, once: str) -> None:
        """Give money back to a card. The same `once` again changes nothing."""
        del card, amount_cents, once
        await asyncio.sleep(0)
