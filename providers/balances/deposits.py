"""Staff record what was paid to a provider, or taken back, with a reason. Called by the admin's "Record a deposit".

Also what was booked on a provider's account without an order, for the staff's pages.
"""

from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from panel.lib.money import plain
from panel.ops import audit
from panel.wallet.models import Transfer
from providers.balances.readings import record_deposit
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


def is_that_deposit(*, provider: Provider, amount: Decimal, token: str) -> bool:
    """Whether the token was used for this very amount at this provider, and not for something else."""
    booked = Transfer.objects.select_related("source", "target").get(key=f"deposit:{token}")
    signed = booked.amount if booked.target.house == provider.account else -booked.amount
    return provider.account in {booked.source.house, booked.target.house} and signed == amount


def deposits_and_corrections(*, provider: Provider) -> QuerySet[Transfer]:
    """Every deposit and every explained drift there, in no order; `target` is the provider's account where it came in.

    Read by their keys: the account itself has a transfer for every order.
    """
    booked = Q(key__startswith="deposit:") | Q(key__startswith="drift:")
    there = Q(source__house=provider.account) | Q(target__house=provider.account)
    return Transfer.objects.filter(booked, there)
