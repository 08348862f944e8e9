"""What is held waits for staff's word: accepted or kept off sale, one by one or all at once, and audited."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from panel.customers.models import User
from panel.ops.alerts.alerts import dismiss_alert
from panel.ops.models import Alert, AuditEvent
from providers.catalog.models import Service
from providers.catalog.publishing.staff_choices import set_enabled
from providers.catalog.review.changes import Margin, changes_page, pending_review_page
from providers.catalog.review.pending_review import (
    accept_prices,
    all_pending_review,
    confirm_services,
    keep_disabled,
    services_pending_review,
)
from providers.models import Provider, ServiceChange
from tests.admin_forms import seen
from tests.fixtures_shop import Shop

D = Decimal
PAGE = "/staff/changes/"


@pytest.fixture
def staff(shop: Shop) -> Client:
    User.objects.create_superuser("ann@example.com", "correct horse battery")
    client = Client()
    client.force_login(User.objects.get(email="ann@example.com"))
    return client


@pytest.fixture
def held(shop: Shop) -> Shop:
    """Service 1's price doubled, 3 means something else, and 2 makes no sense."""
    shop.simulator.set_service(1, rate="1.80")
    shop.simulator.set_service(2, min="0")
    shop.simulator.set_service(3, name="TikTok Shares", category="TikTok")
    shop.sync()
    return shop


def ids(shop: Shop, *numbers: str) -> list[int]:
    return [shop.service(number).pk for number in numbers]


def confirm(shop: Shop, *numbers: str, **given: Any) -> int:
    return confirm_services(service_ids=ids(shop, *numbers), actor="ann@example.com", now=timezone.now(), **given)


def trail(action: str) -> dict[str, Any]:
    detail: dict[str, Any] = AuditEvent.objects.get(action=action).detail
    return detail


def test_what_is_held_is_shown_with_what_it_was_and_is(held: Shop) -> None:
    page = pending_review_page(provider=None, review_reason="", number=None)
    found = {one.service.upstream.external_id: one for one in page}
    assert sorted(found) == ["1", "2", "3"]
    assert (found["1"].before, found["1"].now) == (Margin(D("1.35"), D(50)), Margin(D("2.7"), D(50)))
    assert found["1"].changes == []
    assert found["3"].changes == [
        ("name", "Instagram Custom Comments", "TikTok Shares"),
        ("category", "Instagram Comments", "TikTok"),
    ]
    assert [one.may_be_accepted for one in found.values()] == [number != "2" for number in found]
    assert [one.service.pk for one in pending_review_page(provider=None, review_reason="price", number=None)] == ids(
        held, "1"
    )
    assert list(pending_review_page(provider=held.provider.pk + 1, review_reason="", number=None)) == []
    assert all_pending_review().count() == 3


def test_an_accepted_price_is_sold_and_audited(held: Shop) -> None:
    assert confirm(held, "1", "2", "4", reason="Season") == 1
    service = held.service("1")
    assert (service.is_for_sale, service.rate) == (True, D("2.7"))
    assert trail("service.confirm") == {
        "reason": "Season",
        "count": 1,
        "services": [
            {
                "service": service.pk,
                "before": {
                    "review_reason": "price",
                    "provider_rate": "1.8",
                    "provider_rate_before": "0.9",
                    "rate": "2.7",
                    "is_available": False,
                },
                "after": {
                    "review_reason": "",
                    "provider_rate": "1.8",
                    "provider_rate_before": None,
                    "rate": "2.7",
                    "is_available": True,
                },
            }
        ],
    }
    assert AuditEvent.objects.get().actor == "ann@example.com"


def test_what_changed_after_the_person_looked_is_not_accepted(held: Shop) -> None:
    looked = timezone.now()
    held.simulator.set_service(1, rate="180")
    held.sync()
    before = held.everything()
    assert confirm(held, "1", seen_at=looked) == 0
    assert held.everything() == before
    assert not AuditEvent.objects.exists()
    assert confirm(held, "1", seen_at=timezone.now()) == 1


def test_what_is_kept_off_sale_waits_no_longer_until_it_is_switched_on(held: Shop) -> None:
    kept = keep_disabled(service_ids=ids(held, "1", "2", "4"), actor="ann@example.com", reason="Too dear")
    assert (kept, all_pending_review().count()) == (2, 1)
    assert [held.service(number).is_enabled for number in ("1", "2", "4")] == [False, False, True]
    assert trail("service.keep_off") == {
        "reason": "Too dear",
        "count": 2,
        "services": ids(held, "1", "2"),
        "before": {"is_enabled": True},
        "after": {"is_enabled": False},
    }
    set_enabled(service_ids=ids(held, "1"), is_enabled=True)
    assert (held.service("1").is_for_sale, list(services_pending_review().filter(pk__in=ids(held, "1")))) == (
        False,
        [held.service("1")],
    )


