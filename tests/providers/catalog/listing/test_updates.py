"""The log of the shelf and its page: what customers see of what changed, in few statements and without a flood."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from panel.customers.models import User
from panel.ops.models import JobRun
from providers.catalog.listing.favorites import set_favourite
from providers.catalog.markups import set_markup
from providers.catalog.models import CatalogUpdate, CustomerRate, CustomerTerms, Service
from providers.catalog.publishing import update_log
from providers.catalog.publishing.staff_choices import choose_for_service, set_enabled
from providers.models import Provider
from providers.tasks import forget_updates
from tests.fixtures_shop import Shop, connect
from tests.fixtures_simulator import Simulator

D = Decimal
PAGE = "/updates/"


@pytest.fixture
def quiet(shop: Shop) -> Shop:
    """The shop, with nothing in its log."""
    CatalogUpdate.objects.all().delete()
    return shop


def told() -> list[tuple[Any, ...]]:
    """The log: kind, service, rates, and limits where they changed."""
    return [
        (
            line.kind,
            line.service and line.service.upstream.external_id,
            line.old_rate,
            line.new_rate,
            *(
                [(line.old_min, line.old_max), (line.new_min, line.new_max)]
                if line.kind in {"limits", "cheaper", "dearer"}
                and (line.old_min, line.old_max) != (line.new_min, line.new_max)
                else []
            ),
        )
        for line in CatalogUpdate.objects.select_related("service__upstream").order_by("pk")
    ]


def customer(email: str = "ada@example.com") -> tuple[Client, User]:
    user = User.objects.create_user(email)
    client = Client()
    client.force_login(user)
    return client, user


def test_what_customers_see_of_a_sync_is_told(quiet: Shop) -> None:
    quiet.simulator.set_service(1, rate="1.00")
    quiet.simulator.set_service(3, rate="4.00", max="900")
    quiet.simulator.set_service(4, min="20")
    quiet.simulator.set_service(5, description="Other words")
    quiet.simulator.add_service(77, name="Pinterest Saves", category="Pinterest", rate="0.5")
    quiet.sync()
    assert sorted(told()) == [
        ("cheaper", "3", D(12), D(6), (1, 1500), (1, 900)),
        ("dearer", "1", D("1.35"), D("1.5")),
        ("limits", "4", D("0.375"), D("0.375"), (10, 100000), (20, 100000)),
        ("new", "77", None, D("0.75")),
    ]


def test_gone_at_the_second_absence_and_back_with_what_it_was(quiet: Shop) -> None:
    quiet.simulator.remove_service(4)
    quiet.sync()
    assert told() == []
    quiet.sync()
    assert told() == [("removed", "4", D("0.375"), None)]
    quiet.simulator.restore_service(4)
    quiet.simulator.set_service(4, rate="0.30")
    quiet.sync()
    assert told()[1:] == [("back", "4", D("0.375"), D("0.45"))]


def test_no_old_price_is_told_where_many_went_off_sale_since(quiet: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    one = quiet.service("1")
    for is_enabled in (False, True):
        set_enabled(service_ids=[one.pk], is_enabled=is_enabled)
    set_markup(percent=D(300), service=one)
    monkeypatch.setattr(update_log, "MAX_LINES", 0)
    set_enabled(service_ids=[one.pk], is_enabled=False)
    monkeypatch.undo()
    set_enabled(service_ids=[one.pk], is_enabled=True)
    assert told()[-2:] == [("removed", None, None, None), ("back", "1", None, D("3.6"))]
    for is_enabled in (False, True):
        set_enabled(service_ids=[one.pk], is_enabled=is_enabled)
    assert told()[-1] == ("back", "1", D("3.6"), D("3.6"))


def test_what_goes_off_sale_is_told_by_the_name_it_had(quiet: Shop) -> None:
    quiet.simulator.set_service(3, name="TikTok Shares", category="TikTok")
    quiet.sync()
    line = CatalogUpdate.objects.get()
    assert (line.kind, line.name) == ("removed", "Instagram Custom Comments")
    set_enabled(service_ids=[quiet.service("1").pk], is_enabled=False)
    assert CatalogUpdate.objects.latest("pk").name == "Instagram Followers | Real | 30 days refill"


def test_what_is_off_sale_is_not_told(quiet: Shop) -> None:
    Service.objects.update(is_enabled=False)
    quiet.simulator.set_service(1, rate="1.00")
    quiet.simulator.remove_service(4)
    quiet.sync()
    quiet.sync()
    assert told() == []


def test_staffs_switches_are_told_and_the_first_time_is_new(make_simulator: Callable[..., Simulator], db: None) -> None:
    simulator = make_simulator()
    shop = Shop(simulator, connect(simulator, new_services="review"))
    set_markup(percent=D(50))
    shop.sync()
    assert (told(), Service.objects.exclude(listed_at=None).count()) == ([], 0)
    one = shop.service("1")
    for is_enabled in (True, True, False, True):
        set_enabled(service_ids=[one.pk], is_enabled=is_enabled)
    choose_for_service(service=shop.service("1"), chosen={"is_enabled": False})
    assert told() == [
        ("new", "1", None, D("1.35")),
        ("removed", "1", D("1.35"), None),
        ("back", "1", D("1.35"), D("1.35")),
        ("removed", "1", D("1.35"), None),
    ]


def test_a_markup_is_told_and_very_many_are_one_line(quiet: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    set_markup(percent=D(60), service=quiet.service("1"))
    assert told() == [("dearer", "1", D("1.35"), D("1.44"))]
    monkeypatch.setattr(update_log, "MAX_LINES", 19)
    set_markup(percent=D(40))
    assert CatalogUpdate.objects.filter(kind="cheaper", count=1).count() == 19
    monkeypatch.setattr(update_log, "MAX_LINES", 18)
    set_markup(percent=D(50))
    line = CatalogUpdate.objects.latest("pk")
    assert (line.service, line.kind, line.count) == (None, "dearer", 19)
    assert "19 higher prices" in Client().get(PAGE).content.decode()


def test_a_first_import_is_one_line(make_simulator: Callable[..., Simulator], db: None) -> None:
    simulator = make_simulator(services=201)
    set_markup(percent=D(50))
    Shop(simulator, connect(simulator)).sync()
    assert list(CatalogUpdate.objects.values_list("kind", "count", "service")) == [("new", 201, None)]
    assert Service.objects.filter(listed_at=None).count() == 0
    assert "201 new services" in Client().get(PAGE).content.decode()


def test_a_syncs_lines_are_one_statement(quiet: Shop) -> None:
    for number in range(1, 11):
        quiet.simulator.set_service(number, max="777777")
    with CaptureQueriesContext(connection) as queries:
        quiet.sync()
    assert len([query for query in queries if 'INSERT INTO "catalog_catalogupdate"' in query["sql"]]) == 1
    assert CatalogUpdate.objects.count() == 10


def test_old_lines_are_forgotten_by_a_job(quiet: Shop) -> None:
    now = timezone.now()
    for days in (89, 91, 200):
        CatalogUpdate.objects.create(kind="new", at=now - timedelta(days=days))
    forget_updates()
    assert CatalogUpdate.objects.count() == 1
    assert JobRun.objects.get(name="forget_updates").summary == {"deleted": 2}


def test_the_page_tells_everybody_and_nothing_of_the_provider(quiet: Shop) -> None:
    Provider.objects.update(name="Hush-hush provider")
    quiet.simulator.set_service(1, rate="1.01")
    quiet.simulator.set_service(4, min="20")
    quiet.sync()
    page = Client().get(PAGE).content.decode()
    assert "Today" in page
    assert 'title="1.35 USD"' in page or "$1.35" in page
    assert "$1.515" in page
    assert "10 – 100,000" in page
    for secret in ("Hush-hush", "1.01", "0.9<", "0.90"):
        assert secret not in page, secret


def test_the_page_is_found_by_kind_category_words_and_favourites(quiet: Shop) -> None:
    quiet.simulator.set_service(1, rate="1.00")
    quiet.simulator.set_service(4, min="20")
    quiet.sync()
    client, user = customer()
    set_favourite(customer=user, service_id=quiet.service("4").pk, is_favourite=True)
    one, four = quiet.service("1"), quiet.service("4")
    wanted = {
        "": {one, four},
        "?kind=limits": {four},
        "?kind=dearer": {one},
        "?kind=nonsense": {one, four},
        "?favourites=1": {four},
        f"?category={one.category_id}": {one},
        "?q=tiktok+views": {four},
        "?q=nothing+like+it": set(),
        "?before=1": set(),
        "?before=x&category=-1": {one, four},
    }
    for query, services in wanted.items():
        lines = client.get(PAGE + query).context["page"].lines
        assert {line.service for line in lines} == services, query
    assert "No matching updates" in client.get(f"{PAGE}?q=zzz").content.decode()


def test_no_favourites_have_no_updates(quiet: Shop) -> None:
    quiet.simulator.set_service(4, min="20")
    quiet.sync()
    client, _ = customer()
    page = client.get(f"{PAGE}?favourites=1")
    assert (page.context["page"].lines, "No matching updates" in page.content.decode()) == ([], True)
    assert len(Client().get(f"{PAGE}?favourites=1").context["page"].lines) == 1


def test_an_empty_log_says_what_the_page_is_for(quiet: Shop) -> None:
    assert "No updates yet" in Client().get(PAGE).content.decode()


def test_own_terms_are_told_what_they_pay(quiet: Shop) -> None:
    quiet.simulator.set_service(1, rate="1.00")
    quiet.simulator.set_service(4, rate="0.30")
    quiet.sync()
    client, user = customer()
    terms = CustomerTerms.objects.create(customer=user, discount_percent=D(10))
    CustomerRate.objects.create(terms=terms, service=quiet.service("1"), rate=D("1.25"))
    found = client.get(PAGE)
    assert [line.service for line in found.context["page"].lines] == [quiet.service("4")]
    text = " ".join(found.content.decode().split())
    assert "Your price:" in text
    assert "0.405" in text  # 0.45 less a tenth
    assert "0.375" not in text


def test_a_price_below_an_own_rate_is_news_unless_that_is_fixed(quiet: Shop) -> None:
    client, user = customer()
    terms = CustomerTerms.objects.create(customer=user)
    own = CustomerRate.objects.create(terms=terms, service=quiet.service("1"), rate=D("1.2"))
    set_markup(percent=D(40), service=quiet.service("1"))
    assert client.get(PAGE).context["page"].lines == []
    set_markup(percent=D(5), service=quiet.service("1"))
    assert [line.new_rate for line in client.get(PAGE).context["page"].lines] == [D("0.945")]
    assert "0.945" in client.get(PAGE).content.decode()
    CustomerRate.objects.filter(pk=own.pk).update(is_fixed=True)
    assert client.get(PAGE).context["page"].lines == []


def test_days_are_the_customers_else_the_shops(quiet: Shop, settings: LazySettings) -> None:
    client, user = customer()
    User.objects.filter(pk=user.pk).update(time_zone="Pacific/Auckland")
    CatalogUpdate.objects.create(
        service=quiet.service("1"), name="x", kind="new", at=datetime(2026, 3, 1, 20, tzinfo=UTC)
    )
    assert "Monday, March 2, 2026" in client.get(PAGE).content.decode()
    assert "Sunday, March 1, 2026" in Client().get(PAGE).content.decode()
    settings.REPORT_TIME_ZONE = "Pacific/Auckland"
    assert "Monday, March 2, 2026" in Client().get(PAGE).content.decode()
    User.objects.filter(pk=user.pk).update(time_zone="UTC")
    assert "Sunday, March 1, 2026" in client.get(PAGE).content.decode()


def test_the_pages_queries_do_not_grow(quiet: Shop, django_assert_num_queries: Any) -> None:
    url = f"{PAGE}?q=instagram&kind=limits"
    for count in (1, 60):
        service = quiet.service("1")
        CatalogUpdate.objects.bulk_create(
            CatalogUpdate(
                service=service,
                name="Instagram",
                kind="limits",
                at=timezone.now(),
                old_min=1,
                old_max=2,
                new_min=1,
                new_max=3,
            )
            for _ in range(count)
        )
        with django_assert_num_queries(3):
            assert Client().get(url).status_code == 200
