"""The Balances pages: each provider's balance with its history, drift, deposits and alerts, and a check on demand."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_POST, require_safe

from orders.accounting.provider_balances import Waiting, funds, waiting_orders
from orders.accounting.reconcile import read_balance
from orders.core import safe_mode
from orders.staff.drift import drift_of
from panel.lib.crypto import SealError
from panel.ops.alerts.alert_pages import PAGES
from panel.ops.models import Alert
from panel.wallet.models import Transfer
from panel.web.access import need, staff_only
from panel.web.formatting import money_text
from panel.web.pages import BoundedPaginator
from providers.adapters.errors import RetryLater
from providers.availability.pause_texts import ENDED_BY_STAFF, PAUSE_TEXTS
from providers.balances.deposits import deposits_and_corrections
from providers.balances.history import last_reading_per_bucket
from providers.balances.provider_balances import ProviderBalance, provider_balances
from providers.balances.readings import OtherCurrencyError, expected_balance
from providers.models import BalanceReading, Provider

PAGE_SIZE = 25
MAX_DEPOSITS = 10
MAX_ALERTS = 6


@dataclass(frozen=True, slots=True)
class Range:
    """The period of a chart and the time between its points, which are some hundreds."""

    slug: str
    label: str | Promise
    length: timedelta
    bucket: timedelta


RANGES = (
    Range("day", _lazy("24 hours"), timedelta(days=1), timedelta(minutes=5)),
    Range("week", _lazy("7 days"), timedelta(days=7), timedelta(minutes=30)),
    Range("month", _lazy("30 days"), timedelta(days=30), timedelta(hours=2)),
    Range("year", _lazy("12 months"), timedelta(days=365), timedelta(days=1)),
)


@staff_only("providers.view_balancereading")
@require_safe
def staff_balances(request: HttpRequest) -> HttpResponse:
    """List all providers, the most urgent first, with their sums in the shop's currency."""
    totals = funds(fundings=provider_balances(now=timezone.now()), waiting=waiting_orders())
    return render(request, "staff/balances.html", {"funds": totals})


@staff_only("providers.view_balancereading")
@require_safe
def staff_provider(request: HttpRequest, provider_id: int) -> HttpResponse:
    """Show one provider: the chart, the balance checks with their drift, deposits and alerts."""
    now = timezone.now()
    funding = next(iter(provider_balances(now=now, provider_ids=[provider_id])), None)
    if funding is None:
        raise Http404
    provider = funding.provider
    chosen = next((known for known in RANGES if known.slug == request.GET.get("range")), RANGES[0])
    readings = BalanceReading.objects.filter(provider=provider).order_by("-at", "-pk")
    deposits = _deposits(provider)
    context = {
        "provider": provider,
        "funding": funding,
        "pauses": [(pause, PAUSE_TEXTS[pause.reason], pause.reason in ENDED_BY_STAFF) for pause in funding.pauses],
        "ledger_balance": funding.reading.expected if funding.reading else expected_balance(provider=provider),
        "ranges": RANGES,
        "chosen": chosen,
        "chart": _chart(funding, chosen, now),
        "drift": drift_of(funding, latest=[booked for booked, is_in in deposits], now=now),
        "waiting": waiting_orders().get(provider.pk, Waiting()),
        "page": BoundedPaginator(readings, PAGE_SIZE).get_page(request.GET.get("page")),
        "deposits": deposits,
        "alerts": _alerts(provider),
    }
    return render(request, "staff/provider.html", context)


@staff_only("providers.view_balancereading")
@require_POST
def read_now(request: HttpRequest, provider_id: int) -> HttpResponse:
    """Read the balance at the provider now and record it; that may pause or resume the provider."""
    need(request, "providers.change_provider")
    provider = get_object_or_404(Provider, pk=provider_id)
    if safe_mode.is_on_now():
        messages.error(request, safe_mode.STAFF_NOTICE)
        return redirect("staff_provider", provider.pk)
    try:
        reading = read_balance(provider=provider)
    except RetryLater as error:
        messages.error(request, _("The balance could not be read: %(error)s") % {"error": error.text})
    except OtherCurrencyError as error:
        messages.error(request, str(error))
    except SealError:
        messages.error(request, _("The API key cannot be decrypted. Enter it again in the provider's settings."))
    else:
        amount = money_text(reading.balance, currency=reading.currency)
        messages.success(request, _("Balance: %(amount)s.") % {"amount": amount})
    return redirect("staff_provider", provider.pk)


def _chart(funding: ProviderBalance, chosen: Range, now: datetime) -> dict[str, Any]:
    """The chart's data: the balance checks and the forecast, as floats for drawing only, and its texts."""
    provider = funding.provider
    readings = last_reading_per_bucket(provider_ids=[provider.pk], since=now - chosen.length, bucket=chosen.bucket)
    return {
        "at": [int(reading.at.timestamp()) for reading in readings],
        "balance": [float(reading.balance) for reading in readings],
        "expected": [float(reading.expected) for reading in readings],
        "low": float(provider.low_balance),
        "currency": provider.currency,
        "forecast": _forecast(funding, chosen),
        "labels": {
            "balance": _("Balance"),
            "ledger": _("Ledger"),
            "forecast": _("Forecast"),
            "low": _("Low-balance alert"),
        },
    }


def _forecast(funding: ProviderBalance, chosen: Range) -> list[float] | None:
    """The end of the forecast line, as time and balance; at most a quarter of the period ahead."""
    if funding.reading is None or funding.dry_at is None:
        return None
    ahead = min(funding.dry_at - funding.reading.at, chosen.length / 4)
    rest = float(funding.reading.balance) - float(funding.spend.per_hour) * (ahead / timedelta(hours=1))
    return [int((funding.reading.at + ahead).timestamp()), max(0.0, rest)]


def _deposits(provider: Provider) -> list[tuple[Transfer, bool]]:
    """The latest ledger entries without an order, each with whether it is a deposit."""
    latest = deposits_and_corrections(provider=provider).select_related("target").order_by("-pk")[:MAX_DEPOSITS]
    return [(booked, booked.target.house == provider.account) for booked in latest]


def _alerts(provider: Provider) -> list[Alert]:
    """Alerts about this provider: the open ones, then the latest closed ones."""
    subjects = [f"{kind}:{provider.pk}" for kind in PAGES]
    alerts = Alert.objects.filter(subject__in=subjects)
    return list(alerts.order_by(F("closed_at").desc(nulls_first=True), "-pk")[:MAX_ALERTS])
