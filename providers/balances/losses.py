"""What was spent at a provider for nothing, or came to us there for nothing. Called by who books a loss.

The exchange rate of the moment is kept with the booking: a report of a past day says the same, whatever the rate is set
to later.
"""

from decimal import Decimal

from panel.wallet import ledger
from panel.wallet.models import Transfer
from providers.models import LossRate, Provider


def record_loss(*, provider: Provider, amount: Decimal, key: str, note: str) -> None:
    """Book `amount` of the provider's currency as lost there, or gained where negative, in the caller's transaction."""
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
    """Book the opposite of the loss that was booked under `key`, at its exchange rate; nothing where none was."""
    booked = Transfer.objects.filter(key=key).first()
    if booked is None:
        return
    kept = LossRate.objects.filter(transfer=booked).first()
    move = ledger.Move(f"{key}:back", booked.target_id, booked.source_id, booked.amount, cause="", note=note)
    rate = kept.exchange_rate if kept else provider.exchange_rate
    LossRate.objects.create(transfer=ledger.transfer([move])[0], exchange_rate=rate)
