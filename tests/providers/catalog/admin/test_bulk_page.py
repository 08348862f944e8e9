"""Changes of many services in the admin: chosen, previewed and made, or refused; imports, places, and who may."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from panel.customers.models import User
from panel.ops.models import AuditEvent
from providers.catalog.bulk.positions import move_services
from providers.catalog.models import CatalogVersion, Category, Markup, Service
from providers.catalog.publishing.publish import reprice
from providers.catalog.publishing.staff_choices import set_enabled
from providers.models import UpstreamService
from tests.admin_forms import seen
from tests.fixtures_shop import Shop

pytestmark = pytest.mark.django_db
SERVICES, CHOSEN, IMPORT = "/admin/catalog/service/", "/admin/catalog/service/chosen/", "/admin/catalog/service/import/"
D = Decimal


@pytest.fixture
def owner() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("owner@example.com", "correct horse battery"))
    return client


def text_of(answer: Any) -> str:
    """The page's words in one line."""
    words = re.sub(r"<[^>]*>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", words)


def confirm(client: Client, name: str, given: dict[str, Any]) -> Any:
    """Preview it, and click."""
    digest = client.post(f"{CHOSEN}{name}/", given).context["preview"].digest
    return client.post(f"{CHOSEN}{name}/", {**given, "previewed": digest, "confirmed": "1"}, follow=True)


def numbers(shop: Shop, *external_ids: str) -> str:
    return ",".join(str(shop.service(number).pk) for number in external_ids)


def everything(shop: Shop) -> tuple[Any, ...]:
    return (
        shop.everything(),
        list(Markup.objects.values()),
        list(CatalogVersion.objects.values()),
        AuditEvent.objects.count(),
    )


def test_chosen_services_get_a_markup_after_a_preview(owner: Client, shop: Shop) -> None:
    pks = [shop.service(number).pk for number in ("1", "4")]
    page = owner.post(SERVICES, {"action": "price", "_selected_action": pks})
    assert "2 services selected" in text_of(page)
    given = {"chosen": page.context["form"].initial["chosen"], "percent": "100", "fixed": "0.05", "decimals": "2"}
    before = everything(shop)
    preview = owner.post(f"{CHOSEN}price/", given)
    words = text_of(preview)
    assert "Changes to the 2 selected services:" in words
    assert "2 prices will increase" in words
    assert "$0.90 $1.35 $1.85 105.6%" in words
    assert everything(shop) == before
    edit = owner.post(f"{CHOSEN}price/", {**given, "edit": "1"})
    assert edit.context["form"]["percent"].value() == "100"
    assert everything(shop) == before
    done = confirm(owner, "price", given)
    assert "2 services have a new price." in text_of(done)
    assert (shop.service("1").rate, shop.service("4").rate) == (D("1.85"), D("0.55"))
    assert AuditEvent.objects.get().actor == "owner@example.com"
    preview = owner.post(SERVICES, {"action": "unprice", "_selected_action": pks})
    assert "2 prices will decrease" in text_of(preview)
    confirm(owner, "unprice", {"chosen": numbers(shop, "1")})
    assert (shop.service("1").rate, shop.service("4").rate) == (D("1.35"), D("0.55"))


def test_all_of_a_filtered_list_are_chosen_across_its_pages(owner: Client, shop: Shop) -> None:
    pk = shop.service("1").pk
    given = {"action": "move", "_selected_action": [pk], "select_across": "1"}
    page = owner.post(f"{SERVICES}?type__exact=Default", given)
    assert f"{Service.objects.filter(type='Default').count()} services selected" in text_of(page)


def test_chosen_services_move_to_a_category_and_to_a_place(owner: Client, shop: Shop) -> None:
    given = {"chosen": numbers(shop, "4", "1"), "new_category": "Fresh"}
    assert "2 services will move to another category" in text_of(owner.post(f"{CHOSEN}move/", given))
    assert not Category.objects.filter(name="Fresh").exists()
    confirm(owner, "move", given)
    fresh = Category.objects.get(name="Fresh")
    assert list(fresh.services.order_by("position").values_list("upstream__external_id", flat=True)) == ["1", "4"]
    confirm(owner, "place", {"chosen": numbers(shop, "4"), "place": "1"})
    assert list(fresh.services.order_by("position").values_list("upstream__external_id", flat=True)) == ["4", "1"]


