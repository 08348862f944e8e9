"""Nobody moves money to their own account or changes their own prices, superusers included: refused, nothing moves."""

import copy
import pickle
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone

from orders.aftercare.cancels import request_cancel
from orders.aftercare.refunds import refund_all, set_partial
from orders.models import Order
from orders.unconfirmed.decisions import refund_unconfirmed
from panel.customers.models import User
from panel.ops.models import AuditEvent
from panel.wallet.adjust import adjust_wallet
from panel.wallet.approvals.own_money import OwnMoneyError
from panel.wallet.deposits.deposits import approve_deposit, report_deposit
from panel.wallet.models import PaymentMethod, TopUp
from panel.web.access import Actor
from providers.catalog.models import CustomerRate, CustomerTerms
from tests.admin_forms import save
from tests.fixtures_orders import Store

TERMS, RATES = "/admin/catalog/customerterms/", "/admin/catalog/customerrate/"
REFUSED = "You can't change the balance, refunds or prices of your own account. Ask another member of staff."
REASON = "goodwill"
TOKEN = "ab" * 16


@pytest.fixture
def boss(store: Store) -> User:
    """The store's customer, who is the owner as well."""
    User.objects.filter(pk=store.customer.pk).update(is_staff=True, is_superuser=True)
    return User.objects.get(pk=store.customer.pk)


@pytest.fixture
def page(boss: User) -> Client:
    client = Client()
    client.force_login(boss)
    return client


def doubtful(store: Store) -> Order:
    store.simulator.next("add", "reset_after_create")
    order = store.submit(store.place(link="https://example.com/doubtful"))
    assert order.state == "UNCONFIRMED"
    store.let_lease_end(order)
    return order


def deposit(customer: User) -> TopUp:
    bank = PaymentMethod.objects.create(name="Bank", instructions="Pay.")
    wish: dict[str, Any] = {"amount": Decimal(50), "reference": "March", "token": TOKEN, "now": timezone.now()}
    return report_deposit(customer=customer, method_id=bank.pk, **wish)


def moves(store: Store) -> dict[str, Callable[[str], object]]:
    """Everything by which a person moves money to a customer, each waiting for who does it."""
    running, doubt, top_up = store.active(), doubtful(store), deposit(store.customer)
    amount, whole = Decimal(5), Decimal("1.35")
    why: dict[str, Any] = {"reason": REASON}
    note: dict[str, Any] = {"note": "", "now": timezone.now()}
    adjust: dict[str, Any] = {"user": store.customer, "token": TOKEN, **why}
    return {
        "credit": lambda actor: adjust_wallet(amount=amount, actor=actor, **adjust),
        "debit": lambda actor: adjust_wallet(amount=-amount, actor=actor, **adjust),
        "deposit": lambda actor: approve_deposit(deposit_id=top_up.pk, amount=amount, actor=actor, **note),
        "partial": lambda actor: set_partial(order_id=running.pk, remains=1000, agreed=whole, actor=actor, **why),
        "refund": lambda actor: refund_all(order_id=running.pk, agreed=whole, actor=actor, **why),
        "unconfirmed": lambda actor: refund_unconfirmed(order_id=doubt.pk, actor=actor, **why),
    }


MOVES = ("credit", "debit", "deposit", "partial", "refund", "unconfirmed")


@pytest.mark.parametrize("move", MOVES)
def test_no_money_is_moved_to_oneself(store: Store, boss: User, move: str) -> None:
    EmailAddress.objects.create(user=boss, email="Second@example.com", verified=True)
    act = moves(store)[move]
    before, audited = store.everything(), AuditEvent.objects.count()
    names = (boss.email, "ADA@Example.com", "second@example.com", Actor(boss.email, boss.pk))
    for actor in (*names, Actor("the.name.before@example.com", boss.pk)):
        with pytest.raises(OwnMoneyError) as refused:
            act(actor)
        assert str(refused.value) == REFUSED
    assert store.everything() == before
    assert AuditEvent.objects.count() == audited
    assert TopUp.objects.get().state == "asked"


