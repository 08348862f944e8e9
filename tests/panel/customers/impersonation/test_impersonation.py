"""Staff see the panel as a customer does: nothing can be changed by it, whatever is tried, and it ends by itself."""

import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from orders.webhooks.models import Webhook
from panel.customers.keys import issue_key
from panel.customers.models import ApiKey, User
from panel.customers.roles import READ_ONLY, SUPPORT, set_up_roles
from panel.ops.models import AuditEvent
from panel.wallet import ledger
from panel.wallet.models import Account
from tests.extent import few
from tests.fixtures_orders import LINK, Store

BANNER = "You can't change anything."
WORDS = {"slug": "reviewed", "kind": "cancels", "verdict": "again", "name": "check_books", "key": "1-x", "uidb36": "1"}


@pytest.fixture
def support(store: Store) -> User:
    set_up_roles()
    user = User.objects.create_user("support@example.com", "correct horse battery", is_staff=True)
    user.groups.add(Group.objects.get(name=SUPPORT))
    return user


@pytest.fixture
def looking(store: Store, support: User) -> Client:
    """The browser of a member of staff who sees the panel as Ada."""
    client = Client()
    client.force_login(support)
    answer = client.post(f"/staff/see-as/{store.customer.pk}/")
    assert (answer.status_code, answer["Location"]) == (302, "/")
    return client


def events() -> list[tuple[str, str, str]]:
    seen = AuditEvent.objects.filter(action__startswith="user.see as").order_by("pk")
    return [(event.actor, event.action, event.detail.get("why", "")) for event in seen]


