"""Submitting: what each outcome of `add` means for the order, its money and its provider."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest import mock

import pytest
from django.conf import LazySettings, settings
from django.db import Error, InterfaceError, InternalError, OperationalError
from django.utils import timezone

from orders import tasks
from orders.accounting.audit import audit_all
from orders.core import change
from orders.models import Attempt, Cancellation, Order
from orders.submission import record, submit
from orders.submission.record import record_outcome
from orders.submission.submit import submit_order
from orders.submission.sweep import sweep_orders
from panel.ops.models import Alert
from providers.adapters.base import Placed
from providers.adapters.errors import NotPlaced, OutcomeUnknown
from providers.availability import circuit_breaker
from providers.availability.circuit_breaker import pause_provider
from providers.catalog.models import Service
from providers.models import Pause, Provider, UpstreamService
from tests.fixtures_orders import LINK, Store
from tests.fixtures_simulator import COMMENTS_SERVICE, PACKAGE_SERVICE

UNKNOWN = ("error500_before", "error500_after", "html200_before", "html200_after", "truncated_after", "both_fields",
           "null_order", "php_notice", "unknown_error", "reset_before_create", "reset_after_create", "redirect_after",
           "empty_after", "list_order", "negative_order", "oversized")  # fmt: skip


def test_an_accepted_order_is_active_and_costs_what_we_expect(store: Store) -> None:
    order = store.active()

    (bought,) = store.simulator.created(LINK)
    assert (order.state, order.provider_order_id) == ("ACTIVE", bought["id"])
    assert order.cost == Decimal("0.9")
    assert store.money() == {
        "wallet": Decimal("98.65"),
        "held": Decimal("1.35"),
        "revenue": 0,
        "provider": Decimal("999.1"),
        "cost": Decimal("0.9"),
    }
    assert [event.what for event in order.events.order_by("pk")] == ["ordered", "sent", "accepted"]
    assert order.attempts.get().outcome == Attempt.Outcome.PLACED


@pytest.mark.parametrize(
    ("service", "words", "cost"),
    [
        (PACKAGE_SERVICE, {}, "5"),
        (COMMENTS_SERVICE, {"comments": "One\r\nTwo\r\nThree"}, "0.024"),
        ("1", {"quantity": "100", "runs": "3", "interval": "60"}, "0.27"),
    ],
)
def test_every_kind_is_bought_as_it_was_ordered(store: Store, service: str, words: dict[str, str], cost: str) -> None:
    order = store.active(service, **words)

    assert (order.state, order.cost) == ("ACTIVE", Decimal(cost))
    assert Decimal(1000) - store.simulator.balance == Decimal(cost)


@pytest.mark.parametrize("fault", UNKNOWN)
def test_an_unknown_outcome_holds_the_money_and_is_never_sent_again(store: Store, fault: str) -> None:
    store.simulator.next("add", fault)
    order = store.active()
    bought = len(store.simulator.created(LINK))

    assert order.state == "UNCONFIRMED"
    assert order.word == "Pending"
    assert store.money()["held"] == Decimal("1.35")
    assert store.wallet() == Decimal("98.65")
    assert order.attempts.get().outcome == Attempt.Outcome.UNKNOWN
    assert Alert.objects.filter(subject=f"doubtful:{store.provider.pk}", closed_at=None).exists()

    later = timezone.now() + timedelta(days=3)
    sweep_orders(now=later, everything=True)
    assert submit_order(order_id=order.pk, even_early=True) is False
    assert len(store.simulator.created(LINK)) == bought
    assert store.fresh(order).state == "UNCONFIRMED"


def test_a_timeout_is_an_unknown_outcome(store: Store, settings: LazySettings) -> None:
    settings.ADD_DEADLINE_SECONDS = 1
    store.simulator.next("add", "hang_after_create")

    assert store.active().state == "UNCONFIRMED"
    assert len(store.simulator.created(LINK)) == 1


@pytest.mark.parametrize("fault", ["refused", "service_gone"])
def test_a_refusal_gives_all_the_money_back(store: Store, fault: str) -> None:
    store.simulator.next("add", fault)
    order = store.active()

    assert (order.state, order.word, order.refunded) == ("REJECTED", "Canceled", Decimal("1.35"))
    assert store.money() == {"wallet": 100, "held": 0, "revenue": 0, "provider": 1000, "cost": 0}
    assert store.simulator.created(LINK) == []
    assert store.service().is_available is (fault == "refused")


@pytest.mark.parametrize(
    ("fault", "paused"), [("funds", "funds"), ("invalid_key", "key"), ("busy429", ""), ("link_busy", "")]
)
def test_what_was_not_placed_waits_and_is_sent_again(store: Store, fault: str, paused: str) -> None:
    store.simulator.next("add", fault)
    order = store.active()

    assert order.state == "QUEUED"
    assert order.next_attempt_at is not None
    assert order.next_attempt_at > timezone.now()
    assert Provider.objects.get().paused_reason == paused
    assert store.money()["held"] == Decimal("1.35")

    Pause.objects.all().delete()
    order = store.submit(order)
    assert order.state == "ACTIVE"
    assert [a.outcome for a in order.attempts.order_by("number")] == ["not placed", "placed"]
    assert len(store.simulator.created(LINK)) == 1


def test_an_unreachable_provider_gets_nothing_and_five_failures_open_the_breaker(store: Store) -> None:
    order = store.place()
    store.simulator.server.stop()
    for _ in range(5):
        order = store.submit(order)
        assert order.state == "QUEUED"
    provider = Provider.objects.get()

    assert provider.breaker_open_until is not None
    assert provider.breaker_open_until > timezone.now()
    assert store.submit(order).attempts.count() == 5
    assert submit_order(order_id=order.pk, even_early=True) is False


def test_two_unknown_outcomes_open_the_breaker_and_one_order_tries_it(store: Store) -> None:
    for number in range(2):
        store.simulator.next("add", "error500_before")
        store.active(link=f"https://example.com/{number}", quantity=f"{1000 + number}")
    waiting = [store.active(link=f"https://example.com/{number}", quantity=f"{number}00") for number in (20, 30)]
    assert [order.state for order in waiting] == ["QUEUED", "QUEUED"]

    Provider.objects.update(breaker_open_until=timezone.now() - timedelta(seconds=1))
    store.simulator.next("add", "error500_before")
    assert store.submit(waiting[0]).state == "UNCONFIRMED"
    assert store.submit(waiting[1]).state == "QUEUED"
    provider = Provider.objects.get()
    assert provider.trips_in_a_row == 2
    assert provider.breaker_open_until is not None
    assert provider.breaker_open_until > timezone.now() + timedelta(seconds=100)

    Provider.objects.update(breaker_open_until=timezone.now() - timedelta(seconds=1))
    assert store.submit(waiting[1]).state == "ACTIVE"
    healed = Provider.objects.get()
    assert (healed.breaker_open_until, healed.trips_in_a_row, healed.unknown_in_a_row) == (None, 0, 0)


def test_a_price_above_the_charge_is_not_paid(store: Store) -> None:
    order = store.place()
    UpstreamService.objects.filter(external_id="1").update(rate=Decimal("1.36"))
    order = store.submit(order)

    assert (order.state, order.attention) == ("QUEUED", "price rose above the charge")
    assert store.simulator.created(LINK) == []
    assert order.attempts.count() == 0

    UpstreamService.objects.filter(external_id="1").update(rate=Decimal("1.35"))
    order = store.submit(order)
    assert (order.state, order.attention) == ("ACTIVE", "")


def test_an_exchange_rate_above_the_charge_is_not_paid(store: Store) -> None:
    order = store.place()
    Provider.objects.update(exchange_rate=Decimal("1.51"))
    order = store.submit(order)

    assert (order.state, order.attention) == ("QUEUED", "price rose above the charge")
    assert (order.attempts.count(), store.simulator.orders()) == (0, [])
    assert order.exchange_rate == 1

    Service.objects.update(allow_below_cost=True)
    order = store.submit(order)
    assert (order.state, order.attention) == ("ACTIVE", "")
    assert (order.exchange_rate, order.cost_in_shop) == (Decimal("1.51"), Decimal("1.359"))


def test_an_order_is_reckoned_at_the_exchange_rate_of_the_day_it_is_sent(store: Store) -> None:
    order = store.place()
    Provider.objects.update(exchange_rate=Decimal("1.5"))
    order = store.submit(order)

    assert (order.state, order.exchange_rate, order.cost) == ("ACTIVE", Decimal("1.5"), Decimal("0.9"))
    assert order.cost_in_shop == Decimal("1.35")
    assert audit_all() == []


@pytest.mark.parametrize("doubt", ["rejected", "price", "meaning", "refused"])
def test_a_service_in_doubt_is_not_bought_for_who_waits(store: Store, doubt: str) -> None:
    order = store.place()
    UpstreamService.objects.filter(external_id="1").update(review_reason=doubt)
    before = store.money()
    for _ in range(2):
        order = store.submit(order)

    assert (order.state, order.attention) == ("QUEUED", "service needs review or is gone")
    assert order.next_attempt_at is not None
    assert order.next_attempt_at > timezone.now() + timedelta(minutes=9)
    assert (order.attempts.count(), store.simulator.orders(), store.money()) == (0, [], before)
    assert order.events.filter(what="attention").count() == 1

    UpstreamService.objects.filter(external_id="1").update(review_reason="")
    order = store.submit(order)
    assert (order.state, order.attention) == ("ACTIVE", "")


def test_a_service_that_is_gone_is_not_bought_one_missed_once_is(store: Store) -> None:
    order = store.place()
    UpstreamService.objects.filter(external_id="1").update(missing=2)
    assert store.submit(order).attention == "service needs review or is gone"
    UpstreamService.objects.filter(external_id="1").update(missing=1)  # it is on sale still
    assert store.submit(order).state == "ACTIVE"


def test_a_flag_of_one_that_waits_is_gone_when_it_has_ended(store: Store) -> None:
    order = store.place()
    UpstreamService.objects.filter(external_id="1").update(review_reason="price")
    store.submit(order)
    Order.objects.update(queued_at=timezone.now() - timedelta(hours=24))
    sweep_orders(now=timezone.now())

    order = store.fresh(order)
    assert (order.state, order.attention) == ("REJECTED", "")


def test_an_order_whose_cancel_is_asked_for_is_never_sent(store: Store) -> None:
    order = store.place()
    Cancellation.objects.create(order=order, next_at=timezone.now())

    assert submit_order(order_id=order.pk) is False
    order = store.fresh(order)
    assert (order.state, order.refunded, store.simulator.orders()) == ("CANCELED", Decimal("1.35"), [])
    assert store.wallet() == 100


@pytest.mark.parametrize("hindrance", ["price", "cancel", "doubt", "rival"])
def test_the_one_try_after_a_closure_is_not_spent_by_an_order_that_is_not_sent(store: Store, hindrance: str) -> None:
    now = timezone.now()
    first, good = store.place(), store.place(quantity="2000")
    match hindrance:
        case "price":
            Order.objects.filter(pk=first.pk).update(charge=Decimal("0.5"))
        case "cancel":
            Cancellation.objects.create(order=first, next_at=now)
        case "doubt":
            UpstreamService.objects.create(**vanished(first))
            Order.objects.filter(pk=first.pk).update(provider_service="gone")
        case "rival":
            live = {"provider": store.provider, "lease_until": now + timedelta(hours=1)}
            Attempt.objects.create(order=first, number=1, **live)
    Provider.objects.update(breaker_open_until=now - timedelta(seconds=1), trips_in_a_row=1)

    assert sweep_orders(now=timezone.now()).submitted == 1
    assert store.fresh(first).state == ("CANCELED" if hindrance == "cancel" else "QUEUED")
    assert store.fresh(good).state == "ACTIVE"
    assert Provider.objects.get().breaker_open_until is None


def vanished(order: Order) -> dict[str, Any]:
    """A service of the order's provider that is no longer listed."""
    known = UpstreamService.objects.filter(external_id=order.provider_service).values().get()
    return known | {"id": None, "external_id": "gone", "missing": 2}


