"""The shelf follows the mirror and the rules, keeps what staff chose, and writes only what differs."""

from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from providers.catalog.markups import set_markup
from providers.catalog.models import CatalogVersion, Category, Service
from providers.catalog.publishing import publish
from providers.catalog.publishing.publish import PublishReport, publish_changes, reprice
from providers.catalog.publishing.refresh import refresh_provider
from providers.catalog.review.pending_review import confirm_services
from providers.models import Provider, ServiceChange
from tests.fixtures_shop import Shop, connect
from tests.fixtures_simulator import Simulator

D = Decimal


def version() -> str:
    return CatalogVersion.objects.get(pk=1).version


def state(service: Service) -> tuple[bool, bool, str]:
    return service.is_enabled, service.is_available, service.unavailable_reason


def test_every_upstream_service_is_put_up(shop: Shop) -> None:
    assert Service.objects.count() == 20
    service = shop.service("1")
    assert (service.name, service.category.name, service.type) == (
        "Instagram Followers | Real | 30 days refill",
        "Instagram Followers",
        "Default",
    )
    assert (service.cost, service.rate, service.min, service.max) == (D("0.9"), D("1.35"), 50, 10000)
    assert (service.refill, service.cancel, service.dripfeed) == (True, True, True)
    assert service.description == "Link: the profile\nStart: 0-1 hour"
    assert state(service) == (True, True, "")
    assert shop.service("2").rate == D("7.5")
    assert shop.reload().synced_at == shop.reload().published_at


def test_categories_stand_in_the_order_of_the_list(shop: Shop) -> None:
    names = list(Category.objects.values_list("name", flat=True))
    assert names[:4] == ["Instagram Followers", "Packages", "Instagram Comments", "TikTok Views"]
    assert len(names) == len(set(names))


def test_under_review_new_services_wait_for_a_person(db: None, simulator: Simulator) -> None:
    provider = connect(simulator, new_services="review")
    set_markup(percent=D(50))
    refresh_provider(provider_id=provider.pk, now=timezone.now())
    assert set(Service.objects.values_list("is_enabled", flat=True)) == {False}
    assert Service.objects.get(upstream__external_id="1").is_available is True


def test_without_a_markup_nothing_is_for_sale(provider: Provider) -> None:
    refresh_provider(provider_id=provider.pk, now=timezone.now())
    assert Service.objects.count() == 20
    assert not Service.objects.filter(is_available=True).exists()
    service = Service.objects.get(upstream__external_id="1")
    assert service.unavailable_reason == "No price yet. Add a markup."


def test_a_type_we_do_not_know_is_shown_with_the_reason(shop: Shop) -> None:
    shop.simulator.add_service(77, name="Poll", type="Poll", category="Polls", rate="1")
    shop.simulator.add_service(78, name="Odd", type="Brand new", category="Polls", rate="1")
    shop.sync()
    assert state(shop.service("77")) == (True, True, "")
    assert state(shop.service("78")) == (True, False, "Unsupported service type “Brand new”.")


def test_costs_are_converted_before_the_markup(db: None, simulator: Simulator) -> None:
    provider = connect(simulator, currency="EUR", exchange_rate=D("1.1"))
    set_markup(percent=D(50))
    refresh_provider(provider_id=provider.pk, now=timezone.now())
    service = Service.objects.get(upstream__external_id="1")
    assert (service.cost, service.rate) == (D("0.99"), D("1.485"))


def test_a_changed_price_reprices_at_once_and_nothing_else(shop: Shop) -> None:
    before = {row["id"]: row for row in Service.objects.values()}
    was = version()
    shop.simulator.set_service(1, rate="1.00")
    shop.sync()
    service = shop.service("1")
    assert (service.cost, service.rate) == (D(1), D("1.5"))
    after = {row["id"]: row for row in Service.objects.values()}
    assert [pk for pk in after if after[pk] != before[pk]] == [service.pk]
    assert version() != was


def test_what_is_gone_is_not_sold_and_is_sold_again_when_it_is_back(shop: Shop) -> None:
    shop.simulator.remove_service(4)
    shop.sync()
    assert state(shop.service("4")) == (True, True, "")
    shop.sync()
    assert state(shop.service("4")) == (True, False, "The provider no longer lists the service.")
    shop.simulator.restore_service(4)
    shop.sync()
    assert state(shop.service("4")) == (True, True, "")


def test_the_providers_words_are_followed_until_staff_write_their_own(shop: Shop) -> None:
    own = Category.objects.create(name="Best sellers")
    Service.objects.filter(pk=shop.service("1").pk).update(
        name="Our followers",
        description="Ours",
        category=own,
        keeps_name=True,
        keeps_description=True,
        keeps_category=True,
    )
    for number in ("1", "4"):
        shop.simulator.set_service(number, name="Renamed | Real | 30 days refill TikTok Views", category="Moved")
        shop.simulator.set_service(number, max="777")
    shop.sync()
    ours, theirs = shop.service("1"), shop.service("4")
    assert (ours.name, ours.description, ours.category, ours.max) == ("Our followers", "Ours", own, 777)
    assert (theirs.name, theirs.category.name) == ("Renamed | Real | 30 days refill TikTok Views", "Moved")


def test_a_renamed_category_keeps_its_services(shop: Shop) -> None:
    Category.objects.filter(name="TikTok Views").update(name="Views for TikTok")
    shop.simulator.set_service(4, rate="0.30")
    shop.sync()
    assert shop.service("4").category.name == "Views for TikTok"
    assert not Category.objects.filter(name="TikTok Views").exists()


