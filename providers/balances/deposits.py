"""Records deposits to a provider with a reason, and lists deposits and corrections. Called by admin and commands."""

from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from panel.lib.money import plain
from panel.ops import audit
from panel.wallet.models import Transfer
from providers.balances.readings import record_deposit
from providers.models import Provider


def book_deposit(*, provider: Provider, amount: Decimal, reason: str, token: str, actor: str) -> bool:
    """Record a deposit in the provider's currency, with an audit entry; a negative amount is a refund to us.

    Each `token` records once. Returns False if it was recorded before.
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
    """Whether the token was used for this amount at this provider."""
    booked = Transfer.objects.select_related("source", "target").get(key=f"deposit:{token}")
    signed = booked.amount if booked.target.house == provider.account else -booked.amount
    return provider.account in {booked.source.house, booked.target.house} and signed == amount


def deposits_and_corrections(*, provider: Provider) -> QuerySet[Transfer]:
    """All deposits and corrections of a provider, unordered; the `target` of incoming ones is the provider's account.

    They are selected by key, since the account also has a transfer for every order.
    """
    booked = Q(key__startswith="deposit:") | Q(key__startswith="drift:")
    there = Q(source__house=provider.account) | Q(target__house=provider.account)
    return Transfer.objects.filter(booked, there)
