"""Readings over hours, days and months: bounded in number for the chart, thinned out when they are old."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from providers.balances.history import last_reading_per_bucket, thin_readings
from providers.models import BalanceReading, Provider
from providers.tasks import thin_readings as thin_readings_task

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
FIVE_MINUTES = timedelta(minutes=5)


@pytest.fixture
def north() -> Provider:
    return Provider.objects.create(name="North", url="https://north.example/")


def read(provider: Provider, first: datetime, count: int, *, drift: int = 0) -> None:
    """So many readings, five minutes apart; each balance is its number."""
    BalanceReading.objects.bulk_create(
        BalanceReading(
            provider=provider, at=first + n * FIVE_MINUTES, balance=n, currency="USD", expected=n, drift=drift
        )
        for n in range(count)
    )


def test_the_last_reading_of_each_bucket_stands_for_all(
    north: Provider, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    read(north, NOW - timedelta(hours=3), 36)
    south = Provider.objects.create(name="South", url="https://south.example/")
    read(south, NOW - timedelta(hours=1), 3)
    with django_assert_num_queries(1):
        found = last_reading_per_bucket(
            provider_ids=[north.pk], since=NOW - timedelta(days=1), bucket=timedelta(hours=1)
        )
    assert [(reading.at.hour, reading.at.minute, reading.balance) for reading in found] == [
        (9, 55, 11), (10, 55, 23), (11, 55, 35),
    ]  # fmt: skip
    both = last_reading_per_bucket(
        provider_ids=[north.pk, south.pk], since=NOW - timedelta(hours=1), bucket=timedelta(hours=1)
    )
    assert [(reading.provider_id, reading.balance) for reading in both] == [(south.pk, 2), (north.pk, 35)]


def test_old_readings_are_thinned_and_those_that_drifted_stay(north: Provider) -> None:
    fresh, months, years = NOW - timedelta(days=2), NOW - timedelta(days=60), NOW - timedelta(days=400)
    read(north, fresh, 24)
    drifted = BalanceReading.objects.create(
        provider=north, at=months + timedelta(minutes=7), balance=3, currency="USD", expected=5, drift=Decimal(-2)
    )
    read(north, months, 24)
    read(north, years.replace(hour=0), 24)
    assert thin_readings(now=NOW) == 22 + 23
    kept = list(BalanceReading.objects.filter(at__lt=fresh).order_by("at").values_list("balance", "drift"))
    assert kept == [(23, 0), (3, -2), (11, 0), (23, 0)]
    assert BalanceReading.objects.filter(at__gte=fresh).count() == 24
    assert BalanceReading.objects.filter(pk=drifted.pk).exists()
    assert thin_readings(now=NOW) == 0
    thin_readings_task()
    assert BalanceReading.objects.filter(pk=drifted.pk).exists()
