"""What a sync may overwrite is chosen a field at a time; limits and rates of ours never sell what cannot be bought."""

from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.db import IntegrityError, transaction

from orders.placing.validation import BadOrderError
from providers.admin.edit import save_provider
from providers.catalog.markups import set_markup
from providers.catalog.models import Category, Service
from providers.catalog.publishing.publish import reprice
from providers.catalog.publishing.staff_choices import choose_for_service
from providers.models import Provider
from tests.fixtures_orders import Store
from tests.fixtures_shop import Shop
from tests.providers.catalog.history import catalog_at

D = Decimal
THEIRS = {"name": "Instagram Followers, renamed", "description": "Theirs", "category": "Moved"}


def choose(shop: Shop, number: str = "1", **chosen: Any) -> Service:
    choose_for_service(service=shop.service(number), chosen=chosen)
    return shop.service(number)


def words(service: Service) -> tuple[str, str, str]:
    return service.name, service.description, service.category.name


def limits(service: Service) -> tuple[int, int, bool, str]:
    return service.min, service.max, service.is_available, service.unavailable_reason


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        ({"name": "Ours"}, ("Ours", "Theirs", "Moved")),
        ({"description": "Ours"}, ("Instagram Followers, renamed", "Ours", "Moved")),
        ({"category": "Best"}, ("Instagram Followers, renamed", "Theirs", "Best")),
    ],
)
def test_each_of_the_words_is_kept_by_itself(shop: Shop, kept: dict[str, str], expected: tuple[str, ...]) -> None:
    best = Category.objects.create(name="Best")
    choose(shop, **({"category": best} if "category" in kept else kept))
    shop.simulator.set_service(1, **THEIRS)
    shop.sync()
    assert words(shop.service("1")) == expected
    choose(shop, keeps_name=False, keeps_description=False, keeps_category=False)
    assert words(shop.service("1")) == tuple(THEIRS.values())


def test_our_limits_hold_where_they_are_the_narrower_ones(shop: Shop) -> None:
    assert limits(choose(shop, own_min=100, own_max=5000)) == (100, 5000, True, "")
    shop.simulator.set_service(1, min=200, max=4000)
    shop.sync()
    assert limits(shop.service("1")) == (200, 4000, True, "")
    shop.simulator.set_service(1, min=10, max=90000)
    shop.sync()
    assert limits(shop.service("1")) == (100, 5000, True, "")
    assert limits(choose(shop, own_min=None, own_max=None)) == (10, 90000, True, "")


def test_limits_outside_of_the_providers_are_not_sold(shop: Shop) -> None:
    choose(shop, own_min=5000)
    shop.simulator.set_service(1, max=4000)
    shop.sync()
    assert limits(shop.service("1")) == (5000, 4000, False, "The custom limits are outside the provider's limits.")
    shop.simulator.set_service(1, max=6000)
    shop.sync()
    assert limits(shop.service("1")) == (5000, 6000, True, "")


def test_an_order_keeps_to_the_narrower_limits(store: Store) -> None:
    choose_for_service(service=store.service(), chosen={"own_max": 900})
    before = store.everything()
    with pytest.raises(BadOrderError):
        store.place(quantity="901")
    assert store.everything() == before
    assert store.place(quantity="900").charge == D("1.215")


def test_a_fixed_rate_stays_whatever_the_rules_say(shop: Shop) -> None:
    assert choose(shop, own_rate=D("1.23")).rate == D("1.23")
    set_markup(percent=D(300))
    set_markup(percent=D(500), service=shop.service("1"))
    assert (shop.service("1").rate, shop.service("4").rate) == (D("1.23"), D(1))
    assert choose(shop, own_rate=None).rate == D("5.4")


def test_a_fixed_rate_is_never_below_the_cost_unless_that_is_allowed(shop: Shop) -> None:
    choose(shop, own_rate=D("0.95"))
    shop.simulator.set_service(1, rate="1.00")
    shop.sync()
    service = shop.service("1")
    assert (service.cost, service.rate, service.is_available) == (D(1), D("0.95"), False)
    assert service.unavailable_reason == "The custom rate is below the cost."
    assert service.has_low_margin
    service = choose(shop, allow_below_cost=True)
    assert (service.rate, service.is_available, service.has_low_margin) == (D("0.95"), True, True)