def every_address(patterns: list[Any], prefix: str = "/") -> Iterator[str]:
    """Every address of the site, its parts filled with what fits: numbers with 1, words with a word of ours."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern).removeprefix("^").removesuffix("$").removesuffix("\\Z")
        if isinstance(pattern, URLResolver):
            yield from every_address(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            for name, converter in pattern.pattern.converters.items():
                kind = type(converter).__name__.removesuffix("Converter").lower()
                filled = "1" if kind == "int" else WORDS.get(name, "1")
                route = route.replace(f"<{kind}:{name}>", filled).replace(f"<{name}>", filled)
            yield route


ADDRESSES = sorted({address for address in every_address(get_resolver().url_patterns) if "(" not in address})


def test_the_walk_finds_the_whole_site() -> None:
    assert len(ADDRESSES) > 150
    for address in (
        "/order/",
        "/api/v2",
        "/staff/orders/1/reviewed/",
        "/admin/customers/user/1/freeze/",
        "/accounts/2fa/",
    ):
        assert address in ADDRESSES


def test_the_pages_are_the_customers_under_a_banner(looking: Client, store: Store) -> None:
    order = store.place()
    for path in ("/order/", "/orders/", f"/orders/{order.pk}/", "/wallet/", "/services/", "/account/", "/api/"):
        page = looking.get(path)
        text = page.content.decode()
        assert (page.status_code, BANNER in text, "ada@example.com" in text) == (200, True, True), path
        assert "sidebar-staff" not in text
    assert "$98.65" in looking.get("/wallet/").content.decode()
    last = User.objects.get(pk=store.customer.pk).last_login
    assert last is None
    assert not any(str(store.customer.pk) == s.get_decoded().get("_auth_user_id") for s in Session.objects.all())


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_nothing_can_be_changed_at_any_address(looking: Client, store: Store, method: str) -> None:
    store.active()
    before, users = store.everything(), list(User.objects.order_by("pk").values())
    ways_out = {"/staff/see-as/end/", "/accounts/logout/"}
    for address in few(ADDRESSES, offset=len(method)):
        if address in ways_out:
            continue
        answer = getattr(looking, method)(address, {"reason": "x", "agreed": "1.35", "link": LINK})
        assert answer.status_code == 403, address
    assert store.everything() == before
    assert list(User.objects.order_by("pk").values()) == users
    assert [action for _, action, _ in events()] == ["user.see as"]


def test_no_page_that_only_shows_changes_anything(looking: Client, store: Store) -> None:
    store.active()
    before, users = store.everything(), list(User.objects.order_by("pk").values())
    for address in few(ADDRESSES):
        if not address.startswith(("/admin/", "/staff/")):
            assert looking.get(address).status_code < 500 or address in {"/healthz", "/readyz"}, address
    assert store.everything() == before
    assert list(User.objects.order_by("pk").values()) == users


def test_what_is_about_signing_in_is_closed(looking: Client) -> None:
    closed = [address for address in ADDRESSES if address.startswith("/accounts/")]
    assert len(closed) > 10
    for address in closed:
        assert looking.get(address).status_code == 403, address


def test_the_api_asks_for_a_key_and_not_for_a_session(looking: Client, store: Store) -> None:
    key = issue_key(customer=store.customer, name="Bot", actor="test", now=timezone.now()).secret.reveal()
    store.place()
    before = store.everything()
    assert looking.post("/api/v2", {"key": key, "action": "balance"}).status_code == 403
    assert Client().post("/api/v2", {"key": key, "action": "balance"}).json()["balance"] == "98.65"
    assert store.everything() == before


def test_the_staffs_pages_stay_the_staffs(looking: Client, store: Store, settings: Any) -> None:
    page = looking.get(f"/admin/customers/user/{store.customer.pk}/change/")
    assert page.status_code == 200
    assert "support@example.com" in page.content.decode()
    assert BANNER in page.content.decode()
    settings.STAFF_TWO_FACTOR = True
    assert looking.get("/staff/doubtful/").status_code == 302  # who is really signed in has no second factor


def test_back_and_signing_out_end_it_and_the_trail_knows(looking: Client, store: Store, support: User) -> None:
    back = looking.post("/staff/see-as/end/")
    assert (back.status_code, back["Location"]) == (302, f"/admin/customers/user/{store.customer.pk}/change/")
    assert "ada@example.com" not in looking.get("/account/").content.decode()
    looking.post(f"/staff/see-as/{store.customer.pk}/")
    assert looking.post("/accounts/logout/").status_code == 302
    assert "support@example.com" in looking.get("/account/").content.decode()
    who = support.email
    assert events() == [
        (who, "user.see as", ""), (who, "user.see as ended", "back"),
        (who, "user.see as", ""), (who, "user.see as ended", "back"),
    ]  # fmt: skip
    first = AuditEvent.objects.filter(action="user.see as ended").order_by("pk")[0]
    assert first.target == f"user:{store.customer.pk}"
    assert first.detail["began"] <= first.detail["ended"]
    looking.post("/accounts/logout/")  # and now for real
    assert looking.get("/account/").status_code == 302


def test_it_ends_after_half_an_hour(looking: Client, store: Store) -> None:
    began = timezone.now()
    with time_machine.travel(began + timedelta(minutes=29)):
        assert BANNER in looking.get("/orders/").content.decode()
    with time_machine.travel(began + timedelta(minutes=31)):
        page = looking.get("/account/").content.decode()
    assert (BANNER in page, "support@example.com" in page) == (False, True)
    assert events()[-1][1:] == ("user.see as ended", "time is up")
    ended = AuditEvent.objects.get(action="user.see as ended").detail
    assert ended["ended"] == AuditEvent.objects.get(action="user.see as").detail["until"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"is_active": False}, "signed out"),
        ({"is_staff": False}, "permission lost"),
        ("group", "permission lost"),
        ("customer", "no customer any more"),
        ("factor", "second factor lost"),
    ],
)
def test_it_ends_when_it_may_not_go_on(
    looking: Client, store: Store, support: User, change: Any, why: str, settings: Any
) -> None:
    if change == "group":
        support.groups.clear()
    elif change == "customer":
        User.objects.filter(pk=store.customer.pk).update(is_staff=True)
    elif change == "factor":
        settings.STAFF_TWO_FACTOR = True
    else:
        User.objects.filter(pk=support.pk).update(**change)
    before = store.everything()
    words = {"service": store.service().pk, "link": LINK, "quantity": "1000", "token": "t" * 32, "seen_rate": "1.35"}
    assert looking.post("/order/", words).status_code == 403
    assert store.everything() == before
    assert events()[-1][1:] == ("user.see as ended", why)
    page = looking.get("/account/")
    assert "ada@example.com" not in page.content.decode()
    assert page.status_code == (302 if why == "signed out" else 200)


def test_who_may_begin_and_how(store: Store, support: User) -> None:
    begin = f"/staff/see-as/{store.customer.pk}/"
    reader = User.objects.create_user("reader@example.com", is_staff=True)
    reader.groups.add(Group.objects.get(name=READ_ONLY))
    other = User.objects.create_user("other@example.com", is_staff=True)
    for user, path, method, status in (
        (reader, begin, "post", 403),
        (support, begin, "get", 405),
        (store.customer, f"/staff/see-as/{store.customer.pk}/", "post", 404),
        (None, begin, "post", 302),
        (support, "/staff/see-as/987654/", "post", 404),
        (support, f"/staff/see-as/{other.pk}/", "post", 302),
    ):
        client = Client()
        if user is not None:
            client.force_login(user)
        assert getattr(client, method)(path).status_code == status
        assert BANNER not in client.get("/orders/", follow=True).content.decode()
    assert events() == []


def test_both_buttons_need_the_csrf_token(store: Store, support: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(support)
    assert client.post(f"/staff/see-as/{store.customer.pk}/").status_code == 403
    assert events() == []
    client.get(f"/admin/customers/user/{store.customer.pk}/change/")
    token = {"HTTP_X_CSRFTOKEN": client.cookies["csrf"].value}
    assert client.post(f"/staff/see-as/{store.customer.pk}/", **token).status_code == 302  # type: ignore[arg-type]
    for way_out in ("/staff/see-as/end/", "/accounts/logout/"):
        assert client.post(way_out).status_code == 403
    assert BANNER in client.get("/orders/").content.decode()


def test_another_customer_takes_a_way_back_first(looking: Client, store: Store) -> None:
    bo = User.objects.create_user("bo@example.com")
    assert looking.post(f"/staff/see-as/{bo.pk}/").status_code == 403
    assert "ada@example.com" in looking.get("/account/").content.decode()


def test_every_page_seen_is_logged_without_its_query(
    looking: Client, store: Store, support: User, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="panel.customers.impersonation.middleware"):
        looking.get("/orders/?q=secret")
    (line,) = [record for record in caplog.records if record.message == "page seen as a customer"]
    said = {name: getattr(line, name) for name in ("staff", "customer", "path", "status")}
    assert said == {"staff": support.pk, "customer": store.customer.pk, "path": "/orders/", "status": 200}


def test_the_customers_page_in_the_admin_offers_it_to_who_may(store: Store, support: User) -> None:
    client = Client()
    client.force_login(support)
    page = f"/admin/customers/user/{store.customer.pk}/change/"
    assert f"/staff/see-as/{store.customer.pk}/" in client.get(page).content.decode()
    support.groups.clear()
    support.user_permissions.set(Permission.objects.filter(codename="view_user"))
    assert f"/staff/see-as/{store.customer.pk}/" not in client.get(page).content.decode()


FORMS = {
    "/account/": {"name": "Somebody else", "time_zone": "Asia/Tokyo"},
    "/order/": {"link": LINK, "quantity": "1000", "token": "t" * 32, "seen_rate": "1.35"},
    "/api/": {"name": "Bot"},
    "/api/webhook/": {"url": "https://example.com/hook"},
}
"""Pages with a form, and what is sent with it."""


@pytest.fixture
def strict(store: Store, support: User) -> Client:
    """The browser of a member of staff, with the check of forgeries that tests leave out."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(support)
    ledger.credit_wallet(user=support, amount=Decimal(50), key="credit:support")
    return client