def test_prices_that_changed_alike_are_accepted_once(shop: Shop) -> None:
    for number in range(1, 21):
        shop.simulator.set_service(number, rate=str(shop.upstream(str(number)).rate * 2))
    shop.sync()
    held_at = shop.reload().prices_held_at
    assert held_at is not None
    assert (Service.objects.filter(is_available=True).count(), all_pending_review().count()) == (0, 21)
    now = timezone.now()
    assert (
        accept_prices(provider=shop.provider, actor="ann@example.com", now=now, seen_at=now, reason="In euro") is True
    )
    assert (shop.reload().prices_held_at, shop.reload().prices_accepted_at, all_pending_review().count()) == (
        None,
        now,
        20,
    )
    assert trail("provider.accept_prices")["before"] == {"prices_held_at": held_at.isoformat()}
    assert Alert.objects.filter(closed_at=None).count() == 0
    assert accept_prices(provider=shop.provider, actor="ann@example.com", now=now, seen_at=now) is False
    assert AuditEvent.objects.count() == 1
    for number in range(1, 5):
        shop.simulator.set_service(number, rate=str(shop.upstream(str(number)).rate * D("1.1")))
    assert shop.sync().alike == 0  # what was accepted does not count again


def test_prices_that_changed_again_since_they_were_looked_at_are_not_accepted(shop: Shop, staff: Client) -> None:
    for number in range(1, 21):
        shop.simulator.set_service(number, rate=str(shop.upstream(str(number)).rate * 2))
    shop.sync()
    looked_at = seen(staff, PAGE)
    shop.simulator.set_service(1, rate="90")
    shop.sync()
    path, before = f"{PAGE}provider/{shop.provider.pk}/prices/", shop.everything()
    for form in ({}, looked_at):
        page = staff.post(path, {"reason": "In euro", **form}, follow=True).content.decode()
        assert "North changed its services again." in page
    assert shop.everything() == before
    staff.post(path, {"reason": "In euro", **seen(staff, PAGE)})
    assert shop.reload().prices_held_at is None


def test_the_page_accepts_the_one_whose_button_it_was(held: Shop, staff: Client) -> None:
    seen = timezone.now().isoformat()
    form = {"one": held.service("3").pk, "service": ids(held, "1"), "seen": seen, "reason": "Fine"}
    assert staff.post(f"{PAGE}accept/", form).status_code == 302
    assert [held.service(number).is_available for number in ("1", "3")] == [False, True]
    assert trail("service.confirm")["reason"] == "Fine"


def test_the_page_decides_what_is_ticked_or_all_that_is_found(held: Shop, staff: Client) -> None:
    before = held.everything()
    for form in ({}, {"service": ["x", "-1"]}):
        staff.post(f"{PAGE}keep/", form)
    staff.post(f"{PAGE}accept/", {"service": ids(held, "1")})  # it does not say when they were looked at
    assert staff.post(f"{PAGE}burn/", {"service": ids(held, "1")}).status_code == 404
    assert held.everything() == before
    staff.post(f"{PAGE}accept/", {"all": "on", "doubt": "price", "seen": timezone.now().isoformat()})
    assert [held.upstream(number).review_reason for number in ("1", "2", "3")] == ["", "rejected", "meaning"]
    staff.post(f"{PAGE}keep/", {"service": ids(held, "2", "3"), **seen(staff, PAGE)})
    assert all_pending_review().count() == 0


def test_what_came_since_the_page_was_opened_is_not_kept_off_sale(held: Shop, staff: Client) -> None:
    looked_at = seen(staff, PAGE)
    held.simulator.set_service(5, rate=str(held.upstream("5").rate * 2))
    held.sync()
    assert held.upstream("5").review_reason == "price"
    late, before = held.service("5"), held.everything()
    assert (
        "4 services still need review: they changed since you opened the page, or their data is invalid."
        in staff.post(f"{PAGE}keep/", {"all": "on"}, follow=True).content.decode()
    )
    assert held.everything() == before

    page = staff.post(f"{PAGE}keep/", {"all": "on", **looked_at}, follow=True).content.decode()
    assert "3 services disabled." in page
    assert "1 service still needs review: it changed since you opened the page, or its data is invalid." in page
    assert list(services_pending_review()) == [late]


