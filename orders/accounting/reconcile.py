"""Reconcile: read each provider's balance and set it against our books, which only the orders can complete."""

import logging
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Min, Sum

from orders.core import safe_mode
from orders.models import OTHER_CURRENCY, Order
from orders.rules.states import POSSIBLY_PLACED, State
from panel.lib.crypto import SealError
from panel.ops.alerts.alerts import close_alert, raise_alert
from panel.ops.models import Alert
from providers.adapters.errors import RetryLater
from providers.availability.backoff import reset_backoff
from providers.availability.circuit_breaker import pause_provider, resume_provider
from providers.balances import readings
from providers.balances.alert_rules import update_balance_alerts
from providers.balances.readings import Exposure, OtherCurrencyError
from providers.models import BalanceReading, Provider

log = logging.getLogger(__name__)

JOB = "read_balances"


@dataclass(slots=True)
class ReadResult:
    """What a run came to, in providers."""

    read: int = 0
    failed: int = 0
    drifting: int = 0


def read_balances() -> ReadResult:
    """Read the balance of every active provider. One that fails is logged, alerted on, and stops no other.

    None is read in safe mode: the books are not complete then, and what is missing in them would pass for drift.
    """
    result = ReadResult()
    for provider in providers_due():
        done, _ = read_provider(provider=provider)
        result.read += done.read
        result.failed += done.failed
        result.drifting += done.drifting
    return result


def providers_due() -> list[Provider]:
    """Those whose balances are read: the active ones, and none in safe mode."""
    return [] if safe_mode.is_on() else list(Provider.objects.filter(is_active=True).order_by("pk"))


def read_provider(*, provider: Provider) -> tuple[ReadResult, bool]:
    """Read one balance; what went wrong is logged and raises an alert. Also whether the provider answered at all."""
    reading, answered = _try_to_read(provider)
    if reading is None:
        return ReadResult(failed=1), answered
    return ReadResult(read=1, drifting=int(abs(reading.drift) > provider.drift_threshold)), answered


def read_balance(*, provider: Provider) -> BalanceReading:
    """ReadResult and record one provider's balance; end or begin the pauses that it speaks for.

    Raises RetryLater, OtherCurrencyError or SealError.
    """
    before = _exposure(provider)
    try:
        balance = readings.fetch_balance(provider=provider)
    except OtherCurrencyError as error:
        pause_provider(provider_id=provider.pk, reason="currency", detail=str(error))
        raise
    reading = readings.record_reading(provider=provider, balance=balance, before=before, after=_exposure(provider))
    reset_backoff(job=JOB, provider_id=provider.pk)
    resume_provider(provider_id=provider.pk, reason="key")
    if not _is_answering_otherwise(provider):
        resume_provider(provider_id=provider.pk, reason="currency")
    waiting = Order.objects.filter(provider=provider, state=State.QUEUED).aggregate(least=Min("expected_cost"))["least"]
    if reading.balance > 0 and reading.balance >= (waiting or Decimal(0)):
        resume_provider(provider_id=provider.pk, reason="funds")
    update_balance_alerts(provider=provider, now=reading.at)
    return reading


def _try_to_read(provider: Provider) -> tuple[BalanceReading | None, bool]:
    subject = f"balance-unread:{provider.pk}"
    try:
        reading = read_balance(provider=provider)
    except OtherCurrencyError:  # its own alert says what was reported
        close_alert(subject=subject)
        return None, True
    except (RetryLater, SealError) as error:
        log.warning("balance not read", extra={"provider": provider.pk, "why": str(error)})
        if isinstance(error, RetryLater) and error.reason == "key":
            pause_provider(provider_id=provider.pk, reason="key")
        raise_alert(
            subject=subject,
            level=Alert.Level.WARNING,
            title=f"The balance at {provider} cannot be read",
            detail=str(error),
        )
        return None, not isinstance(error, RetryLater) or error.reason == "key"
    close_alert(subject=subject)
    return reading, True


def _is_answering_otherwise(provider: Provider) -> bool:
    """Whether its last word on an order was in another currency: that pauses it, too, whatever its balance is in."""
    flagged = Order.objects.exclude(attention="")  # these have an index
    return flagged.filter(provider=provider, attention=OTHER_CURRENCY).exists()


def _exposure(provider: Provider) -> Exposure:
    """At risk first: an order that is accepted in between counts in both, never in neither."""
    orders = Order.objects.filter(provider=provider, state__in=POSSIBLY_PLACED)
    at_risk = orders.aggregate(sum=Sum("expected_cost"))["sum"] or Decimal(0)
    return Exposure(expected=readings.expected_balance(provider=provider), at_risk=at_risk)
