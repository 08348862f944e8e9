"""Ten thousand services stay light: what the first view of the price list takes over the wire."""

import gzip
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from providers.catalog.markups import set_markup
from providers.catalog.models import Service
from providers.catalog.publishing.refresh import refresh_provider
from tests.fixtures_shop import connect
from tests.fixtures_simulator import Simulator

MOST_BYTES = 250_000


@pytest.mark.once
@pytest.mark.django_db
def test_ten_thousand_services(
    make_simulator: Callable[..., Simulator],
    client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    provider = connect(make_simulator(services=10_000))
    set_markup(percent=Decimal(50))
    refresh_provider(provider_id=provider.pk, now=timezone.now())
    assert Service.objects.filter(is_available=True).count() == 10_000
    page = client.get("/services/").content
    prices = client.get("/services/prices.json", headers={"Accept-Encoding": "gzip"}).content
    assert len(gzip.compress(page)) + len(prices) <= MOST_BYTES
    with django_assert_num_queries(1):
        client.get("/services/prices.json", headers={"Accept-Encoding": "gzip"})
    with django_assert_num_queries(3):
        client.get("/services/?q=instagram+followers&page=3")