def test_a_service_without_a_category_is_put_under_other(shop: Shop) -> None:
    shop.simulator.add_service(77, name="Lost", category="", rate="1")
    shop.sync()
    assert shop.service("77").category.name == "Other"


def test_staffs_switch_is_left_alone(shop: Shop) -> None:
    Service.objects.filter(pk=shop.service("1").pk).update(is_enabled=False)
    shop.simulator.set_service(1, rate="1.00")
    shop.sync()
    assert state(shop.service("1")) == (False, True, "")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"rate": "90"}, "Large price change. Needs review."),
        ({"type": "Package"}, "The provider reused the service ID. Needs review."),
    ],
)
def test_a_doubt_takes_it_off_sale_until_a_person_confirms(shop: Shop, changes: dict[str, str], reason: str) -> None:
    shop.simulator.set_service(1, **changes)
    shop.sync()
    assert state(shop.service("1")) == (True, False, reason)
    assert (
        confirm_services(
            service_ids=[shop.service("1").pk, shop.service("4").pk], actor="ann@example.com", now=timezone.now()
        )
        == 1
    )
    assert state(shop.service("1")) == (True, True, "")
    assert shop.sync().rows_written == 0
    line = ServiceChange.objects.latest("pk")
    assert (line.external_id, line.kind, line.fields["doubt"][1]) == ("1", "changed", "")


def test_a_senseless_entry_cannot_be_confirmed(shop: Shop) -> None:
    shop.simulator.set_service(1, rate="-5")
    shop.sync()
    assert confirm_services(service_ids=[shop.service("1").pk], actor="ann@example.com", now=timezone.now()) == 0
    assert state(shop.service("1")) == (True, False, "The provider lists invalid data.")


def test_the_smallest_margin_is_the_settings(shop: Shop, settings: LazySettings) -> None:
    settings.MINIMUM_MARGIN_PERCENT = 60
    assert reprice().changed == 20
    assert shop.service("1").unavailable_reason == "The rate is below the minimum margin."
    Service.objects.filter(pk=shop.service("1").pk).update(allow_below_cost=True)
    assert reprice(service_id=shop.service("1").pk) == PublishReport(created=0, changed=1)
    assert state(shop.service("1")) == (True, True, "")


def test_a_new_exchange_rate_reprices_the_providers_services(shop: Shop) -> None:
    Provider.objects.filter(pk=shop.provider.pk).update(exchange_rate=D(2))
    assert reprice(provider_id=shop.provider.pk) == PublishReport(created=0, changed=20)
    assert (shop.service("1").cost, shop.service("1").rate) == (D("1.8"), D("2.7"))


def test_repricing_without_a_difference_writes_nothing(shop: Shop) -> None:
    before, was = shop.everything(), version()
    with CaptureQueriesContext(connection) as queries:
        assert reprice() == PublishReport(created=0, changed=0)
    assert not [query["sql"] for query in queries if "UPDATE" in query["sql"] and "FOR " not in query["sql"]]
    assert (shop.everything(), version()) == (before, was)


def test_the_queries_do_not_grow_with_the_services(shop: Shop) -> None:
    def count(rate: str) -> int:
        Provider.objects.filter(pk=shop.provider.pk).update(exchange_rate=D(rate))
        with CaptureQueriesContext(connection) as queries:
            reprice(provider_id=shop.provider.pk)
        return len(queries)

    few = count("2")
    for number in range(100, 170):
        shop.simulator.add_service(number, name=f"Number {number}", category="More", rate="1")
    shop.sync()
    assert count("3") == few


def test_what_an_interrupted_run_left_is_put_up_by_the_next(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.simulator.set_service(1, rate="1.00")

    def die(**given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("providers.catalog.publishing.refresh.publish_changes", die)
    with pytest.raises(KeyboardInterrupt):
        shop.sync()
    monkeypatch.setattr("providers.catalog.publishing.refresh.publish_changes", publish_changes)
    assert shop.service("1").cost == D("0.9")
    assert shop.sync().rows_written == 0
    assert shop.service("1").cost == D(1)
    assert shop.sync().left_behind is False


def test_the_shelf_and_what_it_followed_are_written_together(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.simulator.set_service(1, rate="1.00")
    before = shop.everything()

    def die_after(**given: Any) -> None:
        publish_changes(**given)
        raise KeyboardInterrupt

    monkeypatch.setattr("providers.catalog.publishing.refresh.publish_changes", die_after)
    with pytest.raises(KeyboardInterrupt):
        shop.sync()
    assert shop.everything()["Service"] == before["Service"]
    assert shop.reload().published_at != shop.reload().synced_at
    monkeypatch.undo()
    assert shop.sync().left_behind is True
    assert (shop.service("1").cost, shop.reload().published_at) == (D(1), shop.reload().synced_at)


def test_staffs_choice_in_the_same_moment_is_not_overwritten(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    real = publish.derive
    pk = shop.service("1").pk

    def while_staff_write(row: publish.Row, context: publish.Context) -> tuple[object, ...]:
        if row["service__pk"] == pk:
            Service.objects.filter(pk=pk).update(name="Ours", keeps_name=True)
        return real(row, context)

    shop.simulator.set_service(1, name="Instagram Followers | Real | 60 days refill")
    monkeypatch.setattr(publish, "derive", while_staff_write)
    shop.sync()
    assert shop.service("1").name == "Ours"
