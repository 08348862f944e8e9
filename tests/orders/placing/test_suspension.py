"""A suspended customer cannot place orders or add funds; current orders continue."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from orders.placing.mass import place_lines
from panel.customers.keys import issue_key
from panel.customers.models import User
from panel.customers.suspension import suspend, suspended_message
from panel.ops.models import AuditEvent
from panel.wallet.models import PaymentMethod, TopUp
from providers.adapters.vocabulary import classify_error
from tests.fixtures_orders import LINK, Store


@pytest.fixture
def suspended(store: Store) -> Store:
    suspend(customer=store.customer, reason="chargeback", actor="boss@example.com", now=timezone.now())
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


def test_no_entry_point_takes_an_order(suspended: Store, ada: Client) -> None:
    service = suspended.service().pk
    key = issue_key(customer=suspended.customer, name="Bot", actor="test", now=timezone.now()).secret.reveal()
    before = suspended.everything()
    words = {"service": service, "link": LINK, "quantity": "1000", "token": "t" * 32, "seen_rate": "1.35"}
    page = ada.post("/order/", words)
    assert (page.status_code, suspended_message() in page.content.decode()) == (422, True)
    said = Client().post("/api/v2", {"key": key, "action": "add", **words}).json()
    assert said == {"error": "Account suspended"}
    assert classify_error(said["error"]) == "key"  # a panel that buys from us waits, and alerts its staff
    text, agreed = f"{service} | {LINK} | 1000", {1: Decimal(9)}
    (line,) = place_lines(customer=suspended.customer, text=text, agreed=agreed, token="t" * 20, now=timezone.now())
    assert line.problem == suspended_message()
    assert suspended.everything() == before


def test_no_funds_are_added(suspended: Store, ada: Client) -> None:
    method = PaymentMethod.objects.create(name="Bank", instructions="x", minimum=Decimal(1), maximum=Decimal(100))
    page = ada.post("/wallet/top-up/", {"method": method.pk, "amount": "10", "reference": "abc", "token": "0a" * 16})
    assert page.status_code == 422
    assert suspended_message() in page.content.decode()
    assert TopUp.objects.count() == 0


def test_current_orders_continue(store: Store, ada: Client) -> None:
    order = store.active()
    suspend(customer=store.customer, reason="chargeback", actor="boss@example.com", now=timezone.now())
    store.simulator.set_order(order.provider_order_id, status="Partial", remains=500)
    store.poll()
    assert store.fresh(order).refunded == Decimal("0.675")
    assert ada.get("/orders/").status_code == 200


def test_staff_suspend_and_reactivate_with_a_reason(store: Store) -> None:
    client = boss("view_user", "change_user")
    page = f"/admin/customers/user/{store.customer.pk}/freeze/"
    assert client.post(page, {"reason": " "}).status_code == 422
    assert User.objects.get(pk=store.customer.pk).is_suspended is False
    assert client.post(page, {"reason": "chargeback", "do": "suspend"}).status_code == 302
    late = client.post(page, {"reason": "me too", "do": "suspend"})  # opened before the colleague's click
    assert (late.status_code, "This customer is already suspended." in late.content.decode()) == (422, True)
    assert User.objects.get(pk=store.customer.pk).suspension_reason == "chargeback"
    assert "Reactivate account" in client.get(page).content.decode()
    assert client.post(page, {"reason": "settled", "do": "reactivate"}).status_code == 302
    assert User.objects.get(pk=store.customer.pk).is_suspended is False
    assert store.place().state == "QUEUED"
    events = AuditEvent.objects.order_by("pk").values_list("action", "detail__reason")
    assert list(events) == [("user.suspend", "chargeback"), ("user.reactivate", "settled")]


def test_suspending_needs_the_permission_to_change_customers(store: Store, ada: Client) -> None:
    page = f"/admin/customers/user/{store.customer.pk}/freeze/"
    assert boss("view_user").post(page, {"reason": "x"}).status_code == 403
    assert ada.post(page, {"reason": "x"}).status_code in {302, 403, 404}
    assert User.objects.get(pk=store.customer.pk).is_suspended is False


def test_staff_cannot_be_suspended(store: Store) -> None:
    client = boss("view_user", "change_user")
    other = User.objects.create_user("helper@example.com", is_staff=True)
    answer = client.post(f"/admin/customers/user/{other.pk}/freeze/", {"reason": "x"})
    assert (answer.status_code, "Staff accounts can&#x27;t be suspended." in answer.content.decode()) == (422, True)
    assert User.objects.get(pk=other.pk).is_suspended is False
