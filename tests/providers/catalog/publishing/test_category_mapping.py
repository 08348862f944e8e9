"""A category stays the same, with its markup and place, however staff or providers name it; no sync drops a rule."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from panel.ops.models import Alert
from providers.catalog.bulk.positions import move_services
from providers.catalog.markups import set_markup
from providers.catalog.models import Category, CategoryHeading, Service
from providers.catalog.publishing.staff_choices import choose_for_service, save_category
from providers.catalog.review.pending_review import all_pending_review
from tests.fixtures_shop import Shop, connect
from tests.providers.catalog.history import catalog_at

D = Decimal
NEW = "Instagram Followers ⭐ NEW"
MOVED = ("Instagram Followers", True, D("3.6"), True)


@pytest.fixture
def followers(shop: Shop) -> Category:
    """Two services of one category, the first at a cost of 0.90, with a markup of 300 % for the category."""
    category = shop.service("1").category
    shop.simulator.add_service(77, name="Instagram Followers Slow", category=category.name, rate="0.5")
    shop.simulator.add_service(78, name="Instagram Followers Fast", category=category.name, rate="0.6")
    shop.sync()
    listed = Service.objects.filter(category=category)
    assert {"1", "77", "78"} <= set(listed.values_list("upstream__external_id", flat=True))
    set_markup(percent=D(300), category=category)
    return category


def numbers(category: Category) -> list[str]:
    return list(category.services.order_by("upstream__external_id").values_list("upstream__external_id", flat=True))


def rename_at_provider(shop: Shop, external_ids: list[str], name: str) -> None:
    for number in external_ids:
        shop.simulator.set_service(int(number), category=name)
    shop.sync()


def stands(shop: Shop, number: str = "1") -> tuple[Any, ...]:
    service = shop.service(number)
    return service.category.name, service.is_for_sale, service.rate, service.move_waits


def open_alerts() -> list[str]:
    return list(Alert.objects.filter(closed_at=None, subject__startswith="moves:").values_list("title", flat=True))


def test_a_category_that_the_provider_renames_is_the_same(shop: Shop, followers: Category) -> None:
    count, services = Category.objects.count(), numbers(followers)
    rename_at_provider(shop, services, NEW)
    after = Category.objects.get(pk=followers.pk)
    assert (after.name, after.position, Category.objects.count()) == (NEW, followers.position, count)
    assert (numbers(after), stands(shop)) == (services, (NEW, True, D("3.6"), False))
    assert set(after.headings.values_list("text", flat=True)) == {"Instagram Followers", NEW}
    shop.simulator.add_service(79, name="Instagram Followers Best", category=NEW, rate="1")
    shop.sync()
    assert stands(shop, "79") == (NEW, True, D(4), False)
    assert open_alerts() == []


def test_a_name_of_ours_stays_when_the_provider_renames(shop: Shop, followers: Category) -> None:
    followers.name = "Top"
    save_category(category=followers, changed=["name"])
    rename_at_provider(shop, numbers(followers), NEW)
    assert stands(shop) == ("Top", True, D("3.6"), False)


def test_most_of_the_services_are_enough_and_the_others_stay(shop: Shop, followers: Category) -> None:
    services = numbers(followers)
    rename_at_provider(shop, services[: len(services) // 2 + 1], NEW)
    assert numbers(followers) == services
    assert set(Service.objects.filter(category=followers).values_list("move_waits", flat=True)) == {False}


def test_few_services_under_a_new_heading_wait_where_their_rule_would_go(shop: Shop, followers: Category) -> None:
    rename_at_provider(shop, ["1"], NEW)
    assert stands(shop) == MOVED
    assert open_alerts() == ["North: 1 service has a pending category change"]
    assert all_pending_review().count() == 1
    set_markup(percent=D(60))
    assert stands(shop) == MOVED
    shop.sync()
    shop.simulator.set_service(1, rate="1.00")
    shop.sync()
    assert stands(shop) == ("Instagram Followers", True, D(4), True)
    assert move_services(service_ids=[shop.service("1").pk], to=None, actor="owner") == 1
    assert stands(shop) == (NEW, True, D("1.6"), False)
    assert (open_alerts(), all_pending_review().count()) == ([], 0)


def test_what_waits_is_kept_by_a_word_of_staff_or_the_provider(shop: Shop, followers: Category) -> None:
    rename_at_provider(shop, ["1"], NEW)
    choose_for_service(service=shop.service("1"), chosen={"keeps_category": True})
    assert (stands(shop), open_alerts()) == (("Instagram Followers", True, D("3.6"), False), [])
    rename_at_provider(shop, ["77"], NEW)
    assert stands(shop, "77")[3] is True
    rename_at_provider(shop, ["77"], "Instagram Followers")
    assert (stands(shop, "77")[3], open_alerts()) == (False, [])


def test_what_keeps_its_price_is_moved_at_once(shop: Shop, followers: Category) -> None:
    choose_for_service(service=shop.service("1"), chosen={"own_rate": D(5)})
    set_markup(percent=D(70), service=shop.service("77"))
    choose_for_service(service=shop.service("78"), chosen={"is_enabled": False})
    for number in ("78", "77", "1"):
        rename_at_provider(shop, [number], f"Moved {number}")
    assert [stands(shop, number)[0::2] for number in ("1", "77", "78")] == [
        ("Moved 1", D(5)), ("Moved 77", D("0.85")), ("Moved 78", D("0.9")),
    ]  # fmt: skip
    assert open_alerts() == []


def test_without_rules_of_categories_services_follow_the_provider(shop: Shop) -> None:
    shop.simulator.add_service(77, name="Instagram Followers Slow", category="Instagram Followers", rate="0.5")
    shop.simulator.add_service(78, name="Instagram Followers Fast", category="Instagram Followers", rate="0.5")
    shop.sync()
    rename_at_provider(shop, ["1"], NEW)
    assert stands(shop) == (NEW, True, D("1.35"), False)


def test_a_category_of_staff_is_the_providers_once_a_sync_met_it(shop: Shop) -> None:
    Category.objects.create(name="Best of Instagram")
    rename_at_provider(shop, ["1"], "Best of Instagram")
    best = shop.service("1").category
    set_markup(percent=D(100), category=best)
    best.name = "Top Instagram"
    save_category(category=best, changed=["name"])
    shop.simulator.set_service(1, rate="1.00")
    shop.sync()
    assert stands(shop) == ("Top Instagram", True, D(2), False)
    assert not Category.objects.filter(name="Best of Instagram").exists()


def test_headings_that_differ_in_case_alone_are_one_category(shop: Shop) -> None:
    names = set(Category.objects.values_list("name", flat=True))
    shop.simulator.add_service(77, name="One", category="INSTAGRAM followers", rate="0.5")
    shop.simulator.add_service(78, name="Two", category="ПОДПИСЧИКИ", rate="0.5")
    shop.simulator.add_service(79, name="Three", category="Подписчики", rate="0.5")
    shop.sync()
    assert set(Category.objects.values_list("name", flat=True)) == names | {"ПОДПИСЧИКИ"}
    assert stands(shop, "77")[0] == "Instagram Followers"
    assert [stands(shop, number)[0] for number in ("78", "79")] == ["ПОДПИСЧИКИ"] * 2
    move_services(service_ids=[shop.service("1").pk], to="подписчики", actor="owner")
    assert stands(shop)[0] == "ПОДПИСЧИКИ"


def test_twins_of_before_stay_and_are_told(shop: Shop, admin_client: Client) -> None:
    page = "/admin/catalog/category/"
    assert "differ only in case" not in admin_client.get(page).content.decode()
    Category.objects.create(name="instagram FOLLOWERS", position=99)
    said = "differ only in case: “Instagram Followers”, “instagram FOLLOWERS”."
    assert said in admin_client.get(page).content.decode()
    rename_at_provider(shop, ["4"], "instagram FOLLOWERS")
    assert (stands(shop)[0], stands(shop, "4")[0]) == ("Instagram Followers", "instagram FOLLOWERS")


def test_two_providers_share_a_category_and_its_name_stays(shop: Shop, make_simulator: Any) -> None:
    other = make_simulator()
    Shop(other, connect(other, name="South")).sync()
    category = Category.objects.get(name="Instagram Followers")
    assert category.services.count() == 2
    shop.simulator.add_service(77, name="Instagram Followers Slow", category=category.name, rate="0.5")
    shop.sync()
    rename_at_provider(shop, ["1", "77"], NEW)
    after = Category.objects.get(pk=category.pk)
    assert (after.name, after.services.count()) == ("Instagram Followers", 3)


def test_waiting_moves_are_found_in_the_admin_and_on_the_changes_page(
    shop: Shop, followers: Category, admin_client: Client
) -> None:
    rename_at_provider(shop, ["1"], NEW)
    page = admin_client.get("/staff/changes/").content.decode()
    address = f"/admin/catalog/service/?move_waits__exact=1&amp;provider__id__exact={shop.provider.pk}"
    assert "North: 1 service moved to another category" in " ".join(page.split())
    assert address in page
    listed = admin_client.get(address.replace("&amp;", "&")).context["cl"].queryset
    assert [service.pk for service in listed] == [shop.service("1").pk]


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_headings_of_before_are_kept_and_back() -> None:
    try:
        old = catalog_at("0013_descriptions_kept_by_line_ends")
        provider = old.get_model("providers", "Provider").objects.create(name="North", url="https://x.example/")
        for name, heading, listed in (
            ("Ours", "Theirs", "Theirs"),
            ("By name", "", " By name "),
            ("Other", "", ""),
            ("Moved to", "", "Elsewhere"),
        ):
            category = old.get_model("catalog", "Category").objects.create(name=name, heading=heading)
            upstream = old.get_model("providers", "UpstreamService").objects.create(
                provider=provider, external_id=name, name=name, category=listed, rate=1, min=1, max=10
            )
            old.get_model("catalog", "Service").objects.create(
                upstream=upstream, provider=provider, category=category, name=name, min=1, max=10, cost=1, rate=2
            )
        catalog_at("0016_category_without_heading")
        found = CategoryHeading.objects.order_by("text").values_list("category__name", "text")
        assert list(found) == [("By name", "By name"), ("Other", "Other"), ("Ours", "Theirs")]
        back = catalog_at("0013_descriptions_kept_by_line_ends").get_model("catalog", "Category").objects
        assert set(back.values_list("name", "heading")) == {
            ("Ours", "Theirs"), ("By name", "By name"), ("Other", "Other"), ("Moved to", ""),
        }  # fmt: skip
    finally:
        call_command("migrate", verbosity=0)
