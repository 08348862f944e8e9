"""A frozen customer orders nothing new at any door and adds no money; what is under way goes on."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from orders.placing.mass import place_lines
from panel.customers.keys import issue_key
from panel.customers.models import User
from panel.customers.suspension import FROZEN, freeze
from panel.ops.models import AuditEvent
from panel.wallet.models import PaymentMethod, TopUp
from providers.adapters.vocabulary import classify_error
from tests.fixtures_orders import LINK, Store


@pytest.fixture
def frozen(store: Store) -> Store:
    freeze(customer=store.customer, reason="chargeback", actor="boss@example.com", now=timezone.now())
    store.customer = User.objects.get(pk=store.customer.pk)
    return store


@pytest.fixture
def ada(store: Store) -> Client:
    client = Client()
    client.force_login(store.customer)
    return client


def boss(*permissions: str) -> Client:
    user = User.objects.create_user("boss@example.com", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def test_no_door_takes_an_order_of_theirs(frozen: Store, ada: Client) -> None:
    service = frozen.service().pk
    key = issue_key(customer=frozen.customer, name="Bot", actor="test", now=timezone.now()).secret.reveal()
    before = frozen.everything()
    words = {"service": service, "link": LINK, "quantity": "1000", "token": "t" * 32, "seen_rate": "1.35"}
    page = ada.post("/order/", words)
    assert (page.status_code, FROZEN in page.content.decode()) == (422, True)
    said = Client().post("/api/v2", {"key": key, "action": "add", **words}).json()
    assert said == {"error": "Account suspended"}
    assert classify_error(said["error"]) == "key"  # a panel that buys from us waits, and alerts its staff
    text, agreed = f"{service} | {LINK} | 1000", {1: Decimal(9)}
    (line,) = place_lines(customer=frozen.customer, text=text, agreed=agreed, token="t" * 20, now=timezone.now())
    assert line.problem == FROZEN
    assert frozen.everything() == before


def test_no_money_is_added(frozen: Store, ada: Client) -> None:
    method = PaymentMethod.objects.create(name="Bank", instructions="x", minimum=Decimal(1), maximum=Decimal(100))
    page = ada.post("/wallet/top-up/", {"method": method.pk, "amount": "10", "reference": "abc", "token": "0a" * 16})
    assert page.status_code == 422
    assert FROZEN in page.content.decode()
    assert TopUp.objects.count() == 0


def test_what_is_under_way_goes_on(store: Store, ada: Client) -> None:
    order = store.active()
    freeze(customer=store.customer, reason="chargeback", actor="boss@example.com", now=timezone.now())
    store.simulator.set_order(order.provider_order_id, status="Partial", remains=500)
    store.poll()
    assert store.fresh(order).refunded == Decimal("0.675")
    assert ada.get("/orders/").status_code == 200


def test_staff_freeze_and_unfreeze_with_a_reason(store: Store) -> None:
    client = boss("view_user", "change_user")
    page = f"/admin/customers/user/{store.customer.pk}/freeze/"
    assert client.post(page, {"reason": " "}).status_code == 422
    assert User.objects.get(pk=store.customer.pk).is_frozen is False
    assert client.post(page, {"reason": "chargeback", "do": "freeze"}).status_code == 302
    late = client.post(page, {"reason": "me too", "do": "freeze"})  # opened before the colleague's click
    assert (late.status_code, "This customer is frozen already." in late.content.decode()) == (422, True)
    assert User.objects.get(pk=store.customer.pk).frozen_why == "chargeback"
    assert "Let them order again" in client.get(page).content.decode()
    assert client.post(page, {"reason": "settled", "do": "unfreeze"}).status_code == 302
    assert User.objects.get(pk=store.customer.pk).is_frozen is False
    assert store.place().state == "QUEUED"
    events = AuditEvent.objects.order_by("pk").values_list("action", "detail__reason")
    assert list(events) == [("user.freeze", "chargeback"), ("user.unfreeze", "settled")]


def test_who_may_not_change_customers_may_not_freeze(store: Store, ada: Client) -> None:
    page = f"/admin/customers/user/{store.customer.pk}/freeze/"
    assert boss("view_user").post(page, {"reason": "x"}).status_code == 403
    assert ada.post(page, {"reason": "x"}).status_code in {302, 403, 404}
    assert User.objects.get(pk=store.customer.pk).is_frozen is False


def test_staff_are_not_frozen(store: Store) -> None:
    client = boss("view_user", "change_user")
    other = User.objects.create_user("helper@example.com", is_staff=True)
    answer = client.post(f"/admin/customers/user/{other.pk}/freeze/", {"reason": "x"})
    assert (answer.status_code, "member of staff" in answer.content.decode()) == (422, True)
    assert User.objects.get(pk=other.pk).is_frozen is False
