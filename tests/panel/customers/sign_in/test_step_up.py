"""Before what is grave one confirms that it is they, unless that was within ten minutes; a demo asks for none of it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.conf import settings as panel_settings
from django.test import Client

from orders.models import Order, UnmatchedOrder
from orders.webhooks.models import Webhook
from panel.customers.models import ApiKey, User
from panel.wallet.models import ApprovalRequest, PaymentMethod, TopUp, Transfer
from providers.models import Provider
from tests.fixtures_orders import Store

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
TOKEN = "0" * 32
API = "/api/"


@pytest.fixture(autouse=True)
def _as_in_production(settings: Any) -> None:
    settings.STAFF_TWO_FACTOR = True
    settings.ACCOUNT_REAUTHENTICATION_REQUIRED = True


@pytest.fixture
def owner(store: Store) -> User:
    user = User.objects.create_superuser("owner@example.com", PASSWORD)
    user.authenticator_set.create(type="totp", data={"secret": "JBSWY3DPEHPK3PXP"})
    return user


@pytest.fixture
def client(owner: User) -> Client:
    """Signed in, longer ago than ten minutes."""
    client = Client()
    client.force_login(owner)
    return client


def doors(store: Store, owner: User) -> dict[str, dict[str, Any]]:
    """Every grave address, with what would be sent to it."""
    method = PaymentMethod.objects.create(name="Bank", instructions="Pay")
    asked = {"customer": store.customer, "token": "t", "method": method, "currency": "USD", "amount": 5}
    top_up = TopUp.objects.create(reference="r", **asked)
    booking = {"amount": "5", "reason": "gift", "token": TOKEN, "confirmed": "1"}
    orphan = UnmatchedOrder.objects.create(provider=store.provider, external_id="9")
    Webhook.objects.create(customer=owner, url="https://example.com/", sealed_secret="")
    asked_for = ApprovalRequest.objects.create(
        customer=store.customer,
        requested_by=store.customer,
        action="adjust",
        subject="user:1",
        amount=5,
        arguments={"token": TOKEN},
    )
    doubtful, active, provider = store.place(), store.active(), store.provider.pk
    return {
        f"/admin/wallet/account/adjust/{store.customer.pk}/": booking,
        f"/admin/providers/provider/{provider}/deposit/": booking,
        f"/admin/wallet/topup/{top_up.pk}/decide/": {"amount": "5", "note": ""},
        f"/admin/providers/provider/{provider}/change/": {
            "name": "Other",
            "url": "https://evil.example/",
            "key": "k" * 9,
        },
        "/admin/providers/provider/add/": {"name": "Other", "url": "https://evil.example/", "key": "k" * 9},
        "/admin/customers/user/add/": {
            "email": "friend@example.com",
            "password": "tall green ladder",
            "is_staff": "on",
        },
        f"/admin/customers/user/{store.customer.pk}/change/": {
            "is_superuser": "on",
            "is_staff": "on",
            "is_active": "on",
        },
        "/admin/auth/group/add/": {"name": "Friends"},
        f"/staff/orders/{active.pk}/partial/": {"reason": "x", "remains": "10", "agreed": "0.01"},
        f"/staff/orders/{active.pk}/back/": {"reason": "x", "agreed": "1.35"},
        f"/staff/orders/{active.pk}/again/": {"reason": "x", "agreed": "1.35"},
        f"/staff/doubtful/{doubtful.pk}/back/": {"reason": "x"},
        f"/staff/approvals/{asked_for.pk}/approve/": {},
        API: {"name": "mine"},
        "/api/webhook/": {"url": "https://evil.example/"},
        "/api/webhook/secret/": {},
        f"/staff/balances/{provider}/explain/": {"reading": "1", "as": "deposit", "reason": "x"},
        "/staff/safe-mode/off/": {"reason": "x"},
        f"/staff/safe-mode/found/{orphan.pk}/lost/": {"reason": "x"},
    }


def state(store: Store) -> list[Any]:
    models = (Transfer, TopUp, Provider, User, ApiKey, Order, Webhook, UnmatchedOrder, ApprovalRequest)
    kept = {"last_login", "last_used_at"}
    return [
        [
            {name: value for name, value in row.items() if name not in kept}
            for row in model._default_manager.order_by("pk").values()
        ]
        for model in models
    ]


def test_nothing_grave_is_done_unconfirmed(client: Client, store: Store, owner: User) -> None:
    found = doors(store, owner)
    before = state(store)
    for path, sent in found.items():
        answer = client.post(path, sent)
        assert answer.status_code == 302, path
        assert answer["Location"].startswith("/accounts/reauthenticate/?next="), path
    assert state(store) == before


def test_what_was_sent_is_done_once_it_is_confirmed(client: Client, store: Store) -> None:
    order = store.active()
    asked = client.post(f"/staff/orders/{order.pk}/back/", {"reason": "late", "agreed": "1.35"})
    wrong = client.post(asked["Location"], {"password": "wrong"})
    assert (wrong.status_code, store.fresh(order).refunded) == (200, 0)
    done = client.post(asked["Location"], {"password": PASSWORD})
    assert (done.status_code, done["Location"]) == (302, f"/staff/orders/{order.pk}/")
    assert store.fresh(order).refunded == Decimal("1.35")
    assert client.post(f"/admin/wallet/account/adjust/{store.customer.pk}/", {}).status_code == 422  # asked once


def test_no_key_waits_in_the_session(client: Client, store: Store) -> None:
    path = f"/admin/providers/provider/{store.provider.pk}/change/"
    client.post(path, {"name": "Other", "url": "https://evil.example/", "key": "a-very-secret-key"})
    client.post("/admin/customers/user/add/", {"email": "friend@example.com", "password": "tall green ladder"})
    assert "secret" not in str(dict(client.session.items()))
    assert "ladder" not in str(dict(client.session.items()))
    assert client.get(path)["Location"].startswith("/accounts/reauthenticate/?next=")


def test_it_holds_for_ten_minutes_from_the_sign_in_on(store: Store) -> None:
    client, now = Client(), datetime.now(UTC)
    with time_machine.travel(now, tick=False):
        client.post("/accounts/login/", {"login": store.customer.email, "password": PASSWORD})
    with time_machine.travel(now + timedelta(minutes=9), tick=False):
        assert client.post(API, {"name": "soon"}).status_code == 200
    with time_machine.travel(now + timedelta(minutes=11), tick=False):
        assert client.post(API, {"name": "late"}).status_code == 302
    assert [key.name for key in ApiKey.objects.all()] == ["soon"]


def test_a_demo_asks_for_none_of_it(store: Store, settings: Any) -> None:
    settings.ACCOUNT_REAUTHENTICATION_REQUIRED = False
    client = Client()
    client.force_login(store.customer)
    assert client.post(API, {"name": "mine"}).status_code == 200


def test_looking_asks_for_nothing(client: Client, store: Store) -> None:
    order = store.active()
    for path in (
        f"/staff/orders/{order.pk}/",
        "/staff/doubtful/",
        "/admin/wallet/topup/",
        API,
        "/admin/customers/user/",
    ):
        assert client.get(path).status_code == 200, path


def test_a_confirmation_renews_the_token_of_the_session(client: Client, owner: User) -> None:
    client.get("/account/")
    former = client.session.session_key
    UserSession.objects.create(user=owner, session_key=former, ip="127.0.0.1", user_agent="x")
    thief = Client()
    thief.cookies[panel_settings.SESSION_COOKIE_NAME] = client.cookies[panel_settings.SESSION_COOKIE_NAME].value
    assert thief.get("/account/").status_code == 200
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert client.session.session_key != former
    assert client.get("/account/").status_code == 200
    assert thief.get("/account/").status_code == 302
    assert [one.session_key for one in UserSession.objects.all()] == [client.session.session_key]


def test_no_session_is_ended_unconfirmed(client: Client, owner: User) -> None:
    other = Client()
    other.force_login(owner)
    theirs = UserSession.objects.create(
        user=owner, session_key=other.session.session_key, ip="127.0.0.1", user_agent="x"
    )
    for path in (f"/accounts/sessions/{theirs.pk}/end/", "/account/sign-out-elsewhere/"):
        asked = client.post(path)
        assert asked["Location"].startswith("/accounts/reauthenticate/?next="), path
        assert other.get("/account/").status_code == 200
    client.post(asked["Location"], {"password": PASSWORD})
    assert other.get("/account/").status_code == 302
    assert client.get("/account/").status_code == 200