def test_a_small_list_is_taken_as_it_is(shop: Shop, staff: Client) -> None:
    for number in range(1, 11):
        shop.simulator.remove_service(number)
    shop.sync()
    page = staff.get(PAGE).content.decode()
    assert "10 of 20 services are missing from the list." in page
    assert "Accept list" in page
    assert shop.service("1").is_for_sale
    seen = timezone.now().isoformat()
    staff.post(f"{PAGE}provider/{shop.provider.pk}/list/", {"reason": "They closed it", "seen": seen})
    assert Service.objects.filter(is_available=True).count() == 10
    assert trail("provider.accept_list") == {
        "before": {"held_list": "small", "problem": "10 of 20 services are missing from the list."},
        "after": {"problem": "", "removed": 10, "unchanged": 10},
        "reason": "They closed it",
    }
    assert (all_pending_review().count(), shop.sync().unchanged) == (0, 10)


@pytest.mark.parametrize("fault", ["empty_list", "wrong_currency"])
def test_an_empty_list_or_one_in_another_currency_is_never_taken(shop: Shop, staff: Client, fault: str) -> None:
    shop.simulator.next("services", fault, 2)
    shop.sync()
    assert "Accept list" not in staff.get(PAGE).content.decode()
    before = shop.everything()
    staff.post(f"{PAGE}provider/{shop.provider.pk}/list/", {"reason": "x", "seen": timezone.now().isoformat()})
    after = shop.everything()
    assert (after["UpstreamService"], after["Service"]) == (before["UpstreamService"], before["Service"])
    assert shop.reload().held_list


def test_the_log_is_found_by_provider_kind_and_words_and_paged_by_key(shop: Shop, monkeypatch: Any) -> None:
    ServiceChange.objects.all().delete()
    other = Provider.objects.create(name="South", url="https://south.example")
    for number in range(120):
        ServiceChange.objects.create(
            provider=other if number % 2 else shop.provider,
            kind="gone" if number == 3 else "changed",
            external_id=str(number),
            name=f"Service {'rare' if number in {3, 8} else 'common'}",
        )

    def found(**given: Any) -> list[str]:
        page = changes_page(**{"provider": None, "kind": "", "search": "", "before": None, **given})
        return [line.external_id for line in page.lines]

    first = changes_page(provider=None, kind="", search="", before=None)
    assert [line.external_id for line in first.lines] == [str(number) for number in range(119, 69, -1)]
    assert found(before=first.older) == [str(number) for number in range(69, 19, -1)]
    assert found(kind="gone") == ["3"]
    assert found(search="RARE") == ["8", "3"]
    assert found(search="17") == ["17"]
    assert found(search="rare", provider=shop.provider.pk) == ["8"]
    monkeypatch.setattr("providers.catalog.listing.newest.MAX_SCANNED", 100)
    page = changes_page(provider=None, kind="", search="rare", before=None)
    assert ([*page.lines], page.is_partial) == ([], True)
    assert found(search="rare", before=page.older) == ["8", "3"]


def test_the_pages_queries_do_not_grow(held: Shop, staff: Client, django_assert_num_queries: Any) -> None:
    url = f"{PAGE}?provider={held.provider.pk}&kind=changed&q=instagram&review_reason=price"
    staff.get(PAGE)
    with django_assert_num_queries(12):
        assert staff.get(url).status_code == 200
    ServiceChange.objects.bulk_create(
        ServiceChange(provider=held.provider, kind="changed", name=f"Instagram {number}") for number in range(60)
    )
    with django_assert_num_queries(12):
        assert staff.get(url).status_code == 200


def move_all(shop: Shop, factor: str) -> None:
    for number in range(1, 21):
        shop.simulator.set_service(number, rate=str(shop.upstream(str(number)).rate * D(factor)))
    shop.sync()


def open_alert(kind: str) -> Alert:
    return Alert.objects.get(closed_at=None, subject__startswith=f"{kind}:")


def test_prices_that_moved_again_are_shown_and_not_accepted(shop: Shop, staff: Client) -> None:
    move_all(shop, "2")
    first, seen = shop.reload().prices_held_at, timezone.now().isoformat()
    move_all(shop, "3")
    second = shop.reload().prices_held_at
    assert first is not None
    assert second is not None
    assert second > first
    assert f"last at {second:%Y-%m-%d %H:%M} UTC" in open_alert("prices").detail

    address = f"{PAGE}provider/{shop.provider.pk}/prices/"
    before = shop.everything()
    for form in ({"reason": "Fine", "seen": seen}, {"reason": "Fine"}):  # the second does not say when it was looked at
        page = staff.post(address, form, follow=True).content.decode()
        assert "North changed its services again." in page
        assert shop.everything() == before
    staff.post(address, {"reason": "Fine", "seen": timezone.now().isoformat()})
    assert shop.reload().prices_held_at is None
    assert not Alert.objects.filter(closed_at=None).exists()


