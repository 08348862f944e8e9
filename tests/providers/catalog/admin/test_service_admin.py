"""The shelf in the admin: rules reprice at once and show before what they will do; staff's own choices stay."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from panel.customers.models import User
from panel.ops.models import AuditEvent
from providers.catalog.models import CatalogVersion, Category, Markup, Service
from providers.models import Provider, UpstreamService
from tests.admin_forms import save, seen
from tests.fixtures_shop import Shop

pytestmark = pytest.mark.django_db
MARKUPS, SERVICES = "/admin/catalog/markup/", "/admin/catalog/service/"
EVIL = "\"><script>alert('x')</script>{{7*7}}"


@pytest.fixture
def owner() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("owner@example.com", "correct horse battery"))
    return client


def version() -> str:
    return CatalogVersion.objects.get().version


def rule(**changes: object) -> dict[str, object]:
    return {"percent": "100", "fixed": "0", "decimals": "6", **changes}


def chosen(service: Service, **changes: object) -> dict[str, object]:
    """The service's form as a browser would send it."""
    given: dict[str, object] = {
        "name": service.name,
        "description": service.description,
        "category": service.category_id,
        "position": service.position,
        "backups-TOTAL_FORMS": "0",
        "backups-INITIAL_FORMS": "0",
    }
    if service.is_enabled:
        given["is_enabled"] = "on"
    switches = ("keeps_name", "keeps_description", "keeps_category", "allow_below_cost")
    given |= {name: "on" for name in switches if getattr(service, name)}
    return {**given, **changes}


def test_a_rule_that_is_added_changed_and_deleted_reprices_each_time(owner: Client, shop: Shop) -> None:
    service = shop.service("1")
    assert owner.post(f"{MARKUPS}add/", rule(service=service.pk)).status_code == 302
    added = Markup.objects.get(service=service)
    assert shop.service("1").rate == Decimal("1.8")
    save(owner, f"{MARKUPS}{added.pk}/change/", rule(percent="10", fixed="0.5", decimals="1"))
    assert shop.service("1").rate == Decimal("1.5")
    assert Markup.objects.get(pk=added.pk).fixed == Decimal("0.5")
    owner.post(f"{MARKUPS}{added.pk}/delete/", {"post": "yes"})
    assert shop.service("1").rate == Decimal("1.35")
    assert list(AuditEvent.objects.order_by("pk").values_list("action", flat=True)) == [
        "markup.add", "markup.change", "markup.delete",
    ]  # fmt: skip


def test_a_rule_keeps_its_target(owner: Client, shop: Shop) -> None:
    everything = Markup.objects.get()
    save(owner, f"{MARKUPS}{everything.pk}/change/", rule(service=shop.service("1").pk))
    assert Markup.objects.get().reach == "everything"
    assert shop.service("4").rate == Decimal("0.5")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"percent": "-100"}, "The percentage must be above -100"),
        ({"decimals": "7"}, "Decimals must be between 0 and 6."),
        ({}, "A markup for this already exists. Edit that one."),
    ],
)
def test_a_rule_that_makes_no_sense_changes_nothing(
    owner: Client, shop: Shop, changes: dict[str, str], said: str
) -> None:
    before = (shop.everything(), list(Markup.objects.values()))
    assert said in owner.post(f"{MARKUPS}add/", rule(**changes)).content.decode()
    assert (shop.everything(), list(Markup.objects.values())) == before


def test_two_targets_are_refused(owner: Client, shop: Shop) -> None:
    service = shop.service("1")
    answer = owner.post(f"{MARKUPS}add/", rule(service=service.pk, category=service.category_id))
    assert "not several" in answer.content.decode()
    assert Markup.objects.count() == 1


