"""Rivals at the same moment, each with a connection of its own: money and orders come out as if they had queued up."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from orders.accounting.audit import audit_all
from orders.aftercare.cancels import request_cancel
from orders.aftercare.refunds import CannotRefundError, refund_all, set_partial
from orders.models import Attempt, Order, UnmatchedOrder
from orders.placing.place import place_order
from orders.placing.reorder import reorder
from orders.submission.record import record_outcome
from orders.submission.submit import submit_order
from orders.submission.sweep import reap_attempts, sweep_orders
from orders.tracking.poll import poll_provider
from orders.tracking.settle import settle_batch
from orders.unconfirmed.decisions import CannotResolveError, refund_unconfirmed, requeue_order
from orders.unconfirmed.restore_search import write_off_orphan
from panel.ops.models import AuditEvent
from panel.wallet import ledger
from panel.wallet.ledger import NotEnoughFundsError
from panel.wallet.models import Account, Transfer
from providers.adapters.base import OrderStatus, Placed, ReportedStatus
from providers.catalog.models import Service
from providers.models import Provider
from tests.fixtures_orders import LINK, Store

RIVALS = 8

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*jobs: Callable[[], Any]) -> list[Any]:
    """Run the jobs at the same moment; their results, or what they raised."""
    start = threading.Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        try:
            start.wait(timeout=20)
            return job()
        except Exception as error:  # noqa: BLE001 (the test looks at it)
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def placing(store: Store, token: str | None = None, link: str = LINK) -> Callable[[], Any]:
    service_id = store.service().pk
    words = {"link": link, "quantity": "10000"}  # 13.50

    def place() -> Any:
        return place_order(
            customer=store.customer, service_id=service_id, params=words, now=timezone.now(), token=token
        )

    return place


def test_funds_for_seven_buy_seven(store: Store) -> None:
    results = at_once(*[placing(store, link=f"{LINK}/{number}") for number in range(RIVALS)])

    assert sum(isinstance(result, NotEnoughFundsError) for result in results) == 1
    assert Order.objects.count() == 7
    assert store.wallet() == Decimal("5.5")
    assert audit_all() == []


def test_without_the_guard_they_would_overdraw(store: Store) -> None:
    """The control: a look first and a payment afterwards lets through more than there is money for."""
    looked = threading.Barrier(RIVALS)

    def careless(*, customer: Any, amount: Decimal, key: str, cause: str) -> None:
        balance = Account.objects.get(customer=customer).balance
        assert balance is not None
        looked.wait(timeout=20)
        if balance < amount:
            raise NotEnoughFundsError(charge=amount)
        spent.append(amount)

    spent: list[Decimal] = []
    Account.objects.filter(customer=store.customer).update(balance=Decimal(15))
    jobs = [lambda: careless(customer=store.customer, amount=Decimal(10), key="", cause="")] * RIVALS
    at_once(*jobs)

    assert sum(spent) == 80


def test_one_token_is_one_order(store: Store) -> None:
    results = at_once(*[placing(store, token="once")] * RIVALS)

    assert sorted(result.is_new for result in results) == [False] * (RIVALS - 1) + [True]
    assert {result.order.pk for result in results} == {Order.objects.get().pk}
    assert store.wallet() == Decimal("86.5")


def test_the_same_order_within_seconds_is_one_order(store: Store) -> None:
    words, service_id = {"link": LINK, "quantity": "10000"}, store.service().pk

    def place() -> Any:
        return place_order(
            customer=store.customer, service_id=service_id, params=words, now=timezone.now(), repeat_seconds=30
        )

    results = at_once(*[place] * RIVALS)
    assert {result.order.pk for result in results} == {Order.objects.get().pk}
    assert store.wallet() == Decimal("86.5")


def test_one_order_is_sent_once(store: Store) -> None:
    order = store.place()
    results = at_once(*[lambda: submit_order(order_id=order.pk)] * RIVALS)

    assert [result for result in results if isinstance(result, Exception)] == []
    assert results.count(True) == 1
    assert len(store.simulator.created(LINK)) == 1
    assert Attempt.objects.count() == 1
    assert audit_all() == []


def test_sweeps_side_by_side_send_each_order_once(store: Store) -> None:
    orders = [store.place(link=f"{LINK}/{number}", quantity="50") for number in range(12)]
    at_once(*[lambda: sweep_orders(now=timezone.now())] * 3)
    sweep_orders(now=timezone.now())  # of one cost, an order waits for the one before it, whoever sends that

    assert {store.fresh(order).state for order in orders} == {"ACTIVE"}
    assert len(store.simulator.orders()) == 12
    assert audit_all() == []


def test_one_order_alone_tries_a_provider_after_its_closure(store: Store) -> None:
    """Of eight that come at once one is let through; it fails, and the others wait for the next closure's end."""
    orders = [store.place(link=f"{LINK}/{number}", quantity=f"{100 + number}") for number in range(RIVALS)]
    store.simulator.next("add", "error500_before", times=RIVALS)
    Provider.objects.update(breaker_open_until=timezone.now() - timedelta(seconds=1), trips_in_a_row=1)

    def sending(pk: int) -> Callable[[], Any]:
        return lambda: submit_order(order_id=pk)

    results = at_once(*[sending(order.pk) for order in orders])

    assert sorted(results) == [False] * (RIVALS - 1) + [True]
    assert Attempt.objects.count() == 1
    assert Provider.objects.get().trips_in_a_row == 2


