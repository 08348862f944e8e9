"""The services of a provider that is switched off are for sale nowhere, and come back as they were."""

import gzip
import json
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from providers.admin.edit import save_provider
from providers.catalog.listing.cache import catalog_version
from providers.catalog.listing.price_list import price_list
from providers.catalog.listing.service_list import catalog_page, categories_for_sale, services_by_id, services_for_sale
from providers.catalog.models import CatalogUpdate, Service
from providers.catalog.pricing.orderable_service import orderable_service
from providers.catalog.pricing.rates import SHOP_TERMS
from tests.admin_forms import save
from tests.fixtures_shop import Shop
from tests.providers.catalog.history import catalog_at


def switch(shop: Shop, is_active: bool) -> int:
    provider = shop.reload()
    provider.is_active = is_active
    return save_provider(provider=provider, changed=["is_active"], key=None)


def everywhere(pk: int) -> dict[str, bool]:
    """Each list that customers read, and whether it has the service."""
    listed = json.loads(gzip.decompress(price_list(terms=SHOP_TERMS).body))
    page = catalog_page(terms=SHOP_TERMS, number=None, rows=100)
    return {
        "list": pk in {line.id for line in services_for_sale(terms=SHOP_TERMS)},
        "JSON": pk in {one["id"] for group in listed["categories"] for one in group["services"]},
        "page": pk in {line.id for line in page},
        "named": bool(services_by_id(terms=SHOP_TERMS, ids=[pk])),
        "its own page": Client().get(f"/services/{pk}/").status_code == 200,
        "categories": bool(categories_for_sale()),
        "placing": orderable_service(service_id=pk, customer_id=0) is not None,
    }


def test_nothing_of_it_is_for_sale_until_it_is_switched_on(shop: Shop) -> None:
    service, before = shop.service("1"), shop.everything()
    assert set(everywhere(service.pk).values()) == {True}
    version = catalog_version()
    assert switch(shop, False) == 20
    assert set(everywhere(service.pk).values()) == {False}
    assert catalog_version() != version
    assert set(Service.objects.values_list("is_enabled", "unavailable_reason")) == {(True, "The provider is disabled.")}
    assert switch(shop, True) == 20
    assert set(everywhere(service.pk).values()) == {True}
    after = shop.everything()
    for row in (*before["Service"], *after["Service"]):
        row.pop("changed_at")
    assert after == before
    kinds = CatalogUpdate.objects.order_by("pk").values_list("kind", "old_rate", "new_rate").filter(service=service)
    assert list(kinds)[1:] == [("removed", Decimal("1.35"), None), ("back", Decimal("1.35"), Decimal("1.35"))]


def test_what_is_synced_or_repriced_meanwhile_stays_off(shop: Shop) -> None:
    switch(shop, False)
    shop.simulator.set_service(1, rate="1.00")
    shop.simulator.add_service(77, name="Pinterest Saves", category="Pinterest", rate="0.5")
    shop.sync()
    assert services_for_sale(terms=SHOP_TERMS) == []
    assert switch(shop, True) == 21
    assert shop.service("1").rate == Decimal("1.5")
    assert everywhere(shop.service("77").pk)["placing"] is True


def test_the_admin_says_what_the_switch_did(shop: Shop, admin_client: Client) -> None:
    address = f"/admin/providers/provider/{shop.provider.pk}/change/"
    form = admin_client.get(address).context["adminform"].form
    given = {name: "" if value is None else str(value) for name, value in form.initial.items()}
    del given["is_active"]
    assert save(admin_client, address, given).status_code == 302
    done = admin_client.get(address)
    assert "20 services were updated." in done.content.decode()
    assert services_for_sale(terms=SHOP_TERMS) == []


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_a_shop_of_before_is_brought_in_line_and_back() -> None:
    def rows(apps: Any) -> list[tuple[Any, ...]]:
        services = apps.get_model("catalog", "Service").objects.order_by("pk")
        return list(services.values_list("name", "is_available", "unavailable_reason"))

    try:
        old = catalog_at("0011_listed_before")
        category = old.get_model("catalog", "Category").objects.create(name="All")
        for name, is_active, is_available, reason in (
            ("sold", True, True, ""),
            ("off", False, True, ""),
            ("gone and off", False, False, "The provider no longer lists it."),
        ):
            provider = old.get_model("providers", "Provider").objects.create(
                name=name, url="https://x.example/", is_active=is_active
            )
            upstream = old.get_model("providers", "UpstreamService").objects.create(
                provider=provider, external_id=name, name=name, category="All", rate=1, min=1, max=10
            )
            old.get_model("catalog", "Service").objects.create(
                upstream=upstream, provider=provider, category=category, name=name, min=1, max=10, cost=1, rate=2,
                is_available=is_available, unavailable_reason=reason,
            )  # fmt: skip
        before = rows(old)
        assert rows(catalog_at("0012_nothing_of_switched_off_providers")) == [
            ("sold", True, ""),
            ("off", False, "The provider is switched off."),
            ("gone and off", False, "The provider no longer lists it."),
        ]
        assert rows(catalog_at("0011_listed_before")) == before
    finally:
        call_command("migrate", verbosity=0)