def form_token(client: Client, page: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get(page).content.decode())
    assert found is not None
    return found[1]


def press(client: Client, path: str) -> None:
    """A button of the page that is seen now."""
    assert client.post(path, {"csrfmiddlewaretoken": form_token(client, "/account/")}).status_code == 302


def kept(store: Store) -> Any:
    return store.everything(), [
        list(model.objects.order_by("pk").values()) for model in (User, ApiKey, Webhook, Account)
    ]


@pytest.mark.parametrize("page", FORMS)
@pytest.mark.parametrize("opened", ["as the customer", "as oneself"])
def test_a_form_is_not_sent_in_the_other_identity(strict: Client, store: Store, page: str, opened: str) -> None:
    """Opened in one and sent in the other it is refused, with words; opened anew it is done."""
    begin, back = f"/staff/see-as/{store.customer.pk}/", "/staff/see-as/end/"
    given = {**FORMS[page], "service": store.service().pk}
    given["csrfmiddlewaretoken"] = form_token(strict, page)
    press(strict, begin)
    if opened == "as the customer":
        given["csrfmiddlewaretoken"] = form_token(strict, page)
        press(strict, back)
    before = kept(store)
    answer = strict.post(page, given)
    assert (answer.status_code, "Nothing was changed." in answer.content.decode()) == (403, True)
    if opened == "as oneself":
        press(strict, back)
        answer = strict.post(page, given)
        assert (answer.status_code, "This page has expired" in answer.content.decode()) == (403, True)
    assert kept(store) == before
    given["csrfmiddlewaretoken"] = form_token(strict, page)
    assert strict.post(page, given).status_code in {200, 302}
    assert kept(store) != before


def test_what_ended_by_itself_leaves_no_form_behind(strict: Client, store: Store, support: User) -> None:
    press(strict, f"/staff/see-as/{store.customer.pk}/")
    given = {**FORMS["/account/"], "csrfmiddlewaretoken": form_token(strict, "/account/")}
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        assert strict.get("/account/").status_code == 200  # here it is noticed
        assert strict.post("/account/", given).status_code == 403
    assert (User.objects.get(pk=support.pk).name, User.objects.get(pk=store.customer.pk).name) == ("", "")


def test_for_a_customer_there_is_no_page_to_end_a_look(store: Store) -> None:
    client = Client()
    client.force_login(store.customer)
    assert (client.get("/staff/see-as/end/").status_code, client.post("/staff/see-as/end/").status_code) == (404, 404)
