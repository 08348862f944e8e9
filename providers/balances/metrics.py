"""Metrics of the providers' latest balance readings. Amounts are in each provider's currency."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import OuterRef, Subquery
from prometheus_client.core import GaugeMetricFamily

from panel.ops.metrics.gauges import gauge
from providers.models import BalanceReading, Provider


def read_gauges(*, now: datetime) -> Iterator[GaugeMetricFamily]:
    """The gauges. One query."""
    newest = BalanceReading.objects.filter(provider=OuterRef("pk")).order_by("-at", "-pk").values("pk")[:1]
    latest = Provider.objects.annotate(newest=Subquery(newest)).values("newest")
    readings = list(BalanceReading.objects.filter(pk__in=latest).select_related("provider").order_by("provider"))
    labels = ["provider", "currency"]
    named = [((str(reading.provider), reading.currency), reading) for reading in readings]
    yield gauge(
        "provider_balance", "Balance at the provider.", [(who, one.balance) for who, one in named], labels=labels
    )
    text = "Balance that the ledger cannot explain; negative if money is missing."
    yield gauge("provider_drift", text, [(who, one.drift) for who, one in named], labels=labels)
    ages = [(who[:1], (now - one.at).total_seconds()) for who, one in named]
    yield gauge("provider_reading_age_seconds", "Time since the balance was read.", ages, labels=labels[:1])