@pytest.mark.parametrize("move", MOVES)
def test_somebody_else_and_a_command_may(store: Store, boss: User, move: str) -> None:
    act, before = moves(store)[move], store.wallet()
    other = User.objects.create_user("bo@example.com", is_staff=True)
    act("command (ada)" if move == "credit" else Actor(boss.email, other.pk))  # the name alone does not decide
    assert store.wallet() != before


def test_a_copy_of_who_acts_is_the_same_person() -> None:
    for copied in (copy.deepcopy(Actor("ada@example.com", 7)), pickle.loads(pickle.dumps(Actor("ada@example.com", 7)))):  # noqa: S301
        assert (copied, copied.user_id) == ("ada@example.com", 7)


def test_the_address_that_the_customer_has_by_now_counts(store: Store, boss: User) -> None:
    User.objects.filter(pk=boss.pk).update(email="new@example.com")
    before = store.everything()
    with pytest.raises(OwnMoneyError):  # `customer` was read before the address changed
        adjust_wallet(user=store.customer, amount=Decimal(5), reason=REASON, token=TOKEN, actor="New@example.com")
    assert store.everything() == before


def test_what_a_customer_may_do_staff_may_do_with_their_own(store: Store, boss: User) -> None:
    order = store.place()
    request_cancel(order_id=order.pk, actor=Actor(boss.email, boss.pk), reason="not needed")
    assert (store.fresh(order).state, store.wallet()) == ("CANCELED", 100)


def test_the_pages_say_so(store: Store, boss: User, page: Client) -> None:
    running, doubt, top_up = store.active(), doubtful(store), deposit(boss)
    before = store.everything()
    shown = page.get(f"/staff/orders/{running.pk}/").content.decode()
    assert shown.count(html(REFUSED)) == 2  # at both ways to refund
    for url, given in {
        f"/staff/orders/{running.pk}/back/": {"agreed": "1.35", "reason": REASON},
        f"/staff/orders/{running.pk}/partial/": {"remains": "1000", "agreed": "1.35", "reason": REASON},
        f"/staff/doubtful/{doubt.pk}/back/": {"reason": REASON},
        f"/admin/wallet/account/adjust/{boss.pk}/": {
            "amount": "5", "reason": REASON, "token": TOKEN, "confirmed": "1",
        },
    }.items():  # fmt: skip
        answer = page.post(url, given)
        assert (url, answer.status_code) == (url, 422)
        assert html(REFUSED) in answer.content.decode()
    url = f"/admin/wallet/topup/{top_up.pk}/decide/"
    answer = page.post(url, {"amount": "50", "note": "", "decision": "approve"}, follow=True)
    assert html(REFUSED) in answer.content.decode()
    assert store.everything() == before


def test_nobody_sets_their_own_prices(store: Store, boss: User, page: Client) -> None:
    service = store.service().pk
    answer = page.post(f"{TERMS}add/", {"customer": boss.pk, "discount_percent": "10"}, follow=True)
    assert html(REFUSED) in answer.content.decode()
    assert not CustomerTerms.objects.exists()

    terms = CustomerTerms.objects.create(customer=boss, discount_percent=Decimal(1))
    own = CustomerRate.objects.create(terms=terms, service=store.service("4"), rate=Decimal("0.3"))
    before = (CustomerTerms.objects.values().get(), CustomerRate.objects.values().get())
    for url, given in {
        f"{TERMS}{terms.pk}/change/": {"discount_percent": "20"},
        f"{RATES}add/": {"terms": str(terms.pk), "service": str(service), "rate": "1"},
        f"{RATES}{own.pk}/change/": {"rate": "0.2"},
        f"{RATES}{own.pk}/delete/": {"post": "yes"},
        f"{RATES}remove/": {"chosen": str(own.pk)},
    }.items():
        answer = save(page, url, given)
        assert answer.status_code == 302
        assert html(REFUSED) in page.get(answer["Location"]).content.decode()
    assert (CustomerTerms.objects.values().get(), CustomerRate.objects.values().get()) == before
    assert not AuditEvent.objects.filter(action__startswith="customer").exists()


def html(text: str) -> str:
    return text.replace("'", "&#x27;")