def test_a_busy_link_is_given_up_after_two_hours(store: Store) -> None:
    order = store.place()
    store.simulator.next("add", "link_busy", times=2)
    order = store.submit(order)
    Attempt.objects.update(started_at=timezone.now() - timedelta(hours=2, seconds=1))
    order = store.submit(order)

    assert (order.state, order.refunded) == ("REJECTED", Decimal("1.35"))


def test_a_busy_link_after_a_denied_attempt_is_a_doubt(store: Store) -> None:
    order = store.place()
    store.submit(order)
    Order.objects.update(state="QUEUED", provider_order_id=None, next_attempt_at=timezone.now())
    Attempt.objects.update(outcome=Attempt.Outcome.ABSENT)
    store.simulator.next("add", "link_busy")

    assert store.submit(order).state == "UNCONFIRMED"


def test_a_busy_link_told_late_of_an_order_in_doubt_leaves_it_there(store: Store) -> None:
    store.simulator.next("add", "reset_before_create")
    order = store.active()
    order.attempts.update(outcome="absent")
    second = Attempt.objects.create(
        order=order, number=2, outcome="unknown", provider=store.provider, lease_until=timezone.now()
    )
    record_outcome(attempt_id=second.pk, outcome=NotPlaced("busy", reason="link_busy"))

    second.refresh_from_db()
    assert (store.fresh(order).state, second.outcome) == ("UNCONFIRMED", "unknown")


