"""What meets what: each pair at the same moment, and beside it what comes of it where the lock is taken away."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone

from orders.accounting.audit import audit_all
from orders.models import Order
from orders.placing.place import Placement, place_order
from orders.tracking import settle
from orders.tracking.settle import settle_batch
from orders.unconfirmed.decisions import CannotResolveError, confirm_by_evidence, refund_unconfirmed
from panel.customers.keys import issue_key, revoke_key
from panel.customers.models import ApiKey
from panel.ops.jobs import leases
from panel.ops.jobs.leases import run_leased
from panel.wallet import ledger
from panel.wallet.ledger import NotEnoughFundsError
from panel.wallet.models import Transfer
from providers.adapters.base import OrderStatus, ReportedStatus
from providers.catalog.markups import set_markup
from tests.fixtures_orders import LINK, Store
from tests.races.test_orders import RIVALS, at_once

CROWD, AT_A_TIME = 200, 20

pytestmark = pytest.mark.django_db(transaction=True)


def crowd_places(store: Store) -> list[Any]:
    """Many orders of 1.35 at once, from a wallet that holds 13.50: what each came to."""
    ledger.debit_wallet(user=store.customer, amount=Decimal("86.5"), key="debit:crowd")
    service_id = store.service().pk

    def place(number: int) -> Any:
        words = {"link": f"{LINK}/{number}", "quantity": "1000"}
        try:
            return place_order(customer=store.customer, service_id=service_id, params=words, now=timezone.now())
        except (NotEnoughFundsError, IntegrityError) as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(AT_A_TIME) as pool:
        return list(pool.map(place, range(CROWD)))


def check_ten(store: Store, came: list[Any]) -> None:
    assert sum(isinstance(one, Placement) for one in came) == Order.objects.count() == 10
    assert store.wallet() == 0
    assert audit_all() == []


def test_of_two_hundred_orders_at_once_funds_for_ten_buy_ten(store: Store) -> None:
    came = crowd_places(store)
    check_ten(store, came)
    assert sum(isinstance(one, NotEnoughFundsError) for one in came) == CROWD - 10


def test_without_the_guard_the_database_itself_refuses(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the statement takes what is not there, and the wallet's constraint alone is left to refuse it."""
    monkeypatch.setattr(ledger, "_TAKE", ledger._TAKE.replace("AND balance >= %s", "AND %s >= 0"))
    came = crowd_places(store)
    check_ten(store, came)
    assert sum(isinstance(one, IntegrityError) for one in came) == CROWD - 10


def told(order: Order, word: ReportedStatus, remains: int) -> OrderStatus:
    return OrderStatus(order.provider_order_id or "", word, word.value, None, None, remains, "USD")


def settling(order: Order, word: ReportedStatus, remains: int, *, later: float = 0) -> Any:
    moment = timezone.now() + timedelta(seconds=later)
    answers = {order.pk: told(order, word, remains)}
    return lambda: settle_batch(answers=answers, asked_at=moment, now=moment)


@pytest.mark.parametrize("attempt", range(3))
def test_two_polls_that_heard_different_ends(store: Store, attempt: int) -> None:
    """Whichever comes first, what was asked for last counts, and gives back the rest and no more."""
    order = store.active()
    came = at_once(
        settling(order, ReportedStatus.PARTIAL, 333), settling(order, ReportedStatus.CANCELED, 1000, later=1)
    )

    assert [result.failed for result in came] == [0, 0]
    order = store.fresh(order)
    assert (order.state, order.refunded, store.wallet()) == ("CANCELED", order.charge, 100)
    assert audit_all() == []


