"""Reads the balance at a provider and compares it with the ledger. Called by orders/accounting/reconcile.py.

While orders are in flight, the expected balance is a range: the ledger's balance less the cost of orders that may have
been placed, up to the ledger's balance. Drift is the distance from that range, negative if money is missing.
"""

import secrets
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from panel.lib.money import plain
from panel.wallet import ledger
from providers.adapters.base import Balance
from providers.connection.connect import connected
from providers.models import BalanceReading, Provider


class OtherCurrencyError(Exception):
    """The provider's balance is in another currency than the one set for it; nothing was recorded."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """The ledger's balance and the cost of unconfirmed orders at one moment, in the provider's currency."""

    expected: Decimal
    at_risk: Decimal


def expected_balance(*, provider: Provider) -> Decimal:
    """Our prepaid balance at the provider by the ledger."""
    account = ledger.house_account(house=provider.account, currency=provider.currency)
    return ledger.balance(account=account)


def fetch_balance(*, provider: Provider) -> Balance:
    """The balance that the provider reports. Raises RetryLater and OtherCurrencyError."""
    with connected(provider) as adapter:
        balance = adapter.balance()
    if balance.currency and balance.currency.upper() != provider.currency.upper():
        text = _("%(provider)s reports a balance of %(amount)s %(reported)s, but its currency here is %(currency)s.")
        reported = {"amount": plain(balance.amount), "reported": balance.currency}
        raise OtherCurrencyError(text % {"provider": provider, "currency": provider.currency, **reported})
    return balance


def record_reading(*, provider: Provider, balance: Balance, before: Exposure, after: Exposure) -> BalanceReading:
    """Store a reading with its drift from the ledger before and after the call.

    The first reading is recorded as the opening balance.
    """
    with transaction.atomic(durable=True):
        previous = BalanceReading.objects.filter(provider=provider).order_by("-at", "-pk").first()
        expected = after.expected
        if previous is None:
            expected = _book_opening(provider, balance, after)
            drift = Decimal(0)
        else:
            drift = _drift(balance.amount, before, after)
        return BalanceReading.objects.create(
            provider=provider,
            balance=balance.amount,
            currency=provider.currency,
            expected=expected,
            at_risk=max(before.at_risk, after.at_risk),
            drift=drift,
        )


def record_deposit(*, provider: Provider, amount: Decimal, note: str = "", token: str = "") -> None:
    """Record money that was paid to the provider, or refunded with a negative amount. Each `token` records once.

    Raises IntegrityError for a used token.
    """
    key = f"deposit:{token or secrets.token_hex(8)}"
    with transaction.atomic():
        ledger.record_deposit(account=provider.account, currency=provider.currency, amount=amount, key=key, note=note)


def _book_opening(provider: Provider, balance: Balance, after: Exposure) -> Decimal:
    missing = balance.amount - after.expected
    if missing:
        ledger.record_deposit(
            account=provider.account,
            currency=provider.currency,
            amount=missing,
            key=f"deposit:opening:{provider.pk}",
            note=_("Opening balance"),
        )
    return balance.amount


def _drift(amount: Decimal, before: Exposure, after: Exposure) -> Decimal:
    lowest = min(before.expected, after.expected) - max(before.at_risk, after.at_risk)
    highest = max(before.expected, after.expected)
    return min(amount - lowest, Decimal(0)) + max(amount - highest, Decimal(0))