def test_one_price_that_changed_meanwhile_is_not_accepted_with_the_others(shop: Shop, staff: Client) -> None:
    move_all(shop, "2")
    held_at, seen = shop.reload().prices_held_at, timezone.now().isoformat()
    shop.simulator.set_service(1, rate="90")
    shop.sync()
    assert shop.reload().prices_held_at == held_at  # one price is no second move
    staff.post(f"{PAGE}provider/{shop.provider.pk}/prices/", {"reason": "Fine", "seen": seen})
    assert shop.reload().prices_held_at == held_at


def test_the_right_exchange_rate_and_the_prices_are_taken_in_one_step(shop: Shop, staff: Client) -> None:
    """The provider bills in another unit now: each price is twice what it was, and worth half as much."""
    move_all(shop, "1.25")
    assert "accept the prices or enter the correct exchange rate" in open_alert("prices").detail
    page = staff.get(PAGE).content.decode()
    assert 'name="exchange_rate"' in page
    address, seen = f"{PAGE}provider/{shop.provider.pk}/prices/", timezone.now().isoformat()
    for wrong in ("0", "-1", "x", "1e30"):
        said = staff.post(address, {"reason": "x", "seen": seen, "exchange_rate": wrong}, follow=True).content.decode()
        assert "Exchange rate: " in said
        assert (shop.reload().exchange_rate, shop.reload().prices_held_at is None) == (1, False)
    staff.post(address, {"reason": "In pounds", "seen": seen, "exchange_rate": "0.8"})
    assert (shop.reload().exchange_rate, shop.reload().prices_held_at) == (D("0.8"), None)
    assert (shop.service("1").rate, shop.service("1").is_for_sale) == (D("1.35"), True)
    detail = trail("provider.accept_prices")
    assert (detail["before"]["exchange_rate"], detail["after"]["exchange_rate"]) == ("1", "0.8")


def test_a_list_that_lacks_more_by_now_is_not_taken(shop: Shop, staff: Client) -> None:
    for number in range(1, 11):
        shop.simulator.remove_service(number)
    shop.sync()
    seen = timezone.now().isoformat()
    shop.simulator.remove_service(11)
    address = f"{PAGE}provider/{shop.provider.pk}/list/"
    staff.post(address, {"reason": "They closed it"})  # it does not say when it was looked at
    assert Service.objects.filter(is_available=True).count() == 20
    for form in ({"reason": "They closed it", "seen": seen}, {"reason": "They closed it", "seen": "x"}):
        page = staff.post(address, form, follow=True).content.decode()
        assert "list held again. 11 of 20 services are missing from the list." in page
        assert Service.objects.filter(is_available=True).count() == 20
    staff.post(address, {"reason": "They closed it", "seen": timezone.now().isoformat()})
    assert Service.objects.filter(is_available=True).count() == 9


def test_a_list_that_lacks_others_by_now_is_not_taken_though_they_are_as_many(shop: Shop, staff: Client) -> None:
    for number in range(1, 11):
        shop.simulator.remove_service(number)
    shop.sync()
    seen = timezone.now().isoformat()
    shop.simulator.remove_service(11)
    shop.simulator.restore_service(10)
    staff.post(f"{PAGE}provider/{shop.provider.pk}/list/", {"reason": "x", "seen": seen})
    assert Service.objects.filter(is_available=True).count() == 20
    assert shop.reload().sync_error == "10 of 20 services are missing from the list."


@pytest.mark.parametrize("what", ["list", "prices"])
def test_a_dismissed_alert_of_what_is_held_opens_with_the_next_sync(shop: Shop, what: str) -> None:
    if what == "prices":
        move_all(shop, "2")
    else:
        for number in range(1, 15):
            shop.simulator.remove_service(number)
        shop.sync()
    alert = Alert.objects.get()
    assert dismiss_alert(alert_id=alert.pk, actor="ann@example.com")
    shop.sync()
    again = Alert.objects.get(closed_at=None)
    assert (again.subject, again.title, again.pk > alert.pk) == (alert.subject, alert.title, True)
    shop.sync()
    assert Alert.objects.count() == 2