@pytest.mark.parametrize(
    ("change", "wrong", "said"),
    [
        ("price", {"percent": "-100", "fixed": "0", "decimals": "6"}, "The percentage must be above -100"),
        ("price", {"percent": "x", "fixed": "0", "decimals": "6"}, "Enter a number."),
        ("price", {"chosen": "1,x", "percent": "1", "fixed": "0", "decimals": "6"}, "Select the services again."),
        ("price", {"chosen": "", "percent": "1", "fixed": "0", "decimals": "6"}, "Select at least one service."),
        ("move", {"category": "CATEGORY", "new_category": "Fresh"}, "not both"),
        ("place", {"place": "0"}, "greater than or equal to 1"),
        ("place", {"place": "1000001"}, "less than or equal to 1000000"),
        ("place", {"place": "9" * 40}, "less than or equal to 1000000"),
        ("price", {"percent": "9" * 30, "fixed": "0", "decimals": "6"}, "no more than 9 digits"),
        ("price", {"percent": "1", "fixed": "9" * 30, "decimals": "6"}, "no more than 18 digits"),
        ("price", {"percent": "1", "fixed": "0", "decimals": "9" * 30}, "less than or equal to 6"),
        ("import", {"percent": "1", "fixed": "-" + "9" * 30}, "no more than 18 digits"),
        ("import", {"fixed": "1"}, "Enter a percentage with the fixed amount, for example 0."),
        ("import", {"percent": "-100"}, "The percentage must be above -100"),
    ],
)
@pytest.mark.parametrize("confirmed", [{}, {"confirmed": "1"}])
def test_what_makes_no_sense_is_said_and_changes_nothing(
    owner: Client, shop: Shop, change: str, wrong: dict[str, str], said: str, confirmed: dict[str, str]
) -> None:
    before = everything(shop)
    service = shop.service("1")
    chosen = str(service.upstream_id if change == "import" else service.pk)
    given = {"chosen": chosen, **wrong, **confirmed}
    given = {name: str(service.category_id) if value == "CATEGORY" else value for name, value in given.items()}
    answer = owner.post(f"{CHOSEN}{change}/", given)
    assert (answer.status_code, said in text_of(answer)) == (422, True)
    assert everything(shop) == before


def test_there_are_no_other_changes_and_none_by_an_address(owner: Client, shop: Shop) -> None:
    assert owner.post(f"{CHOSEN}everything/", {}).status_code == 404
    assert owner.get(f"{CHOSEN}price/").status_code == 405


def test_services_are_imported_in_three_steps(owner: Client, shop: Shop) -> None:
    assert "You sell all listed services" in text_of(owner.get(IMPORT))
    set_enabled(service_ids=[shop.service(number).pk for number in ("1", "2", "4")], is_enabled=False)
    Service.objects.filter(pk=shop.service("2").pk).delete()
    listed = text_of(owner.get(f"{IMPORT}?provider={shop.provider.pk}"))
    assert "3 services you don't sell" in listed
    assert "Not imported" in listed
    assert "Disabled" in listed
    assert "1 service you don't sell" in text_of(
        owner.get(f"{IMPORT}?category=Packages&type=Package&rate_from=1&rate_to=9")
    )
    assert "No matching services" in text_of(owner.get(f"{IMPORT}?words=nowhere"))
    before = everything(shop)
    nothing = owner.post(IMPORT, {"choose": "marked"})
    assert (nothing.status_code, "Select at least one service." in text_of(nothing)) == (422, True)
    marked = owner.post(IMPORT, {"choose": "marked", "row": [shop.upstream("1").pk]})
    assert "1 service selected" in text_of(marked)
    page = owner.post(f"{IMPORT}?refill=on", {"choose": "all", "shown": "1"})
    chosen = page.context["form"].initial["chosen"]
    assert chosen == str(shop.upstream("1").pk)
    page = owner.post(IMPORT, {"choose": "all", "shown": "3"})
    given = {
        "chosen": page.context["form"].initial["chosen"],
        "new_category": "Fresh",
        "percent": "100",
        "on_sale": "on",
    }
    words = text_of(owner.post(f"{CHOSEN}import/", given))
    for sentence in (
        "Changes to the 3 selected services:", "1 new service", "3 services will go on sale",
        "2 prices will increase", "2 services will move to another category",
    ):  # fmt: skip
        assert sentence in words
    assert everything(shop) == before
    done = confirm(owner, "import", given)
    assert "3 services were imported." in text_of(done)
    assert [shop.service(number).rate for number in ("1", "2", "4")] == [D("1.8"), D(10), D("0.5")]
    assert "3 services you don't sell" not in text_of(owner.get(IMPORT))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("category=Long+gone", "Long gone is not one of the available choices."),
        ("type=Nonsense", "Nonsense is not one of the available choices."),
        ("provider=999999", "That choice is not one of the available choices."),
        ("provider=x", "That choice is not one of the available choices."),
        ("rate_from=x", "Enter a number."),
        ("rate_to=-1", "greater than or equal to 0"),
        ("rate_from=2&rate_to=1", "The highest rate must not be below the lowest rate."),
        ("words=" + "x" * 101, "at most 100 characters"),
    ],
)
def test_a_filter_that_cannot_be_used_finds_nothing_and_says_why(
    owner: Client, shop: Shop, query: str, said: str
) -> None:
    set_enabled(service_ids=[shop.service(number).pk for number in ("1", "2")], is_enabled=False)
    before = everything(shop)
    page = owner.get(f"{IMPORT}?{query}")
    assert (said in text_of(page), page.context["page"].paginator.count) == (True, 0)
    assert "Invalid filters" in text_of(page)
    assert "you don't sell" not in text_of(page)
    for shown in ("2", "0", ""):
        assert owner.post(f"{IMPORT}?{query}", {"choose": "all", "shown": shown}).status_code == 422
    assert everything(shop) == before