def test_the_same_end_told_by_many_gives_back_once(store: Store) -> None:
    order = store.active()
    answer = OrderStatus(
        order.provider_order_id or "", ReportedStatus.PARTIAL, "Partial", Decimal("0.6"), 0, 333, "USD"
    )

    def settle() -> Any:
        moment = timezone.now()
        return settle_batch(answers={order.pk: answer}, asked_at=moment, now=moment)

    results = at_once(*[settle] * RIVALS)

    assert [result.failed for result in results] == [0] * RIVALS
    assert store.wallet() == Decimal("98.65") + Decimal("0.44955")
    assert Transfer.objects.filter(key__startswith="refund:").count() == 1
    assert audit_all() == []


def test_polls_side_by_side_ask_for_each_order_once(store: Store) -> None:
    for number in range(30):
        store.active(link=f"{LINK}/{number}", quantity="50")
    Order.objects.update(next_poll_at=timezone.now())

    results = at_once(*[lambda: poll_provider(provider=store.provider)] * 3)

    assert sum(result.orders for result in results) == 30
    assert sum(store.simulator.requests("status")) == 30


def test_a_late_answer_and_the_reaper(store: Store) -> None:
    order = store.place()
    Order.objects.filter(pk=order.pk).update(state="SENDING")
    past = timezone.now() - timedelta(minutes=2)
    attempt = Attempt.objects.create(order=order, number=1, started_at=past, lease_until=past)

    results = at_once(
        lambda: record_outcome(attempt_id=attempt.pk, outcome=Placed("777")),
        lambda: reap_attempts(now=timezone.now()),
    )

    assert [result for result in results if isinstance(result, Exception)] == []
    order = store.fresh(order)
    assert (order.state, order.provider_order_id, order.cost) == ("ACTIVE", "777", Decimal("0.9"))
    assert audit_all() == []


@pytest.mark.parametrize("attempt", range(5))
def test_the_late_answer_and_writing_off_what_was_found(store: Store, attempt: int) -> None:
    """Whichever comes first, the order has the cost, and nothing is lost."""
    order = store.place()
    Order.objects.filter(pk=order.pk).update(state="SENDING")
    lease = timezone.now() + timedelta(minutes=2)
    sent = Attempt.objects.create(order=order, number=1, started_at=timezone.now(), lease_until=lease)
    orphan = UnmatchedOrder.objects.create(
        provider=store.provider, external_id="777", charge=Decimal("0.9"), currency="USD"
    )

    recorded, written_off = at_once(
        lambda: record_outcome(attempt_id=sent.pk, outcome=Placed("777")),
        lambda: write_off_orphan(orphan_id=orphan.pk, actor="a@example.com", reason="nobody's"),
    )

    assert recorded is None
    assert written_off is None or isinstance(written_off, CannotResolveError)
    orphan.refresh_from_db()
    assert (orphan.verdict, orphan.order_id) == ("adopted", order.pk)
    assert (store.fresh(order).state, store.fresh(order).cost) == ("ACTIVE", Decimal("0.9"))
    assert (store.house("loss"), store.house(store.provider.account)) == (0, Decimal("999.1"))
    assert audit_all() == []