def test_refunds_without_the_lock_collide(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: without the row's lock both reckon from the same figures. The money's key lets only one write."""
    if connection.vendor == "sqlite":
        pytest.skip("here one transaction writes at a time, lock or none")
    order = store.active()
    store.house("revenue")  # opened by now: of two that open it, the second would wait for the first
    both_looked, write = threading.Barrier(2), settle.write

    def write_when_both_looked(changes: Any) -> None:
        both_looked.wait(timeout=20)
        write(changes)

    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **options: rows.all())
    monkeypatch.setattr(settle, "write", write_when_both_looked)
    came = at_once(*[settling(order, ReportedStatus.PARTIAL, 333)] * 2)

    assert sorted(result.failed for result in came) == [0, 1]
    assert Transfer.objects.filter(key__startswith="refund:").count() == 1
    assert audit_all() == []


@pytest.mark.parametrize("attempt", range(3))
def test_the_evidence_and_a_person(store: Store, attempt: int) -> None:
    store.simulator.next("add", "reset_after_create")
    order = store.active()
    store.let_lease_end(order)
    (bought,) = store.simulator.created(LINK)
    came = at_once(
        lambda: confirm_by_evidence(order_id=order.pk, provider_order_id=bought["id"], reason="found"),
        lambda: refund_unconfirmed(order_id=order.pk, actor="staff@example.com", reason="enough"),
    )

    assert sorted(isinstance(one, CannotResolveError) for one in came) == [False, True]
    won = "ACTIVE" if came[0] is None else "REJECTED"
    order = store.fresh(order)
    assert (order.state, order.refunded) == (won, 0 if won == "ACTIVE" else order.charge)
    assert audit_all() == []


def beats() -> int:
    """How many of many beats ran the job, each as long as it takes all of them to come."""
    ran: list[None] = []

    def job() -> dict[str, Any]:
        ran.append(None)
        time.sleep(0.5)
        return {}

    came = at_once(*[lambda: run_leased(name="beat", seconds=60, job=job)] * RIVALS)
    assert [one for one in came if isinstance(one, Exception)] == []
    return len(ran)


def test_one_of_many_beats_runs_the_job() -> None:
    assert beats() == 1


def test_without_the_lease_all_of_them_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "_only_run_in_process", lambda name: nullcontext(True))
    monkeypatch.setattr(leases, "_take", lambda name, seconds: "anybody")
    assert beats() == RIVALS


def test_a_markup_that_changes_while_orders_are_placed(store: Store) -> None:
    """Each order is charged at the rate that it says, the old one or the new one."""
    service_id = store.service().pk

    def place(number: int) -> Any:
        words = {"link": f"{LINK}/{number}", "quantity": "1000"}
        return place_order(customer=store.customer, service_id=service_id, params=words, now=timezone.now())

    placings = [lambda number=number: place(number) for number in range(RIVALS)]
    came = at_once(*placings[:4], lambda: set_markup(percent=Decimal(100)), *placings[4:])

    assert [one for one in came if isinstance(one, Exception)] == []
    charges = list(Order.objects.values_list("rate", "charge"))
    assert len(charges) == RIVALS
    assert set(charges) <= {(Decimal("1.35"), Decimal("1.35")), (Decimal("1.8"), Decimal("1.8"))}
    assert store.wallet() == 100 - sum(charge for _, charge in charges)
    assert place(RIVALS).order.charge == Decimal("1.8")
    assert audit_all() == []


@pytest.mark.parametrize("attempt", range(3))
def test_a_key_that_is_revoked_during_a_call(store: Store, attempt: int) -> None:
    """The call was let in or was not: then it is an order with its charge, or nothing. The next one is not let in."""
    now = timezone.now()
    issued = issue_key(customer=store.customer, name="Program", actor="test", now=now)
    words = {"key": issued.secret.reveal(), "action": "add", "service": store.service().pk, "link": LINK}
    words |= {"quantity": 1000}
    answer, _ = at_once(
        lambda: Client().post("/api/v2", words).json(),
        lambda: revoke_key(key=ApiKey.objects.get(), actor="staff", now=timezone.now()),
    )

    orders = list(Order.objects.values_list("pk", "charge"))
    assert answer == ({"order": orders[0][0]} if orders else {"error": "Invalid API key"})
    assert store.wallet() == 100 - sum(charge for _, charge in orders)
    assert Client().post("/api/v2", words).json() == {"error": "Invalid API key"}
    assert Order.objects.count() == len(orders) <= 1
    assert audit_all() == []
