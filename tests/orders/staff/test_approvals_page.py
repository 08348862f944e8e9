"""The staff's page of approvals: where requests come from, who decides, and when it is in the navigation."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from orders.models import Order
from panel.customers.models import User
from panel.customers.roles import MANAGER, SUPPORT, set_up_roles
from panel.wallet.models import ApprovalRequest, PaymentMethod, TopUp
from tests.fixtures_orders import Store

pytestmark = pytest.mark.django_db
TOKEN = "ab" * 16
WAITS = "Amounts above $1.00 need a second approval."


@pytest.fixture(autouse=True)
def _limit(settings: Any) -> None:
    settings.SECOND_APPROVAL_ABOVE = Decimal(1)


@pytest.fixture
def manager(store: Store) -> Client:
    return member(MANAGER, "manager")


def member(role: str, name: str) -> Client:
    set_up_roles()
    user = User.objects.create_user(f"{name}@example.com", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


def text(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def adjust(client: Client, store: Store, amount: str = "5") -> str:
    """The page after the confirming click."""
    given = {"amount": amount, "reason": "Goodwill", "token": TOKEN, "confirmed": "1"}
    return client.post(f"/admin/wallet/account/adjust/{store.customer.pk}/", given, follow=True).content.decode()


def do(client: Client, request: ApprovalRequest, verdict: str, **given: str) -> int:
    return client.post(f"/staff/approvals/{request.pk}/{verdict}/", given).status_code


def test_each_way_to_move_money_leads_there(store: Store, owner: Client) -> None:
    running = store.active(link="https://example.com/r")
    store.simulator.next("add", "reset_after_create")
    doubtful = store.submit(store.place())
    store.let_lease_end(doubtful)
    bank = PaymentMethod.objects.create(name="Bank", instructions="Pay.")
    given = {"token": TOKEN, "method": bank, "currency": "USD", "amount": Decimal(50), "reference": "March"}
    top_up = TopUp.objects.create(customer=store.customer, **given)
    before = store.everything()
    assert WAITS in adjust(owner, store)
    for url, words in {
        f"/admin/wallet/topup/{top_up.pk}/decide/": {"amount": "49", "note": "Less a fee", "decision": "approve"},
        f"/staff/orders/{running.pk}/back/": {"agreed": "1.35", "reason": "x"},
        f"/staff/doubtful/{doubtful.pk}/back/": {"reason": "x"},
    }.items():
        assert WAITS in owner.post(url, words, follow=True).content.decode()
    assert store.everything() == before
    asked = ApprovalRequest.objects.order_by("pk").values_list("action", "subject", "amount", "reason")
    assert list(asked) == [
        ("adjust", f"user:{store.customer.pk}", Decimal(5), "Goodwill"),
        ("deposit", f"topup:{top_up.pk}", Decimal(49), "Less a fee"),
        ("refund", f"order:{running.pk}", Decimal("1.35"), "x"),
        ("unconfirmed", f"order:{doubtful.pk}", Decimal("1.35"), "x"),
    ]
    page = text(owner, "/staff/approvals/")
    for request in ApprovalRequest.objects.all():
        assert f"#{request.pk} {request.get_action_display()}" in page
        shown = text(owner, f"/staff/approvals/{request.pk}/")
        kind, number = request.subject.split(":")
        words = {"user": "Customer", "topup": "Deposit", "order": "Order"}[kind]
        assert f">{words} #{number}</a>" in shown
        assert "You made this request. Another staff member must approve it." in shown
        assert ">Approve<" not in shown


def test_another_approves(store: Store, owner: Client, manager: Client) -> None:
    adjust(manager, store)
    request = ApprovalRequest.objects.get()
    assert do(manager, request, "approve") == 422
    assert store.wallet() == 100
    assert ">Approve<" in text(owner, f"/staff/approvals/{request.pk}/")
    assert do(owner, request, "approve") == 302
    assert store.wallet() == 105
    assert "approved and carried out" in text(owner, "/staff/approvals/")
    assert do(owner, request, "approve") == 422  # the other click of the two
    assert store.wallet() == 105
    decided = text(owner, "/staff/approvals/?show=decided")
    assert "owner@example.com" in decided
    assert "Approved" in decided


def test_declined_withdrawn_and_what_is_refused(store: Store, owner: Client, manager: Client) -> None:
    adjust(manager, store)
    request = ApprovalRequest.objects.get()
    assert do(owner, request, "decline") == 422
    assert do(owner, request, "withdraw") == 422
    assert do(owner, request, "nonsense") == 404
    assert do(owner, request, "decline", reason="Too much") == 302
    adjust(manager, store)
    second = ApprovalRequest.objects.latest("pk")
    assert do(manager, second, "withdraw") == 302
    states = ApprovalRequest.objects.order_by("pk").values_list("state", "note")
    assert list(states) == [("declined", "Too much"), ("withdrawn", "")]
    assert "Too much" in text(manager, f"/staff/approvals/{request.pk}/")
    assert store.wallet() == 100


def test_whoever_may_not_do_it_may_not_approve_it(store: Store, helper: Client, manager: Client) -> None:
    adjust(manager, store)
    request, support = ApprovalRequest.objects.get(), member(SUPPORT, "support")
    for client in (helper, support):
        assert "Your role doesn&#x27;t allow you to decide on this request." in text(
            client, f"/staff/approvals/{request.pk}/"
        )
        assert (do(client, request, "approve"), do(client, request, "decline", reason="no")) == (403, 403)
    request.refresh_from_db()
    assert (request.state, store.wallet()) == ("waiting", 100)


def test_support_approves_what_support_may_do(store: Store, owner: Client, doubtful: Order) -> None:
    owner.post(f"/staff/doubtful/{doubtful.pk}/back/", {"reason": "x"})
    assert do(member(SUPPORT, "support"), ApprovalRequest.objects.get(), "approve") == 302
    assert (store.fresh(doubtful).state, store.wallet()) == ("REJECTED", 100)


def test_the_customer_who_is_staff_does_not_approve(store: Store, manager: Client, ada: Client) -> None:
    adjust(manager, store)
    User.objects.filter(pk=store.customer.pk).update(is_staff=True, is_superuser=True)
    request = ApprovalRequest.objects.get()
    assert "of your own account" in text(ada, f"/staff/approvals/{request.pk}/")
    assert do(ada, request, "approve") == 422
    assert store.wallet() == 100


def test_it_is_in_the_navigation_only_while_it_is_of_use(store: Store, owner: Client, settings: Any) -> None:
    link = 'href="/staff/approvals/"'
    for page in ("/staff/", "/staff/alerts/", "/admin/"):
        assert link in text(owner, page)
    adjust(owner, store)
    settings.SECOND_APPROVAL_ABOVE = Decimal(0)
    for page in ("/staff/", "/staff/alerts/", "/admin/"):
        assert link in text(owner, page)
    do(owner, ApprovalRequest.objects.get(), "withdraw")
    for page in ("/staff/", "/staff/alerts/", "/admin/"):
        assert link not in text(owner, page)
    assert "No requests to approve" in text(owner, "/staff/approvals/")
    assert "has no value" in text(owner, "/staff/approvals/?show=nonsense")