def test_an_id_that_is_ours_already_is_a_doubt(store: Store) -> None:
    first = store.active(link="https://example.com/a")
    store.simulator.next("add", "duplicate_id")
    second = store.active(link="https://example.com/b")

    assert second.state == "UNCONFIRMED"
    assert second.provider_order_id is None
    assert second.attempts.get().candidate == first.provider_order_id


def test_a_dead_worker_leaves_a_doubt(store: Store) -> None:
    order = store.place()
    Order.objects.filter(pk=order.pk).update(state="SENDING")
    past = timezone.now() - timedelta(minutes=2)
    attempt = Attempt.objects.create(order=order, number=1, started_at=past, lease_until=past)

    swept = sweep_orders(now=timezone.now(), everything=True)

    assert (swept.doubtful, swept.submitted) == (1, 0)
    assert store.fresh(order).state == "UNCONFIRMED"
    assert store.simulator.created(LINK) == []

    record_outcome(attempt_id=attempt.pk, outcome=Placed("777"))  # it was only slow
    order = store.fresh(order)
    assert (order.state, order.provider_order_id, order.cost) == ("ACTIVE", "777", Decimal("0.9"))
    record_outcome(attempt_id=attempt.pk, outcome=OutcomeUnknown("again"))
    record_outcome(attempt_id=attempt.pk, outcome=NotPlaced("again", reason="busy"))
    assert store.fresh(order).state == "ACTIVE"