def test_the_preview_shows_the_prices_and_changes_nothing(owner: Client, shop: Shop) -> None:
    everything, before = Markup.objects.get(), shop.everything()
    url = f"{MARKUPS}{everything.pk}/preview/"
    part = owner.post(url, rule(percent="-10"), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "This markup applies to 20 services. 20 prices will change: 0 up, 20 down." in part
    assert "The rate is below the cost." in part
    assert "20 services will not be on sale at their new prices." in part
    assert "$0.81" in part  # 0.90 less a tenth
    assert shop.everything() == before
    page = owner.post(url, rule()).content.decode()
    assert "<html" in page
    assert "Nothing has been saved yet." in page
    assert "The percentage must be above -100" in owner.post(url, rule(percent="-100")).content.decode()


def test_the_preview_shows_fifty_rows_and_counts_all(owner: Client, shop: Shop) -> None:
    upstream = shop.upstream("1")
    rows = [
        UpstreamService(
            provider=shop.provider, external_id=f"x{n}", name=f"More {n}", category="More", type="Default",
            rate=upstream.rate, min=1, max=10,
        )
        for n in range(60)
    ]  # fmt: skip
    UpstreamService.objects.bulk_create(rows)
    category = Category.objects.create(name="More")
    Service.objects.bulk_create(
        Service(upstream=row, provider=shop.provider, category=category, name=row.name, min=1, max=10, cost=1, rate=2)
        for row in rows
    )
    part = owner.post(f"{MARKUPS}preview/", rule(category=category.pk), headers={"HX-Request": "true"})
    assert (
        "applies to 60 services. 0 prices will change: 0 up, 0 down. The first 50 are shown." in part.content.decode()
    )
    assert part.content.decode().count("<tr>") == 51


def test_own_words_stay_through_a_sync_and_can_be_given_back(owner: Client, shop: Shop) -> None:
    service, before = shop.service("1"), version()
    url = f"{SERVICES}{service.pk}/change/"
    save(owner, url, chosen(service, name="Our own name", position="7"))
    changed = shop.service("1")
    assert (changed.name, changed.keeps_name, changed.position, changed.rate) == (
        "Our own name", True, 7, Decimal("1.35"),
    )  # fmt: skip
    assert version() != before
    shop.sync()
    assert shop.service("1").name == "Our own name"
    given_back = chosen(changed)
    del given_back["keeps_name"]
    save(owner, url, given_back)
    assert shop.service("1").name == service.name
    event = AuditEvent.objects.first()
    assert event is not None
    assert event.detail == {
        "fields": ["Name", "Position"],
        "before": {"name": service.name, "position": 0},
        "after": {"name": "Our own name", "position": 7},
    }


def test_selling_below_cost_is_a_choice_that_holds_at_once(owner: Client, shop: Shop) -> None:
    service = shop.service("1")
    owner.post(f"{MARKUPS}add/", rule(service=service.pk, percent="-50"))
    assert (shop.service("1").is_available, shop.service("1").unavailable_reason) == (
        False, "The rate is below the cost.",
    )  # fmt: skip
    save(owner, f"{SERVICES}{service.pk}/change/", chosen(service, allow_below_cost="on"))
    assert (shop.service("1").is_available, shop.service("1").rate) == (True, Decimal("0.45"))


def test_what_sync_and_rules_write_cannot_be_typed_in(owner: Client, shop: Shop) -> None:
    service = shop.service("1")
    sent = chosen(service, cost="0.01", rate="0.01", min="1", is_available="", type="Package")
    save(owner, f"{SERVICES}{service.pk}/change/", sent)
    now = shop.service("1")
    assert (now.cost, now.rate, now.min, now.is_available, now.type) == (
        Decimal("0.9"), Decimal("1.35"), 50, True, "Default",
    )  # fmt: skip
    assert owner.get(f"{SERVICES}add/").status_code == 403
    assert owner.post(f"{SERVICES}{service.pk}/delete/", {"post": "yes"}).status_code == 403


def test_services_are_taken_off_and_put_on_sale_with_the_shelfs_version(owner: Client, shop: Shop) -> None:
    ids, before = [shop.service(number).pk for number in ("1", "4")], version()
    owner.post(SERVICES, {"action": "disable", "_selected_action": ids})
    assert [shop.service(number).is_enabled for number in ("1", "2", "4")] == [False, True, False]
    assert version() != before
    owner.post(SERVICES, {"action": "enable", "_selected_action": ids, **seen(owner, SERVICES)})
    assert shop.service("1").is_enabled
    events = AuditEvent.objects.order_by("pk")
    assert [(event.action, sorted(event.detail["services"])) for event in events] == [
        ("service.disable", sorted(ids)),
        ("service.enable", sorted(ids)),
    ]


def test_doubtful_services_are_confirmed(owner: Client, shop: Shop) -> None:
    upstream = shop.upstream("1")
    UpstreamService.objects.filter(pk=upstream.pk).update(review_reason="price", rate_before=Decimal("0.1"))
    Service.objects.filter(upstream=upstream).update(is_available=False)
    chosen = {"action": "confirm", "_selected_action": [shop.service("1").pk]}
    owner.post(SERVICES, {**chosen, **seen(owner, SERVICES)})
    assert shop.upstream("1").review_reason == ""
    assert shop.service("1").is_available


def test_what_changed_since_the_list_was_opened_is_not_confirmed(owner: Client, shop: Shop) -> None:
    for number, rate in (("1", "2"), ("4", "0.9")):
        shop.simulator.set_service(int(number), rate=rate)
    shop.sync()
    pks = [shop.service(number).pk for number in ("1", "4")]
    looked_at = seen(owner, SERVICES)
    shop.simulator.set_service(1, rate="90")
    shop.sync()
    given = {"action": "confirm", "_selected_action": pks, **looked_at}
    said = owner.post(SERVICES, given, follow=True).content.decode()
    assert "1 service was accepted." in said
    assert "1 service was skipped because it changed since you opened the list. Check it again." in said
    assert [shop.upstream(number).review_reason for number in ("1", "4")] == ["price", ""]
    assert [shop.service(number).is_for_sale for number in ("1", "4")] == [False, True]
    before = shop.everything()
    for forgotten in ({}, {"seen": "nonsense"}, {"seen": "2026-01-01"}):
        owner.post(SERVICES, {"action": "confirm", "_selected_action": pks, **forgotten})
    assert shop.everything() == before
    owner.post(SERVICES, {**given, **seen(owner, SERVICES)})
    assert (shop.upstream("1").review_reason, shop.service("1").rate) == ("", Decimal(135))


def test_what_changed_since_the_list_was_opened_is_not_put_on_sale(owner: Client, shop: Shop) -> None:
    pks = [shop.service(number).pk for number in ("1", "4")]
    owner.post(SERVICES, {"action": "disable", "_selected_action": pks})
    looked_at = seen(owner, SERVICES)
    shop.simulator.set_service(1, rate="1.1")
    shop.sync()
    said = owner.post(SERVICES, {"action": "enable", "_selected_action": pks, **looked_at}, follow=True)
    assert "1 service was skipped because it changed since you opened the list" in said.content.decode()
    assert [shop.service(number).is_enabled for number in ("1", "4")] == [False, True]
    event = AuditEvent.objects.get(action="service.enable")
    assert event.detail == {"services": [shop.service("4").pk], "count": 1}
    owner.post(SERVICES, {"action": "enable", "_selected_action": pks[1:], **seen(owner, SERVICES)})
    assert AuditEvent.objects.filter(action="service.enable").count() == 1  # nothing happened


def test_a_category_is_renamed_and_keeps_its_services(owner: Client, shop: Shop) -> None:
    category, before = shop.service("1").category, version()
    save(owner, f"/admin/catalog/category/{category.pk}/change/", {"name": "Best of Instagram", "position": "1"})
    assert shop.service("1").category.name == "Best of Instagram"
    assert version() != before
    shop.sync()
    assert shop.service("1").category.name == "Best of Instagram"


def test_a_place_leaves_room_for_what_is_put_behind_it(owner: Client, shop: Shop) -> None:
    category, before = shop.service("1").category, shop.everything()
    url = f"/admin/catalog/category/{category.pk}/change/"
    answer = save(owner, url, {"name": category.name, "position": "2147483647"})
    assert "less than or equal to 1000000000" in answer.content.decode()
    assert shop.everything() == before
    save(owner, url, {"name": category.name, "position": "1000000000"})
    shop.simulator.add_service(99, category="Quite new")
    shop.sync()
    assert shop.service("99").category.position == 1_000_000_001


def test_lists_take_a_constant_number_of_queries(owner: Client, shop: Shop) -> None:
    pages = [SERVICES, "/admin/providers/upstreamservice/", MARKUPS]
    for page in pages:
        owner.get(page)

    def queries() -> list[int]:
        found = []
        for page in pages:
            with CaptureQueriesContext(connection) as captured:
                assert owner.get(page).status_code == 200
            found.append(len(captured))
        return found

    few = queries()
    category = Category.objects.create(name="More")
    rows = [
        UpstreamService(provider=shop.provider, external_id=f"x{n}", name="x", category="More", rate=1, min=1, max=10)
        for n in range(100)
    ]
    UpstreamService.objects.bulk_create(rows)
    services = Service.objects.bulk_create(
        Service(upstream=row, provider=shop.provider, category=category, name="x", min=1, max=10, cost=1, rate=2)
        for row in rows
    )
    Markup.objects.bulk_create(Markup(service=service, percent=Decimal(5)) for service in services)
    assert queries() == few


def test_a_providers_words_are_shown_as_text(owner: Client, shop: Shop) -> None:
    service = shop.service("1")
    Provider.objects.update(name=EVIL)
    UpstreamService.objects.update(name=EVIL)
    Category.objects.filter(pk=service.category_id).update(name=EVIL)
    Service.objects.update(name=EVIL, description=EVIL)
    pages = [SERVICES, f"{SERVICES}{service.pk}/change/", "/admin/providers/upstreamservice/", MARKUPS]
    pages += ["/admin/providers/provider/", f"/admin/providers/provider/{shop.provider.pk}/change/"]
    pages += ["/admin/catalog/category/", f"/admin/providers/provider/{shop.provider.pk}/deposit/"]
    for page in pages:
        text = owner.get(page).content.decode()
        assert "<script>alert" not in text, page
    preview = owner.post(f"{MARKUPS}preview/", rule(service=service.pk)).content.decode()
    assert "&lt;script&gt;alert(&#x27;x&#x27;)" in preview
    assert "<script>alert" not in preview


@pytest.mark.parametrize(
    ("external_id", "problem"),
    [("1", "already the main supplier"), ("2", "The type Package does not match"), ("4", "")],
)
def test_a_backup_is_another_service_of_the_same_type(
    owner: Client, shop: Shop, external_id: str, problem: str
) -> None:
    service = shop.service("1")
    given = {"backups-TOTAL_FORMS": "1", "backups-0-upstream": shop.upstream(external_id).pk, "backups-0-position": "0"}
    answer = save(owner, f"{SERVICES}{service.pk}/change/", chosen(service, **given))
    assert problem in answer.content.decode()
    assert list(service.backups.values_list("upstream", flat=True)) == (
        [] if problem else [shop.upstream(external_id).pk]
    )