def test_all_found_are_those_that_the_page_showed(owner: Client, shop: Shop) -> None:
    set_enabled(service_ids=[shop.service(number).pk for number in ("1", "2", "4")], is_enabled=False)
    page = owner.get(IMPORT)
    assert '<input type="hidden" name="shown" value="3">' in page.content.decode()
    set_enabled(service_ids=[shop.service("4").pk], is_enabled=True)
    answer = owner.post(IMPORT, {"choose": "all", "shown": "3"})
    said = "The list changed: 2 services match now. Check it again."
    assert (answer.status_code, said in text_of(answer)) == (422, True)
    assert "2 services selected" in text_of(owner.post(IMPORT, {"choose": "all", "shown": "2"}))


def test_a_switch_says_what_can_be_bought(owner: Client, shop: Shop) -> None:
    pks = [shop.service(number).pk for number in ("1", "2")]
    given = {"action": "disable", "_selected_action": pks}
    assert "2 services were disabled." in text_of(owner.post(SERVICES, given, follow=True))
    shop.simulator.remove_service(1)
    shop.sync()
    shop.sync()
    said = text_of(owner.post(SERVICES, {**given, "action": "enable", **seen(owner, SERVICES)}, follow=True))
    assert "2 services were enabled. 1 selected service is still unavailable. The list shows why." in said
    one = {"action": "disable", "_selected_action": pks[1:]}
    assert "1 service was disabled." in text_of(owner.post(SERVICES, one, follow=True))
    said = text_of(owner.post(SERVICES, {**one, "action": "enable", **seen(owner, SERVICES)}, follow=True))
    assert "1 service was enabled. " in said
    assert "still unavailable" not in said


def test_the_import_takes_the_same_queries_whatever_is_listed(owner: Client, shop: Shop) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert owner.get(IMPORT).status_code == 200
        return len(queries)

    set_enabled(service_ids=[shop.service("1").pk], is_enabled=False)
    owner.get(IMPORT)
    few = count()
    set_enabled(service_ids=list(Service.objects.values_list("pk", flat=True)), is_enabled=False)
    assert count() == few


def test_the_services_of_a_category_are_arranged(owner: Client, shop: Shop) -> None:
    all_of_them = list(Service.objects.values_list("pk", flat=True))
    move_services(service_ids=all_of_them, to=shop.service("1").category, actor="owner")
    first = shop.service("1")
    url = f"/admin/catalog/category/{first.category_id}/arrange/"
    order = list(first.category.services.order_by("position", "pk"))
    assert len(order) > 1
    page = owner.get(url).content.decode()
    assert [int(n) for n in re.findall(r'name="place-(\d+)-', page)] == [row.pk for row in order]
    owner.post(url, {"move": f"{order[1].pk}-2-1"})
    assert list(first.category.services.order_by("position")) == [order[1], order[0], *order[2:]]
    shown = {f"place-{row.pk}-{place}": str(place) for place, row in enumerate([order[1], order[0], *order[2:]], 1)}
    assert "The order did not change." in text_of(owner.post(url, shown, follow=True))
    typed = {**shown, f"place-{order[0].pk}-2": "1"}
    owner.post(url, typed)
    assert list(first.category.services.order_by("position")) == order


def test_categories_are_arranged(owner: Client, shop: Shop) -> None:
    url, names = "/admin/catalog/category/arrange/", list(Category.objects.values_list("name", flat=True))
    second = Category.objects.get(name=names[1])
    assert f"Position of {names[0]}" in owner.get(url).content.decode()
    owner.post(url, {"move": f"{second.pk}-2-1"})
    assert list(Category.objects.values_list("name", flat=True))[:2] == [names[1], names[0]]
    before = everything(shop)
    owner.post(url, {f"place-{second.pk}-1": "x", "place-1": "3", "move": "1;2"})
    assert everything(shop) == before


