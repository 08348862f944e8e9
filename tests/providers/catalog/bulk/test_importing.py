"""Rules, categories, places and imports for many services at once: exact, in a few statements, and rehearsed."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from panel.ops.models import AuditEvent
from providers.catalog.bulk.bulk_markups import delete_markups_of, mark_up_services
from providers.catalog.bulk.importing import UnsoldFilter, import_services, unsold_headings, unsold_services
from providers.catalog.bulk.positions import move_services, place_categories, place_services, place_together, reordered
from providers.catalog.bulk.preview import preview_change
from providers.catalog.markups import MarkupError, set_markup
from providers.catalog.models import CatalogVersion, Category, Markup, Service
from providers.catalog.publishing.staff_choices import set_enabled
from providers.models import UpstreamService
from tests.fixtures_shop import Shop

D = Decimal
TERMS: dict[str, Any] = {"percent": D(100), "fixed": D("0.05"), "decimals": 2, "actor": "owner"}


def ids(shop: Shop, *numbers: str) -> list[int]:
    return [shop.service(number).pk for number in numbers]


def everything(shop: Shop) -> tuple[Any, ...]:
    return shop.everything(), list(Markup.objects.order_by("pk").values()), list(CatalogVersion.objects.values())


def version() -> str:
    return CatalogVersion.objects.get().version


def fill_shelf(shop: Shop, count: int, *, start: int = 1000, is_enabled: bool = True) -> None:
    """More services of the provider, in the mirror and on the shelf."""
    rows = UpstreamService.objects.bulk_create(
        UpstreamService(
            provider=shop.provider, external_id=str(start + n), name=f"More {n}", category="More", type="Default",
            rate=1, min=1, max=10, position=start + n,
        )
        for n in range(count)
    )  # fmt: skip
    category, _ = Category.objects.get_or_create(name="More")
    Service.objects.bulk_create(
        Service(
            upstream=row, provider=shop.provider, category=category, name=row.name, type="Default", min=1, max=10,
            cost=1, rate="1.5", position=row.position, is_enabled=is_enabled,
        )
        for row in rows
    )  # fmt: skip


def test_each_of_the_services_gets_the_rule_in_the_place_of_its_own(shop: Shop) -> None:
    set_markup(percent=D(10), service=shop.service("1"))
    before = version()
    assert mark_up_services(service_ids=ids(shop, "1", "4"), **TERMS) == 2
    assert [shop.service(number).rate for number in ("1", "4", "3")] == [D("1.85"), D("0.55"), D(12)]
    assert Markup.objects.filter(service__isnull=False).count() == 2
    assert version() != before
    line = AuditEvent.objects.get()
    assert (line.actor, line.action) == ("owner", "service.mark up")
    assert line.detail == {
        "services": ids(shop, "1", "4"), "count": 2, "percent": "100", "fixed": "0.05", "decimals": 2,
        "before": [{"service": shop.service("1").pk, "percent": "10", "fixed": "0", "decimals": 6}],
        "rules_before": 1, "rules_after": 2, "repriced": 2,
    }  # fmt: skip
    assert delete_markups_of(service_ids=ids(shop, "1", "2"), actor="owner") == 1
    assert [shop.service(number).rate for number in ("1", "4")] == [D("1.35"), D("0.55")]
    line = AuditEvent.objects.latest("pk")
    assert (line.action, line.detail["rules_before"], line.detail["rules_after"]) == ("service.drop markup", 1, 0)
    assert line.detail["before"] == [
        {"service": shop.service("1").pk, "percent": "100", "fixed": "0.05", "decimals": 2}
    ]


@pytest.mark.parametrize("wrong", [{"percent": D(-100)}, {"fixed": D(10) ** 12}, {"decimals": 7}])
def test_rules_that_make_no_sense_change_nothing(shop: Shop, wrong: dict[str, Any]) -> None:
    before = everything(shop)
    with pytest.raises(MarkupError):
        mark_up_services(service_ids=ids(shop, "1"), **{**TERMS, **wrong})
    with pytest.raises(MarkupError):
        imported([shop.upstream("1").pk], to="New", percent=D(-100))
    assert (everything(shop), AuditEvent.objects.count()) == (before, 0)


def test_moved_services_are_priced_by_their_new_category_and_stay_in_it(shop: Shop) -> None:
    views = Category.objects.get(name="TikTok Views")
    set_markup(percent=D(200), category=views)
    assert move_services(service_ids=ids(shop, "1", "4"), to=views, actor="owner") == 1
    moved = shop.service("1")
    assert (moved.category, moved.keeps_category, moved.rate) == (views, True, D("2.7"))
    assert list(views.services.order_by("position", "pk"))[-1] == moved
    shop.simulator.set_service(1, category="Elsewhere")
    shop.sync()
    assert shop.service("1").category == views
    assert move_services(service_ids=ids(shop, "1"), to=None, actor="owner") == 1
    back = shop.service("1")
    assert (back.category.name, back.keeps_category, back.rate) == ("Elsewhere", False, D("1.35"))
    assert AuditEvent.objects.latest("pk").detail == {"services": [back.pk], "count": 1, "to": "", "moved": 1}


def test_a_category_that_is_named_is_made_last(shop: Shop) -> None:
    move_services(service_ids=ids(shop, "1"), to="Fresh", actor="owner")
    assert list(Category.objects.values_list("name", flat=True))[-1] == "Fresh"
    move_services(service_ids=ids(shop, "4"), to="Fresh", actor="owner")
    assert Category.objects.get(name="Fresh").services.count() == 2


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({3: 1}, [3, 1, 2, 4]),
        ({1: 2}, [2, 1, 3, 4]),
        ({1: 99}, [2, 3, 4, 1]),
        ({4: 0}, [4, 1, 2, 3]),
        ({4: 1, 3: 1}, [4, 3, 1, 2]),
        ({1: 4, 4: 1}, [4, 2, 3, 1]),
        ({9: 1}, [1, 2, 3, 4]),
        ({}, [1, 2, 3, 4]),
    ],
)
def test_an_order_is_rearranged(wanted: dict[int, int], expected: list[int]) -> None:
    assert reordered([1, 2, 3, 4], wanted) == expected


def test_services_are_placed_in_their_categories(shop: Shop) -> None:
    fill_shelf(shop, 4)
    more = list(Category.objects.get(name="More").services.order_by("position"))
    before = version()
    place_services(places={more[3].pk: 1, more[0].pk: 2}, actor="owner")
    after = Category.objects.get(name="More").services.order_by("position")
    assert [row.name for row in after] == ["More 3", "More 0", "More 1", "More 2"]
    assert [row.position for row in after] == [1, 2, 3, 4]
    assert version() != before
    before = version()
    assert place_services(places={more[3].pk: 1}, actor="owner") == 0
    assert (version(), AuditEvent.objects.count()) == (before, 1)


def test_services_of_several_categories_stand_at_the_place_in_each_of_them(shop: Shop) -> None:
    fill_shelf(shop, 4)
    more = list(Category.objects.get(name="More").services.order_by("position"))
    move_services(service_ids=ids(shop, "1", "2", "4"), to="Fresh", actor="owner")
    fresh = list(Category.objects.get(name="Fresh").services.order_by("position"))
    last_two = [more[2].pk, more[3].pk]
    assert place_together(service_ids=[fresh[2].pk, *last_two, 10**9], first=1, actor="owner") == 7
    for name, expected in (("Fresh", [fresh[2], fresh[0], fresh[1]]), ("More", [more[2], more[3], more[0], more[1]])):
        assert list(Category.objects.get(name=name).services.order_by("position")) == expected


def test_moving_or_importing_nothing_writes_nothing(shop: Shop) -> None:
    before = everything(shop)
    assert move_services(service_ids=[10**9], to="Fresh", actor="owner") == 0
    assert imported([10**9], to="Fresh", percent=D(100)) == 0
    assert place_together(service_ids=[10**9], first=1, actor="owner") == 0
    assert everything(shop) == before
    assert AuditEvent.objects.count() == 0


def test_categories_are_placed(shop: Shop) -> None:
    names = list(Category.objects.values_list("name", flat=True))
    place_categories(places={Category.objects.get(name=names[2]).pk: 1}, actor="owner")
    assert list(Category.objects.values_list("name", flat=True)) == [names[2], *names[:2], *names[3:]]
    assert AuditEvent.objects.get().action == "category.place"


def test_what_is_not_sold_is_found_by_filters(shop: Shop) -> None:
    def found(**filters: Any) -> list[str]:
        return list(unsold_services(filters=UnsoldFilter(**filters)).values_list("external_id", flat=True))

    assert found() == []
    set_enabled(service_ids=ids(shop, "1", "2", "4"), is_enabled=False)
    Service.objects.filter(pk__in=ids(shop, "2")).delete()
    assert found() == ["1", "2", "4"]
    assert found(category="TikTok Views") == ["4"]
    assert found(type="Package") == ["2"]
    assert found(words="instagram refill") == ["1"]
    assert found(words="4") == ["4"]
    assert found(rate_from=D("0.3"), rate_to=D("0.9")) == ["1"]
    assert found(refill=True, cancel=True) == ["1"]
    assert found(provider=shop.provider) == ["1", "2", "4"]
    assert unsold_headings(provider=shop.provider) == ["Instagram Followers", "Packages", "TikTok Views"]
    UpstreamService.objects.filter(external_id="4").update(missing=2)
    assert found() == ["1", "2"]


def unpublish_service(shop: Shop, *numbers: str) -> list[int]:
    """Off the shelf the first, off sale the others; their rows of the mirror."""
    set_enabled(service_ids=ids(shop, *numbers), is_enabled=False)
    Service.objects.filter(pk=shop.service(numbers[0]).pk).delete()
    return [shop.upstream(number).pk for number in numbers]


def imported(upstream_ids: list[int], **given: Any) -> int:
    terms: dict[str, Any] = {"to": None, "percent": None, "fixed": D(0), "on_sale": True}
    return import_services(upstream_ids=upstream_ids, **{**terms, **given}, actor="owner", now=timezone.now())


def test_an_import_puts_services_up_as_the_rules_say(shop: Shop) -> None:
    rows, before = unpublish_service(shop, "1", "4"), version()
    assert imported(rows) == 2
    first = shop.service("1")
    assert (first.category.name, first.keeps_category, first.is_for_sale, first.rate) == (
        "Instagram Followers", False, True, D("1.35"),
    )  # fmt: skip
    assert shop.service("4").is_for_sale
    assert (version() != before, Markup.objects.count()) == (True, 1)
    detail = AuditEvent.objects.get().detail
    assert (detail["count"], detail["created"], detail["enabled_before"], detail["enabled_after"]) == (2, 1, 0, 2)


def test_an_import_leaves_what_the_shop_has_where_staff_put_it(shop: Shop) -> None:
    move_services(service_ids=ids(shop, "1"), to="Mine", actor="owner")
    set_markup(percent=D(500), category=Category.objects.get(name="Mine"))
    set_enabled(service_ids=ids(shop, "1"), is_enabled=False)
    before = shop.service("1")
    assert imported([shop.upstream("1").pk]) == 1
    after = shop.service("1")
    assert (after.is_for_sale, after.category.name, after.keeps_category) == (True, "Mine", True)
    assert (after.rate, after.position) == (D("5.4"), before.position)
    set_enabled(service_ids=ids(shop, "1"), is_enabled=False)
    assert imported([shop.upstream("1").pk], to=Category.objects.get(name="TikTok Views")) == 1
    assert (shop.service("1").category.name, shop.service("1").rate) == ("TikTok Views", D("1.35"))


def test_an_import_into_a_new_category_makes_one_rule_for_it(shop: Shop) -> None:
    rows = unpublish_service(shop, "1", "4")
    set_markup(percent=D(10), service=shop.service("4"))
    assert imported(rows, to="Fresh", percent=D(100), fixed=D("0.1"), on_sale=False) == 2
    fresh = Category.objects.get(name="Fresh")
    assert [(row.rate, row.is_enabled, row.is_available) for row in fresh.services.order_by("position")] == [
        (D("1.9"), False, True), (D("0.6"), False, True),
    ]  # fmt: skip
    assert [markup.reach for markup in Markup.objects.order_by("pk")] == ["everything", "category “Fresh”"]


def test_an_import_into_a_category_of_before_makes_a_rule_for_each(shop: Shop) -> None:
    rows = unpublish_service(shop, "1", "4")
    views = Category.objects.get(name="TikTok Views")
    imported(rows, to=views, percent=D(100))
    assert (shop.service("1").rate, shop.service("4").rate) == (D("1.8"), D("0.5"))
    assert set(views.services.exclude(pk__in=ids(shop, "1", "4")).values_list("markup", flat=True)) == {None}
    assert Markup.objects.filter(service__in=ids(shop, "1", "4")).count() == 2


def test_what_the_provider_no_longer_lists_is_not_imported(shop: Shop) -> None:
    rows = unpublish_service(shop, "1")
    UpstreamService.objects.filter(pk__in=rows).update(missing=2)
    assert imported(rows) == 0
    assert not Service.objects.filter(upstream__in=rows).exists()


def test_a_rehearsal_tells_what_happens_and_nothing_stays(shop: Shop) -> None:
    rows = unpublish_service(shop, "1", "4")
    set_markup(percent=D(-50), category=Category.objects.get(name="TikTok Views"))
    before = (everything(shop), AuditEvent.objects.count())
    found = preview_change(chosen=Q(upstream__in=rows), change=lambda: imported(rows))
    assert (found.reached, found.created, found.sold, found.others) == (2, 1, 1, 0)
    assert found.unsold == [("The rate is below the cost.", 1)]
    assert [(row.old_rate, row.new_rate, row.problem) for row in found.rows] == [
        (D("0.125"), D("0.125"), "The rate is below the cost."),
        (None, D("1.35"), ""),
    ]
    assert (everything(shop), AuditEvent.objects.count()) == before
    one = Q(pk=shop.service("4").pk)
    found = preview_change(chosen=one, change=lambda: mark_up_services(service_ids=ids(shop, "4"), **TERMS))
    assert (found.dearer, found.cheaper, found.sold, found.unsold) == (1, 0, 0, [("Disabled.", 1)])
    with pytest.raises(MarkupError):
        preview_change(chosen=one, change=lambda: set_markup(percent=D(-100)))
    assert (everything(shop), AuditEvent.objects.count()) == before


def all_more() -> list[int]:
    return list(Service.objects.filter(category__name="More").values_list("pk", flat=True))


def mirror_more() -> list[int]:
    return list(UpstreamService.objects.filter(category="More").values_list("pk", flat=True))


@pytest.mark.parametrize(
    "change",
    [
        lambda n: mark_up_services(service_ids=all_more(), **{**TERMS, "percent": D(n)}),
        lambda n: delete_markups_of(service_ids=all_more(), actor="owner"),
        lambda n: move_services(service_ids=all_more(), to=f"Into {n}", actor="owner"),
        lambda n: place_services(places={all_more()[-1]: 1}, actor="owner"),
        lambda n: imported(mirror_more(), to=f"Import {n}", percent=D(n)),
    ],
    ids=["price", "unprice", "move", "place", "import"],
)
def test_statements_do_not_grow_with_the_services(shop: Shop, change: Callable[[int], object]) -> None:
    def count(number: int) -> int:
        mark_up_services(service_ids=all_more(), **{**TERMS, "percent": D(number + 500)})
        with CaptureQueriesContext(connection) as queries:
            change(number)
        Service.objects.filter(upstream__category="More").update(category=Category.objects.get(name="More"))
        return len(queries)

    fill_shelf(shop, 5)
    few = count(70)
    fill_shelf(shop, 300, start=2000)
    assert count(80) == few