def test_under_the_floor_it_is_taken_off_sale_or_marked_as_the_provider_says(
    shop: Shop, settings: LazySettings
) -> None:
    settings.MINIMUM_MARGIN_PERCENT = 60
    choose(shop, "4", own_rate=D("0.2"))
    assert reprice().changed == 19
    thin = shop.service("1")
    assert (thin.has_low_margin, thin.is_available) == (True, False)
    assert thin.unavailable_reason == "The rate is below the minimum margin."
    provider = shop.reload()
    provider.low_margin = Provider.LowMargin.MARK
    assert save_provider(provider=provider, changed=["low_margin"], key=None) == 19
    thin = shop.service("1")
    assert (thin.rate, thin.has_low_margin, thin.is_available, thin.unavailable_reason) == (D("1.35"), True, True, "")
    loss = shop.service("4")
    assert (loss.has_low_margin, loss.is_available) == (True, False)
    assert loss.unavailable_reason == "The custom rate is below the cost."
    set_markup(percent=D(60))
    assert shop.service("1").has_low_margin is False


@pytest.mark.parametrize(
    ("field", "value"), [("own_min", 70), ("own_rate", D(3)), ("keeps_category", True), ("keeps_description", True)]
)
def test_a_choice_in_the_same_moment_is_not_overwritten(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, field: str, value: Any
) -> None:
    from providers.catalog.publishing import publish

    real, pk = publish.derive, shop.service("1").pk

    def while_staff_choose(row: publish.Row, context: publish.Context) -> tuple[object, ...]:
        Service.objects.filter(pk=pk).update(**{field: value, "average_time": "ours"})
        return real(row, context)

    shop.simulator.set_service(1, rate="1.00")
    monkeypatch.setattr(publish, "derive", while_staff_choose)
    shop.sync()
    service = shop.service("1")
    assert (service.cost, service.average_time, getattr(service, field)) == (D("0.9"), "ours", value)


@pytest.mark.parametrize("wrong", [{"own_rate": D(0)}, {"own_min": 10, "own_max": 9}])
def test_the_database_refuses_choices_that_make_no_sense(shop: Shop, wrong: dict[str, Any]) -> None:
    before = shop.everything()
    with pytest.raises(IntegrityError), transaction.atomic():
        choose(shop, **wrong)
    assert shop.everything() == before


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_own_words_of_before_are_kept_field_by_field_and_back() -> None:
    def rows(apps: Any, *fields: str) -> list[tuple[Any, ...]]:
        return list(apps.get_model("catalog", "Service").objects.order_by("pk").values_list("name", *fields))

    try:
        old = catalog_at("0006_customer_terms")
        provider = old.get_model("providers", "Provider").objects.create(name="North", url="https://x.example/")
        category = old.get_model("catalog", "Category").objects.create(name="All")
        for name, own, rate, reason in (
            ("Ours", True, 2, ""),
            ("Theirs", False, 2, ""),
            ("Loss", False, "0.5", "The rate is below the cost."),
        ):
            upstream = old.get_model("providers", "UpstreamService").objects.create(
                provider=provider, external_id=name, name=name, category="All", rate=1, min=1, max=10
            )
            old.get_model("catalog", "Service").objects.create(
                upstream=upstream, provider=provider, category=category, name=name, min=1, max=10, cost=1, rate=rate,
                has_own_words=own, unavailable_reason=reason,
            )  # fmt: skip
        kept = ("keeps_name", "keeps_description", "keeps_category", "has_low_margin")
        new = catalog_at("0009_without_own_words")
        assert rows(new, *kept) == [
            ("Ours", True, True, True, False),
            ("Theirs", False, False, False, False),
            ("Loss", False, False, False, True),
        ]
        new.get_model("catalog", "Service").objects.filter(name="Theirs").update(keeps_category=True)
        assert rows(catalog_at("0006_customer_terms"), "has_own_words") == [
            ("Ours", True),
            ("Theirs", True),
            ("Loss", False),
        ]
    finally:
        call_command("migrate", verbosity=0)
