"""Staff record what was paid to a provider, or taken back, with a reason. Called by the admin's "Record a deposit"."""

from decimal import Decimal

from django.db import IntegrityError, transaction

from panel.lib.money import plain
from panel.ops import audit
from panel.wallet.models import Transfer
from providers.balances import record_deposit
from providers.models import Provider


def book_deposit(*, provider: Provider, amount: Decimal, reason: str, token: str, actor: str) -> bool:
    """Book `amount` in the provider's currency, in the audit trail with its reason; negative: taken back.

    The same `token` books once: False when it was booked before.
    """
    key = f"deposit:{token}"
    try:
        with transaction.atomic(durable=True):
            record_deposit(provider=provider, amount=amount, note=reason, token=token)
            detail = {"amount": plain(amount), "currency": provider.currency, "reason": reason, "transfer": key}
            audit.record(actor=actor, action="provider.deposit", target=f"provider:{provider.pk}", detail=detail)
    except IntegrityError:
        if Transfer.objects.filter(key=key).exists():
            return False
        raise
    return True