@pytest.mark.parametrize("lost", ["pause_provider", "record_failure"])
def test_what_follows_an_outcome_is_not_lost_with_the_database(
    store: Store, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    """The database fails while the provider is paused, or its trouble counted, and is there again a second later."""
    order = store.place()
    store.simulator.next("add", "funds" if lost == "pause_provider" else "error500_before")
    real, waits = getattr(circuit_breaker, lost), list[int]()

    def fail_once(**given: Any) -> None:
        if not waits:
            raise OperationalError("canceling statement due to lock timeout")
        real(**given)

    monkeypatch.setattr(circuit_breaker, lost, fail_once)
    monkeypatch.setattr(submit, "connections", mock.Mock())
    monkeypatch.setattr(submit.time, "sleep", waits.append)
    order = store.submit(order)

    provider, alerts = Provider.objects.get(), Alert.objects.filter(closed_at=None).values_list("subject", flat=True)
    assert waits == [1]
    if lost == "pause_provider":
        assert (order.state, provider.paused_reason) == ("QUEUED", "funds")
        assert set(alerts) == {f"paused-funds:{provider.pk}"}
    else:
        assert (order.state, provider.unknown_in_a_row) == ("UNCONFIRMED", 1)
        assert set(alerts) == {f"doubtful:{provider.pk}"}
    assert (order.attempts.count(), len(store.simulator.orders())) == (1, 0)


@pytest.mark.parametrize(
    "problem",
    [
        OperationalError("deadlock detected"),
        OperationalError("could not serialize access due to concurrent update"),
        InterfaceError("connection already closed"),
        InternalError("cannot execute UPDATE in a read-only transaction"),
    ],
    ids=str,
)
@pytest.mark.parametrize("fault", ["", "funds"])
def test_an_answer_is_recorded_whatever_the_database_failed_with(
    store: Store, monkeypatch: pytest.MonkeyPatch, problem: Error, fault: str
) -> None:
    order, waits = store.place(), list[int]()
    if fault:
        store.simulator.next("add", fault)
    real, closed = record.write, mock.Mock()

    def fail_twice(changes: Any) -> None:
        if len(waits) < 2:
            raise problem
        real(changes)

    monkeypatch.setattr(record, "write", fail_twice)
    monkeypatch.setattr(submit, "connections", closed)
    monkeypatch.setattr(submit.time, "sleep", waits.append)
    order = store.submit(order)

    assert (order.state, order.attempts.get().outcome) == (("QUEUED", "not placed") if fault else ("ACTIVE", "placed"))
    assert waits == [1, 2]
    assert closed.close_all.call_count == 2
    assert len(store.simulator.orders()) == (0 if fault else 1)
    assert audit_all() == []


def test_an_answer_that_cannot_be_recorded_is_in_the_log(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    order = store.place()
    problem = InternalError("cannot execute UPDATE in a read-only transaction")
    monkeypatch.setattr(record, "write", mock.Mock(side_effect=problem))
    monkeypatch.setattr(submit, "connections", mock.Mock())
    monkeypatch.setattr(submit.time, "sleep", lambda _: None)
    with pytest.raises(InternalError):
        store.submit(order)
    ids = [vars(line)["provider_order_id"] for line in caplog.records if "provider_order_id" in vars(line)]
    (bought,) = store.simulator.created(LINK)
    assert ids == [bought["id"]] * submit.RECORD_TRIES
    assert store.fresh(order).state == "SENDING"


def test_an_alert_that_cannot_be_written_leaves_the_outcome_to_be_written(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = store.place()
    store.simulator.next("add", "error500_before")
    waits = list[int]()
    real = record.update_unconfirmed_alert

    def fail_once(**given: Any) -> None:
        if not waits:
            assert Attempt.objects.get().outcome == "unknown"
            raise OperationalError("database is locked")
        real(**given)

    monkeypatch.setattr(record, "update_unconfirmed_alert", fail_once)
    monkeypatch.setattr(submit, "connections", mock.Mock())
    monkeypatch.setattr(submit.time, "sleep", waits.append)
    assert store.submit(order).state == "UNCONFIRMED"
    assert waits == [1]
    assert Alert.objects.filter(subject=f"doubtful:{store.provider.pk}", closed_at=None).count() == 1


def test_the_sweep_finds_what_no_wake_up_told(store: Store) -> None:
    orders = [store.place(link=f"https://example.com/{number}") for number in range(3)]

    assert sweep_orders(now=timezone.now()).submitted == 3
    assert {store.fresh(order).state for order in orders} == {"ACTIVE"}
    assert sweep_orders(now=timezone.now()).submitted == 0


def test_a_row_whose_lock_is_held_holds_up_no_other(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    dead = [store.place(link=f"https://example.com/dead{number}", quantity=f"{number}000") for number in (1, 2)]
    for order in dead:
        Order.objects.filter(pk=order.pk).update(state="SENDING")
        Attempt.objects.create(order=order, number=1, provider=store.provider, lease_until=now)
    due = store.place(link="https://example.com/due", quantity="4000")
    locked = {dead[0].pk}
    lock = change.lock_orders

    def lock_unless_held(*, order_ids: Iterable[int], now: datetime | None = None) -> dict[int, change.Change]:
        if locked & set(order_ids):
            raise OperationalError("canceling statement due to lock timeout")
        return lock(order_ids=order_ids, now=now)

    monkeypatch.setattr(record, "lock_orders", lock_unless_held)
    swept = sweep_orders(now=now + timedelta(seconds=1))

    assert (swept.doubtful, swept.submitted) == (1, 1)
    assert [store.fresh(order).state for order in dead] == ["SENDING", "UNCONFIRMED"]
    assert store.fresh(due).state == "ACTIVE"
    locked.clear()
    assert sweep_orders(now=now + timedelta(seconds=2)).doubtful == 1


def test_what_waited_for_a_day_is_given_back(store: Store) -> None:
    pause_provider(provider_id=store.provider.pk, reason="funds")
    order = store.place()
    Order.objects.update(queued_at=timezone.now() - timedelta(hours=24))

    swept = sweep_orders(now=timezone.now())

    assert (swept.expired, swept.submitted) == (1, 0)
    assert store.fresh(order).state == "REJECTED"
    assert store.wallet() == 100


def test_the_key_is_in_no_log_event_or_attempt(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for number, fault in enumerate(("unknown_error", "invalid_key", "reset_after_create", "html200_after")):
        Pause.objects.all().delete()
        Provider.objects.update(breaker_open_until=None, trips_in_a_row=0)
        store.simulator.next("add", fault)
        order = store.active(link=f"https://example.com/{number}")
        written = [str(vars(row)) for row in (*order.events.all(), *order.attempts.all(), *Alert.objects.all())]
        assert store.simulator.key not in " ".join(written)
    assert store.simulator.key not in caplog.text
    assert store.simulator.key not in str(Provider.objects.values())


def test_a_sweep_begins_no_order_when_its_time_is_over(store: Store) -> None:
    order = store.place()
    for in_flight in (1, 4):
        assert sweep_orders(now=timezone.now(), in_flight=in_flight, seconds=0).submitted == 0
    assert (store.fresh(order).state, store.simulator.created(LINK)) == ("QUEUED", [])
    assert sweep_orders(now=timezone.now(), seconds=60).submitted == 1


def test_the_job_is_over_before_its_task_is_stopped() -> None:
    assert tasks.SWEEP_FOR + settings.ADD_DEADLINE_SECONDS < settings.CELERY_TASK_SOFT_TIME_LIMIT
