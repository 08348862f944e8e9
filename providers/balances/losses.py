"""Records losses and gains at a provider, with the exchange rate of that moment. Called by corrections and orders.

The stored rate keeps reports of past days the same when the exchange rate changes later.
"""

from decimal import Decimal

from panel.wallet import ledger
from panel.wallet.models import Transfer
from providers.models import LossRate, Provider


def record_loss(*, provider: Provider, amount: Decimal, key: str, note: str) -> None:
    """Record `amount` in the provider's currency as a loss, or as a gain if negative. In the caller's transaction."""
    transfer = ledger.record_deposit(
        account=provider.account,
        currency=provider.currency,
        amount=-amount,
        key=key,
        note=note,
        against=ledger.LOSS,
    )
    LossRate.objects.create(transfer=transfer, exchange_rate=provider.exchange_rate)


def reverse_loss(*, provider: Provider, key: str, note: str) -> None:
    """Reverse the loss with this `key` at its exchange rate. Does nothing if there is none."""
    booked = Transfer.objects.filter(key=key).first()
    if booked is None:
        return
    kept = LossRate.objects.filter(transfer=booked).first()
    move = ledger.Move(f"{key}:back", booked.target_id, booked.source_id, booked.amount, cause="", note=note)
    rate = kept.exchange_rate if kept else provider.exchange_rate
    LossRate.objects.create(transfer=ledger.transfer([move])[0], exchange_rate=rate)
