"""What a provider says our balance is, against what our books say. Called by reconcile, which knows the orders.

While orders are in flight the books allow a band, not a number: from what is surely left there less what may have been
spent, up to what is surely left. Drift is how far a reading lies outside of it, negative when money is missing.
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
    """What our books say at one moment, in the provider's currency."""

    expected: Decimal
    at_risk: Decimal


def expected_balance(*, provider: Provider) -> Decimal:
    """Our prepaid money there by the ledger."""
    account = ledger.house_account(house=provider.account, currency=provider.currency)
    return ledger.balance(account=account)


def fetch_balance(*, provider: Provider) -> Balance:
    """What the provider says. Raises RetryLater, and OtherCurrencyError."""
    with connected(provider) as adapter:
        balance = adapter.balance()
    if balance.currency and balance.currency.upper() != provider.currency.upper():
        text = _("%(provider)s reports a balance of %(amount)s %(reported)s, but its currency here is %(currency)s.")
        reported = {"amount": plain(balance.amount), "reported": balance.currency}
        raise OtherCurrencyError(text % {"provider": provider, "currency": provider.currency, **reported})
    return balance


def record_reading(*, provider: Provider, balance: Balance, before: Exposure, after: Exposure) -> BalanceReading:
    """Store a reading with the drift that the books before and after the call leave unexplained.

    The very first one books what was there before us as the opening balance.
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
    """Book money that was paid to the provider, or with a negative amount taken back. The same `token` books once.

    Raises IntegrityError for a token that was used.
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
            note="Opening balance",
        )
    return balance.amount


def _drift(amount: Decimal, before: Exposure, after: Exposure) -> Decimal:
    lowest = min(before.expected, after.expected) - max(before.at_risk, after.at_risk)
    highest = max(before.expected, after.expected)
    return min(amount - lowest, Decimal(0)) + max(amount - highest, Decimal(0))