def test_hostile_words_are_shown_as_text(owner: Client, shop: Shop) -> None:
    evil = "\"><script>alert('x')</script>{{7*7}}"
    shop.upstream("1").__class__.objects.filter(external_id="1").update(name=evil, category=evil)
    service = shop.service("1")
    Service.objects.filter(pk=service.pk).update(name=evil, is_enabled=False)
    Category.objects.filter(pk=service.category_id).update(name=evil)
    price = {"chosen": str(service.pk), "percent": "1", "fixed": "0", "decimals": "6"}
    for answer in (
        owner.get(IMPORT),
        owner.get(f"/admin/catalog/category/{service.category_id}/arrange/"),
        owner.get("/admin/catalog/category/arrange/"),
        owner.post(f"{CHOSEN}price/", price),
        owner.post(f"{CHOSEN}move/", {"chosen": str(service.pk), "new_category": evil}),
    ):
        assert answer.status_code == 200
        assert "<script>alert" not in answer.content.decode()
        assert "alert(" in answer.content.decode()


@pytest.mark.parametrize("name", ["price", "unprice", "move", "place", "import"])
def test_a_change_that_is_not_what_was_previewed_is_shown_anew(owner: Client, shop: Shop, name: str) -> None:
    """And is made at the next click."""
    if name == "unprice":
        Markup.objects.create(service=shop.service("1"), percent=200)
        Markup.objects.create(service=shop.service("4"), percent=200)
        reprice()
    if name == "place":
        every = list(Service.objects.values_list("pk", flat=True))
        move_services(service_ids=every, to="One for all", actor="x")
    if name == "import":
        set_enabled(service_ids=[shop.service("1").pk, shop.service("4").pk], is_enabled=False)
    chosen = [shop.service("1"), shop.service("4")]
    found_by = [row.upstream_id if name == "import" else row.pk for row in chosen]
    given: dict[str, Any] = {"chosen": ",".join(map(str, found_by))}
    more = {"price": {"percent": "100", "fixed": "0", "decimals": "6"}, "move": {"new_category": "Fresh"}}
    given |= {**more, "place": {"place": "2"}, "import": {"on_sale": "on"}}.get(name, {})
    digest = owner.post(f"{CHOSEN}{name}/", given).context["preview"].digest
    shop.simulator.set_service(1, rate="1.1")
    shop.sync()
    before = everything(shop)
    click = {**given, "confirmed": "1"}
    for previewed in (digest, "nonsense", ""):
        again = owner.post(f"{CHOSEN}{name}/", {**click, "previewed": previewed})
        assert again.status_code == 422
        assert "Nothing was saved. Services or markups changed since the preview. Check the new preview." in text_of(
            again
        )
        assert everything(shop) == before
    fresh = again.context["preview"].digest
    assert fresh != digest
    assert owner.post(f"{CHOSEN}{name}/", {**click, "previewed": fresh}).status_code == 302
    assert everything(shop) != before


def test_an_import_of_new_services_is_what_was_previewed(owner: Client, shop: Shop) -> None:
    """Though each time it is made its rows have other numbers."""
    upstream = UpstreamService.objects.create(
        provider=shop.provider,
        external_id="new",
        name="Brand new",
        type="Default",
        category="New",
        rate=3,
        min=1,
        max=9,
    )
    given = {"chosen": str(upstream.pk), "new_category": "Fresh", "percent": "100", "on_sale": "on"}
    for _ in range(2):
        owner.post(f"{CHOSEN}import/", given)
    confirm(owner, "import", given)
    service = Service.objects.get(name="Brand new")
    assert (service.category.name, service.rate, service.is_for_sale) == ("Fresh", D(6), True)


def test_a_place_that_somebody_else_changed_is_told(owner: Client, shop: Shop) -> None:
    category = shop.service("1").category
    move_services(service_ids=list(Service.objects.values_list("pk", flat=True)), to=category, actor="x")
    url = f"/admin/catalog/category/{category.pk}/arrange/"
    _, second, *_ = category.services.order_by("position", "pk")
    move_services(service_ids=[second.pk], to="Elsewhere", actor="x")
    move_services(service_ids=[second.pk], to=category, actor="x")  # to the end
    before = everything(shop)
    page = text_of(owner.post(url, {f"place-{second.pk}-2": "1"}, follow=True))
    assert f"Nothing was saved. Somebody else moved “{second.name}”. This is the current order." in page
    assert everything(shop) == before
    page = text_of(owner.post(url, {"move": f"{second.pk}-2-1"}, follow=True))
    assert "Somebody else moved" in page
    assert everything(shop) == before
    last = category.services.count()
    owner.post(url, {"move": f"{second.pk}-{last}-1"})
    assert category.services.order_by("position", "pk")[0] == second
