"""The balance monitor: each provider's money, its readings as a chart, drift and alerts, and a reading on demand."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from orders.reconcile import read_balance
from panel.lib.crypto import SealError
from panel.ops.alert_views import PLACES
from panel.ops.models import Alert
from panel.wallet.models import Account, Transfer
from panel.web.access import staff_only
from panel.web.figures import money_text
from providers.adapters.errors import RetryLater
from providers.balances import OtherCurrencyError, expected_balance
from providers.funding import fundings
from providers.models import BalanceReading, Provider

READINGS_A_PAGE = 25
POINTS = 600
DEPOSITS = 10
ALERTS = 6


@dataclass(frozen=True, slots=True)
class Range:
    """How far back a chart goes."""

    slug: str
    label: str
    length: timedelta


RANGES = (
    Range("day", "24 hours", timedelta(days=1)),
    Range("week", "7 days", timedelta(days=7)),
    Range("month", "30 days", timedelta(days=30)),
)


@staff_only("providers.view_balancereading")
@require_safe
def staff_balances(request: HttpRequest) -> HttpResponse:
    """All providers as cards."""
    return render(request, "staff/balances.html", {"fundings": fundings(now=timezone.now())})


@staff_only("providers.view_balancereading")
@require_safe
def staff_provider(request: HttpRequest, provider_id: int) -> HttpResponse:
    """One provider: the chart, the readings with their drift, deposits and alerts."""
    provider = get_object_or_404(Provider, pk=provider_id)
    now = timezone.now()
    (funding,) = fundings(now=now, provider_ids=[provider.pk])
    chosen = next((known for known in RANGES if known.slug == request.GET.get("range")), RANGES[0])
    readings = BalanceReading.objects.filter(provider=provider).order_by("-at", "-pk")
    context = {
        "provider": provider,
        "funding": funding,
        "books": expected_balance(provider=provider),
        "ranges": RANGES,
        "chosen": chosen,
        "chart": _chart(provider, since=now - chosen.length),
        "page": Paginator(readings, READINGS_A_PAGE).get_page(request.GET.get("page")),
        "deposits": _deposits(provider),
        "alerts": _alerts(provider),
    }
    return render(request, "staff/provider.html", context)


@staff_only("providers.view_balancereading")
@require_POST
def read_now(request: HttpRequest, provider_id: int) -> HttpResponse:
    """Ask the provider for our balance there now."""
    provider = get_object_or_404(Provider, pk=provider_id)
    try:
        reading = read_balance(provider=provider)
    except RetryLater as error:
        messages.error(request, f"The balance could not be read: {error.text}")
    except OtherCurrencyError as error:
        messages.error(request, str(error))
    except SealError:
        messages.error(request, "The API key cannot be opened: enter it again in the provider's settings.")
    else:
        amount = money_text(reading.balance, currency=reading.currency)
        messages.success(request, f"Read: {amount}.")
    return redirect("staff_provider", provider.pk)


def _chart(provider: Provider, *, since: datetime) -> dict[str, Any]:
    """The readings as the chart wants them: numbers for drawing alone, at most some hundreds."""
    rows = list(
        BalanceReading.objects.filter(provider=provider, at__gte=since)
        .order_by("-at", "-pk")
        .values_list("at", "balance", "expected")
    )
    thinned = rows[:: max(1, -(-len(rows) // POINTS))][::-1]
    return {
        "at": [int(at.timestamp()) for at, _, _ in thinned],
        "balance": [float(balance) for _, balance, _ in thinned],
        "expected": [float(expected) for _, _, expected in thinned],
        "low": float(provider.low_balance),
        "currency": provider.currency,
    }


def _deposits(provider: Provider) -> list[tuple[Transfer, bool]]:
    """The latest, each with whether it came in."""
    account = Account.objects.filter(house=provider.account, currency=provider.currency).first()
    if account is None:
        return []
    touching = Transfer.objects.filter(Q(source=account) | Q(target=account), key__startswith="deposit:")
    return [(deposit, deposit.target_id == account.pk) for deposit in touching.order_by("-pk")[:DEPOSITS]]


def _alerts(provider: Provider) -> list[Alert]:
    """Those about this provider: the open ones, then the latest."""
    subjects = [f"{kind}:{provider.pk}" for kind in PLACES]
    alerts = Alert.objects.filter(subject__in=subjects)
    return list(alerts.order_by(F("closed_at").desc(nulls_first=True), "-pk")[:ALERTS])
