"""How long orders take: the median of our own, where there are enough; else what the provider says."""

from datetime import timedelta

import pytest
from django.utils import timezone

from orders.models import Order
from orders.tracking.delivery_times import measure_times
from panel.web.formatting import duration_text
from providers.catalog.listing.service_list import service_for_sale
from providers.catalog.models import CatalogVersion
from providers.catalog.pricing.rates import SHOP_TERMS
from tests.fixtures_orders import Store


def finish(store: Store, *minutes: int, days_ago: int = 1) -> None:
    """Orders of service 1 that were completed after so many minutes."""
    for number, took in enumerate(minutes):
        order = store.place(link=f"https://example.com/{number}/{days_ago}", quantity="50")
        sent = timezone.now() - timedelta(days=days_ago)
        Order.objects.filter(pk=order.pk).update(
            state="COMPLETED", sent_at=sent, finished_at=sent + timedelta(minutes=took)
        )


def told(store: Store) -> str:
    line = service_for_sale(terms=SHOP_TERMS, service_id=store.service().pk)
    assert line is not None
    return line.average_time


def test_the_median_of_the_newest_is_told(store: Store) -> None:
    finish(store, 10, 20, 90, 1000, 80)
    version = CatalogVersion.objects.get().version
    assert measure_times(now=timezone.now()) == 1
    assert told(store) == "1 hour 20 minutes"
    assert CatalogVersion.objects.get().version != version


def test_what_reads_the_same_is_not_written(store: Store) -> None:
    finish(store, 10, 20, 90, 1000, 80)
    measure_times(now=timezone.now())
    version = CatalogVersion.objects.get().version
    assert measure_times(now=timezone.now()) == 0
    assert CatalogVersion.objects.get().version == version


def test_too_few_and_too_old_say_nothing(store: Store) -> None:
    finish(store, 1, 1, 1, 1)
    finish(store, 5, 5, 5, days_ago=91)
    assert measure_times(now=timezone.now()) == 0
    assert told(store) == "1 hour 12 minutes"


def test_a_time_that_is_no_longer_known_goes(store: Store) -> None:
    finish(store, 10, 10, 10, 10, 10)
    measure_times(now=timezone.now())
    assert told(store) == "10 minutes"
    assert measure_times(now=timezone.now() + timedelta(days=100)) == 1
    assert told(store) == "1 hour 12 minutes"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "under a minute"),
        (29, "under a minute"),
        (60, "1 minute"),
        (3600, "1 hour"),
        (3660, "1 hour 1 minute"),
        (90061, "1 day 1 hour"),
        (172_800, "2 days"),
    ],
)
def test_times_are_told_in_two_units(seconds: int, text: str) -> None:
    assert duration_text(seconds) == text
