"""Following: what each answer means, to the millionth, once, and in whatever order the answers come."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.accounting.audit import audit_all
from orders.aftercare.refunds import set_partial
from orders.api.status_query import status_rows
from orders.models import Order
from orders.rules.serializers import status as api_status
from orders.tracking.poll import poll_provider, providers_due
from orders.tracking.settle import settle_batch
from providers.adapters.base import ItemError, OrderStatus, ReportedStatus
from providers.catalog.models import Service
from providers.models import Pause, Provider
from tests.fixtures_orders import Store
from tests.fixtures_simulator import ORDER_SECONDS, PLAIN_SERVICE, Simulator


def status(order: Order, word: ReportedStatus, **given: Any) -> OrderStatus:
    values: dict[str, Any] = {"charge": None, "start_count": None, "remains": None, "currency": "USD", **given}
    return OrderStatus(external_id=order.provider_order_id or "", word=word, raw=word.value, **values)


def say(store: Store, order: Order, word: ReportedStatus, *, seconds: int = 0, **given: Any) -> Order:
    """Settle an answer that was asked for `seconds` from now."""
    moment = timezone.now() + timedelta(seconds=seconds)
    settle_batch(answers={order.pk: status(order, word, **given)}, asked_at=moment, now=moment)
    return store.fresh(order)


def test_an_order_is_followed_to_its_end(store: Store) -> None:
    order = store.active()
    store.simulator.advance(ORDER_SECONDS / 2)
    polled = store.poll()
    order = store.fresh(order)
    assert (polled.requests, polled.orders, polled.changed) == (1, 1, 1)
    assert (order.state, order.provider_status) == ("ACTIVE", "In progress")
    assert order.remains is not None
    assert 0 < order.remains < 1000
    assert order.delivered == 1000 - order.remains

    store.simulator.advance(ORDER_SECONDS)
    store.poll()
    order = store.fresh(order)
    assert (order.state, order.word, order.delivered, order.refunded) == ("COMPLETED", "Completed", 1000, 0)
    assert store.money() == {
        "wallet": Decimal("98.65"),
        "held": 0,
        "revenue": Decimal("1.35"),
        "provider": Decimal("999.1"),
        "cost": Decimal("0.9"),
    }
    assert store.simulator.balance == Decimal("999.1")
    assert audit_all() == []


def test_a_partial_gives_back_the_exact_share_once(store: Store) -> None:
    order = store.active()
    store.simulator.set_order(order.provider_order_id, status="Partial", remains=333)
    for _ in range(3):
        store.poll()
    order = store.fresh(order)

    assert (order.state, order.refunded) == ("PARTIAL", Decimal("0.44955"))
    assert store.wallet() == Decimal("99.09955")
    assert store.money()["revenue"] == Decimal("0.90045")
    assert store.money()["held"] == 0
    assert Decimal(1000) - store.money()["provider"] == order.cost == Decimal(1000) - store.simulator.balance
    assert audit_all() == []


@pytest.mark.parametrize(("remains", "given_back"), [(1, "0.000375"), (3, "0.001125"), (7, "0.002625")])
def test_a_share_is_exact(store: Store, remains: int, given_back: str) -> None:
    order = store.active(PLAIN_SERVICE, quantity="11")
    order = say(store, order, ReportedStatus.PARTIAL, remains=remains)

    assert (order.charge, order.refunded) == (Decimal("0.004125"), Decimal(given_back))


def test_a_share_is_rounded_down_to_a_millionth(store: Store) -> None:
    Service.objects.filter(upstream__external_id=PLAIN_SERVICE).update(rate=Decimal("0.333333"))
    order = store.active(PLAIN_SERVICE, quantity="11")
    assert order.charge == Decimal("0.003667")  # 0.003666663, rounded up
    order = say(store, order, ReportedStatus.PARTIAL, remains=7)

    assert order.refunded == Decimal("0.002333")  # 0.00233354…, rounded down
    assert audit_all() == []


def test_a_cancel_gives_all_back(store: Store) -> None:
    order = store.active()
    store.simulator.set_order(order.provider_order_id, status="Canceled", remains=1000, charge="0")
    store.poll()
    order = store.fresh(order)

    assert (order.state, order.refunded, order.cost) == ("CANCELED", Decimal("1.35"), 0)
    assert store.money() == {"wallet": 100, "held": 0, "revenue": 0, "provider": 1000, "cost": 0}
    assert audit_all() == []


def test_a_late_partial_and_a_later_cancel_give_back_upwards_from_revenue(store: Store) -> None:
    order = say(store, store.active(), ReportedStatus.COMPLETED, charge=Decimal("0.9"), remains=0)
    assert order.state == "COMPLETED"
    order = say(store, order, ReportedStatus.PARTIAL, seconds=1, remains=500, charge=Decimal("0.45"))
    assert (order.state, order.refunded, order.captured) == ("PARTIAL", Decimal("0.675"), Decimal("0.675"))
    order = say(store, order, ReportedStatus.PARTIAL, seconds=2, remains=400, charge=Decimal("0.54"))
    assert order.refunded == Decimal("0.675")
    order = say(store, order, ReportedStatus.CANCELED, seconds=3, charge=Decimal(0))

    assert (order.state, order.refunded, order.cost) == ("CANCELED", Decimal("1.35"), 0)
    assert store.money() == {"wallet": 100, "held": 0, "revenue": 0, "provider": 1000, "cost": 0}
    assert audit_all() == []


def test_an_older_answer_is_dropped(store: Store) -> None:
    order = say(store, store.active(), ReportedStatus.IN_PROGRESS, seconds=10, remains=400)
    order = say(store, order, ReportedStatus.CANCELED, seconds=5)

    assert (order.state, order.remains, order.refunded) == ("ACTIVE", 400, 0)


@pytest.mark.parametrize("end", [ReportedStatus.CANCELED, ReportedStatus.PARTIAL])
@pytest.mark.parametrize("then", [ReportedStatus.IN_PROGRESS, ReportedStatus.COMPLETED])
def test_money_given_back_is_never_taken_again(store: Store, end: ReportedStatus, then: ReportedStatus) -> None:
    order = say(store, store.active(), end, remains=1000, charge=Decimal(0))
    before = store.wallet()
    order = say(store, order, then, seconds=1, remains=0, charge=Decimal("0.9"))

    assert order.attention == "reopened by the provider"
    assert order.state == end.value.upper()
    assert store.wallet() == before == 100
    assert order.cost == Decimal("0.9")
    assert audit_all() == []


@pytest.mark.parametrize("word", [ReportedStatus.IN_PROGRESS, ReportedStatus.COMPLETED, ReportedStatus.UNKNOWN])
def test_what_a_partial_was_paid_back_for_stays_with_it(store: Store, word: ReportedStatus) -> None:
    order = say(store, store.active(), ReportedStatus.PARTIAL, remains=333)
    order = say(store, order, word, seconds=1, remains=900)

    assert (order.state, order.remains, order.refunded) == ("PARTIAL", 333, Decimal("0.44955"))
    assert order.attention
    assert audit_all() == []


@pytest.mark.parametrize("word", [ReportedStatus.UNKNOWN, ReportedStatus.FAILED, ReportedStatus.EXPIRED])
def test_a_word_without_a_rule_moves_no_money(store: Store, word: ReportedStatus) -> None:
    order = store.active()
    before = store.money()
    order = say(store, order, word)

    assert (order.state, order.attention) == ("ACTIVE", "unknown status")
    assert store.money() == before


@pytest.mark.parametrize("remains", [-1, 1001])
def test_odd_remains_are_for_a_person(store: Store, remains: int) -> None:
    order = store.active()
    before = store.money()
    order = say(store, order, ReportedStatus.PARTIAL, remains=remains)

    assert (order.state, order.attention) == ("ACTIVE", "odd remains")
    assert store.money() == before


def test_partial_without_remains_waits_and_then_asks_a_person(store: Store) -> None:
    order = store.active()
    for number in range(3):
        assert order.attention == ""
        order = say(store, order, ReportedStatus.PARTIAL, seconds=number)

    assert (order.state, order.attention, order.refunded) == ("ACTIVE", "partial without remains", 0)
    order = say(store, order, ReportedStatus.PARTIAL, seconds=9, remains=500)
    assert (order.state, order.refunded) == ("PARTIAL", Decimal("0.675"))


def test_partial_with_nothing_remaining_is_completed(store: Store) -> None:
    order = say(store, store.active(), ReportedStatus.PARTIAL, remains=0)

    assert (order.state, order.refunded) == ("COMPLETED", 0)


def test_another_currency_moves_nothing_and_pauses_the_provider(store: Store) -> None:
    order = store.active()
    before = store.money()
    store.simulator.next("status", "wrong_currency")
    store.simulator.advance(ORDER_SECONDS * 2)
    store.poll()

    assert store.fresh(order).state == "ACTIVE"
    assert store.fresh(order).attention == "other currency"
    assert store.money() == before
    assert Provider.objects.get().paused_reason == "currency"


def test_a_balance_in_the_right_currency_does_not_hide_orders_answered_for_in_another(store: Store) -> None:
    order = store.active()
    for _ in range(2):
        store.simulator.next("status", "wrong_currency")
        store.poll()
        store.read_balance()
        assert list(Pause.objects.values_list("reason", flat=True)) == ["currency"]
    assert order.events.filter(what="attention").count() == 1
    store.poll()  # in the right one, and else as before
    assert store.fresh(order).attention == ""
    store.read_balance()
    assert not Pause.objects.exists()


@pytest.mark.parametrize("word", [ReportedStatus.UNKNOWN, ReportedStatus.FAILED])
def test_a_flag_is_gone_when_its_reason_is_and_is_told_once_while_it_lasts(store: Store, word: ReportedStatus) -> None:
    order = store.active()
    for second in range(3):
        order = say(store, order, word, seconds=second)
        assert order.attention == "unknown status"
    assert order.events.filter(what="attention").count() == 1
    order = say(store, order, ReportedStatus.IN_PROGRESS, seconds=3)
    assert (order.state, order.attention) == ("ACTIVE", "")
    order = say(store, order, word, seconds=4)
    assert (order.attention, order.events.filter(what="attention").count()) == ("unknown status", 2)


def test_a_completed_order_is_not_free(store: Store) -> None:
    order = store.active()
    store.simulator.set_order(order.provider_order_id, status="Completed", remains=0, charge="0")
    assert store.poll().changed == 1
    order = store.fresh(order)
    assert (order.state, order.cost, store.money()["provider"]) == ("COMPLETED", Decimal("0.9"), Decimal("999.1"))
    assert store.poll().changed == 0


def test_a_part_that_is_said_to_be_free_is_asked_about_once_more(store: Store) -> None:
    order = store.active()
    for charge, soon in (("0", True), ("0.54", False)):
        store.simulator.set_order(order.provider_order_id, status="Partial", remains=400, charge=charge)
        assert store.poll().changed == 1
        order = store.fresh(order)
        assert (order.state, order.cost, order.refunded) == ("PARTIAL", Decimal(charge), Decimal("0.54"))
        assert order.next_poll_at is not None
        assert (order.next_poll_at - timezone.now() <= timedelta(minutes=1)) == soon
    assert store.money()["provider"] == Decimal("999.46")
    assert audit_all() == []


def test_a_part_that_stays_free_is_asked_about_for_an_hour(store: Store) -> None:
    order = store.active()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for shift, soon in ((0, True), (59, True), (1, False)):
            clock.shift(timedelta(minutes=shift))
            order = say(store, order, ReportedStatus.PARTIAL, remains=400, charge=Decimal(0))
            assert order.next_poll_at is not None
            assert (order.next_poll_at - timezone.now() == timedelta(minutes=1)) == soon


def test_answers_without_sense_are_counted_to_a_thousand(store: Store) -> None:
    order = store.active()
    Order.objects.update(misses=999, missed_since=timezone.now())
    for seconds in range(3):
        settle_batch(answers={order.pk: None}, asked_at=timezone.now() + timedelta(seconds=seconds), now=timezone.now())
    assert store.fresh(order).misses == 1000
    order = say(store, order, ReportedStatus.PARTIAL, seconds=4)
    assert (order.misses, order.attention) == (1000, "partial without remains")
    order = say(store, order, ReportedStatus.IN_PROGRESS, seconds=5)
    assert order.misses == 0


def test_a_cost_that_changes_without_end_is_for_a_person(store: Store) -> None:
    order = store.active()
    Order.objects.update(money_moves=29_999)
    order = say(store, order, ReportedStatus.IN_PROGRESS, charge=Decimal("0.95"))
    assert (order.cost, order.money_moves, order.attention) == (Decimal("0.95"), 30_000, "")
    order = say(store, order, ReportedStatus.IN_PROGRESS, seconds=1, charge=Decimal("0.96"))
    assert (order.cost, order.money_moves, order.attention) == (Decimal("0.95"), 30_000, "cost changes without end")
    order = say(store, order, ReportedStatus.PARTIAL, seconds=2, remains=400, charge=Decimal("0.97"))
    assert (order.state, order.refunded, order.captured) == ("PARTIAL", Decimal("0.54"), Decimal("0.81"))
    assert (order.cost, order.money_moves) == (Decimal("0.95"), 30_001)
    assert audit_all() == []


@pytest.mark.parametrize("remains", [200, 0, -1, 1001, 499])
def test_what_is_left_is_what_was_given_back(store: Store, remains: int) -> None:
    """Panels that buy from us pay their customers back by it: it never says less than what they got from us."""
    order = store.active()
    given: dict[str, Any] = {"agreed": Decimal("0.675"), "actor": "staff", "reason": "proof"}
    set_partial(order_id=order.pk, remains=500, **given)
    order = say(store, order, ReportedStatus.PARTIAL, seconds=1, remains=remains)
    assert (order.remains, order.refunded) == (500, Decimal("0.675"))
    told = api_status(status_rows(customer_id=store.customer.pk, order_ids=[order.pk])[order.pk])
    assert (told["charge"], told["remains"], told["status"]) == ("0.675", "500", "Partial")
    order = say(store, order, ReportedStatus.PARTIAL, seconds=2, remains=501)
    assert (order.remains, order.refunded) == (501, Decimal("0.67635"))
    order = say(store, order, ReportedStatus.CANCELED, seconds=3, remains=700)
    told = api_status(status_rows(customer_id=store.customer.pk, order_ids=[order.pk])[order.pk])
    assert (told["charge"], told["remains"], told["status"]) == ("0", "1000", "Canceled")


def test_a_reported_charge_trues_up_the_cost(store: Store) -> None:
    order = say(store, store.active(), ReportedStatus.IN_PROGRESS, charge=Decimal("0.95"))
    assert (order.cost, store.money()["provider"]) == (Decimal("0.95"), Decimal("999.05"))
    order = say(store, order, ReportedStatus.IN_PROGRESS, seconds=1, charge=Decimal(0))
    assert order.cost == Decimal("0.95")  # not reckoned yet, while it runs
    order = say(store, order, ReportedStatus.COMPLETED, seconds=2, charge=Decimal("0.8"))

    assert (order.cost, store.money()["provider"]) == (Decimal("0.8"), Decimal("999.2"))
    assert audit_all() == []


@pytest.mark.parametrize("answer", [None, ItemError("Incorrect order ID")])
def test_missing_is_not_an_end(store: Store, answer: ItemError | None) -> None:
    order = store.active()
    start = timezone.now()
    for minutes in (0, 10, 20, 30, 40):
        moment = start + timedelta(minutes=minutes)
        settle_batch(answers={order.pk: answer}, asked_at=moment, now=moment)
    assert store.fresh(order).attention == ""
    moment = start + timedelta(minutes=61)
    settle_batch(answers={order.pk: answer}, asked_at=moment, now=moment)

    order = store.fresh(order)
    assert (order.state, order.attention, order.misses) == ("ACTIVE", "missing at the provider", 6)
    assert order.refunded == 0


@pytest.mark.once
@pytest.mark.parametrize(
    "fault", ["hang", "html", "error503", "truncated", "whole_error", "empty_body", "reset", "null", "not_json"]
)
def test_a_failed_call_changes_no_order(store: Store, fault: str) -> None:
    order = store.active()
    store.active(link="https://example.com/another")
    store.poll()
    before = store.fresh(order)
    store.simulator.next("status", fault)
    polled = store.poll()
    after = store.fresh(order)

    assert (polled.requests, polled.failed_requests, polled.changed) == (1, 1, 0)
    assert (after.state, after.misses, after.cost) == (before.state, before.misses, before.cost)
    assert after.next_poll_at is not None
    assert after.next_poll_at <= timezone.now() + timedelta(seconds=60)


@pytest.mark.parametrize("fault", ["array_shape", "text_numbers", "json_numbers", "bom"])
def test_every_shape_is_understood(store: Store, fault: str) -> None:
    orders = [store.active(link=f"https://example.com/{number}") for number in range(2)]
    store.simulator.advance(ORDER_SECONDS * 2)
    store.simulator.next("status", fault)
    store.poll()

    assert [store.fresh(order).state for order in orders] == ["COMPLETED", "COMPLETED"]


def test_a_batch_is_settled_in_one_piece(store: Store, make_orders: Callable[[int], list[Order]]) -> None:
    """The queries do not grow with the batch; not even when every order in it moves money."""

    def settle(orders: list[Order]) -> int:
        moment = timezone.now()
        answers = {
            order.pk: status(order, ReportedStatus.PARTIAL, remains=10, charge=Decimal("0.05")) for order in orders
        }
        with CaptureQueriesContext(connection) as queries:
            assert settle_batch(answers=answers, asked_at=moment, now=moment).refunded == len(orders)
        return len(queries)

    settle(make_orders(1))  # opens the house accounts

    assert settle(make_orders(2)) == settle(make_orders(40)) <= 16
    assert audit_all() == []


def test_one_order_that_cannot_be_settled_stops_no_other(
    store: Store, make_orders: Callable[[int], list[Order]], caplog: pytest.LogCaptureFixture
) -> None:
    orders = make_orders(3)
    moment = timezone.now()
    answers = {order.pk: status(order, ReportedStatus.COMPLETED, charge=Decimal("0.09")) for order in orders}
    answers[orders[1].pk] = status(orders[1], ReportedStatus.COMPLETED, charge=Decimal("1e30"))
    settled = settle_batch(answers=answers, asked_at=moment, now=moment)

    assert settled.failed == 1
    assert [store.fresh(order).state for order in orders] == ["COMPLETED", "ACTIVE", "COMPLETED"]
    assert "batch not settled" in caplog.text
    assert audit_all() == []


@pytest.fixture
def make_orders(store: Store) -> Callable[[int], list[Order]]:
    def make(count: int) -> list[Order]:
        return [store.active(link=f"https://example.com/{count}/{n}", quantity="100") for n in range(count)]

    return make


@pytest.mark.once
def test_batches_hold_a_hundred(store: Store, simulator: Simulator, make_orders: Callable[[int], list[Order]]) -> None:
    make_orders(205)
    polled = store.poll()

    assert sorted(simulator.requests("status")) == [5, 100, 100]
    assert (polled.requests, polled.orders, polled.changed) == (3, 205, 205)
    assert store.poll().changed == 0


def test_what_is_not_due_is_not_asked_for(store: Store, simulator: Simulator) -> None:
    store.active()
    assert providers_due(now=timezone.now()) == []
    assert poll_provider(provider=store.provider).requests == 0
    Order.objects.update(next_poll_at=timezone.now())
    assert providers_due(now=timezone.now()) == [store.provider]
    assert poll_provider(provider=store.provider).requests == 1
    assert poll_provider(provider=store.provider).requests == 0