def test_two_verdicts(store: Store) -> None:
    store.simulator.next("add", "reset_before_create")
    order = store.active()
    store.let_lease_end(order)
    results = at_once(
        lambda: refund_unconfirmed(order_id=order.pk, actor="a@example.com", reason="one"),
        lambda: requeue_order(order_id=order.pk, actor="b@example.com", reason="two"),
    )

    assert sum(isinstance(result, CannotResolveError) for result in results) == 1
    assert store.fresh(order).state in {"REJECTED", "QUEUED"}
    assert audit_all() == []


def test_money_in_and_out_of_one_wallet(store: Store) -> None:
    def credit(number: int) -> Callable[[], Any]:
        return lambda: ledger.credit_wallet(user=store.customer, amount=Decimal(1), key=f"credit:race:{number}")

    at_once(*[credit(number) for number in range(RIVALS)], placing(store), placing(store, link=f"{LINK}/2"))

    assert store.wallet() == 100 + RIVALS - 27
    assert audit_all() == []


def test_a_service_that_goes_off_sale_meanwhile(store: Store) -> None:
    results = at_once(placing(store), lambda: Service.objects.update(is_enabled=False))

    placed = not isinstance(results[0], Exception)
    assert Order.objects.count() == placed
    assert audit_all() == []


@pytest.mark.parametrize("attempt", range(5))
def test_staff_set_partial_while_the_provider_says_completed(store: Store, attempt: int) -> None:
    order = store.active()
    asked_at = timezone.now()
    done = OrderStatus(
        order.provider_order_id or "", ReportedStatus.COMPLETED, "Completed", Decimal("0.9"), 0, 0, "USD"
    )
    given: dict[str, Any] = {"remains": 200, "agreed": Decimal("0.27"), "actor": "a@example.com", "reason": "proof"}
    partial, settled = at_once(
        lambda: set_partial(order_id=order.pk, **given),
        lambda: settle_batch(answers={order.pk: done}, asked_at=asked_at, now=timezone.now()),
    )

    assert (partial, settled.failed) == (None, 0)
    order = store.fresh(order)
    assert (order.state, order.refunded, order.captured) == ("PARTIAL", Decimal("0.27"), Decimal("1.08"))
    assert (order.remains, order.attention) == (200, "")  # whichever came first, this is how it ends
    assert store.wallet() == Decimal("98.92")
    assert audit_all() == []


def test_two_members_of_staff_give_the_same_money_back(store: Store) -> None:
    order = store.active()

    def give(number: int) -> Callable[[], Any]:
        who = {"actor": f"{number}@example.com", "reason": "proof"}
        if number % 2:
            return lambda: refund_all(order_id=order.pk, agreed=Decimal("1.35"), **who)
        return lambda: set_partial(order_id=order.pk, remains=1000, agreed=Decimal("1.35"), **who)

    results = at_once(*[give(number) for number in range(RIVALS)])

    assert results.count(None) == 1
    assert sum(isinstance(result, CannotRefundError) for result in results) == RIVALS - 1
    assert store.wallet() == 100
    assert Transfer.objects.filter(key__startswith="refund:").count() == 1
    assert AuditEvent.objects.filter(target=f"order:{order.pk}").count() == 1
    assert audit_all() == []


def test_two_clicks_on_order_again_are_one_order(store: Store) -> None:
    order = store.place()
    request_cancel(order_id=order.pk, actor="ada@example.com")
    who = {"actor": "a@example.com", "reason": "their link was private"}
    results = at_once(*[lambda: reorder(order_id=order.pk, agreed=Decimal("1.35"), **who)] * RIVALS)

    assert {result.order.pk for result in results} == {Order.objects.latest("pk").pk}
    assert [result.is_new for result in results].count(True) == 1
    assert (Order.objects.count(), store.wallet()) == (2, Decimal("98.65"))
    assert order.events.filter(what="ordered again").count() == 1
    assert audit_all() == []
