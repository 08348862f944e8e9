"""Passing refills on and following them: batches, every kind of answer, nothing lost and no money moved."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.aftercare import cancel_jobs, refill_jobs
from orders.aftercare.claims import ClaimedRequest, RequestUpdate, claim_to_send, write_failure
from orders.aftercare.decisions import send_again
from orders.aftercare.refill_jobs import poll_refills
from orders.aftercare.refills import ask_for_refills
from orders.core import safe_mode
from orders.models import Order, Refill
from orders.rules.states import State
from panel.ops.models import Alert
from providers.adapters.base import ItemError
from providers.adapters.errors import RetryLater
from providers.models import Provider
from tests.fixtures_orders import Store
from tests.fixtures_simulator import ORDER_SECONDS, Simulator
from tests.orders.filled import fill_orders

ADA = "ada@example.com"


@pytest.fixture
def wanted(store: Store) -> Refill:
    """A refill that was asked for and not passed on."""
    return want(store, 1)[0]


def want(store: Store, count: int) -> list[Refill]:
    orders = fill_orders(store, count, state=State.COMPLETED)
    ask_for_refills(order_ids=[order.pk for order in orders], actor=ADA, now=timezone.now())
    return list(Refill.objects.order_by("pk"))


def later(**span: float) -> datetime:
    return timezone.now() + timedelta(**span)


def told(order: Order) -> list[str]:
    return list(order.events.order_by("pk").values_list("what", flat=True))


def test_a_refill_is_passed_on_and_followed(store: Store, wanted: Refill) -> None:
    before = store.money()
    done = poll_refills(now=timezone.now())
    wanted.refresh_from_db()
    assert (done.requested, done.read, done.failed_requests) == (1, 0, 0)
    assert (wanted.state, wanted.tries, bool(wanted.provider_refill_id)) == ("pending", 0, True)
    assert wanted.asked_at is not None
    assert poll_refills(now=later(minutes=29)).read == 0

    store.simulator.advance(ORDER_SECONDS / 2)
    assert poll_refills(now=later(minutes=31)).changed == 1
    wanted.refresh_from_db()
    assert (wanted.state, wanted.provider_status_raw, wanted.ended_at) == ("in progress", "In progress", None)

    store.simulator.advance(ORDER_SECONDS)
    assert poll_refills(now=timezone.now(), everything=True).changed == 1
    wanted.refresh_from_db()
    assert (wanted.state, wanted.next_at) == ("completed", None)
    assert wanted.ended_at is not None
    assert told(wanted.order) == ["refill", "refilled"]
    assert store.money() == before
    assert poll_refills(now=later(days=9), everything=True).read == 0


def test_two_hundred_and_fifty_go_in_batches_of_a_hundred(store: Store) -> None:
    want(store, 250)
    assert poll_refills(now=timezone.now()).requested == 250
    assert store.simulator.requests("refill") == [100, 100, 50]
    assert Refill.objects.filter(state="pending").values("provider_refill_id").distinct().count() == 250

    store.simulator.advance(ORDER_SECONDS * 2)
    done = poll_refills(now=later(hours=1))
    assert (done.read, done.changed) == (250, 250)
    assert store.simulator.requests("refill_status") == [100, 100, 50]
    assert Refill.objects.filter(state="completed", next_at=None).count() == 250


def test_a_batch_takes_as_many_statements_however_many_it_holds(store: Store) -> None:
    counts = []
    assert not safe_mode.is_on()  # which is known for some seconds then
    for count in (2, 100):
        want(store, count)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            poll_refills(now=timezone.now())
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_error_for_one_is_that_ones_alone(store: Store) -> None:
    refills = want(store, 3)
    theirs = refills[1].order.provider_order_id
    store.simulator.set_order(theirs or "", status="In progress")
    assert poll_refills(now=timezone.now()).requested == 3
    assert list(Refill.objects.order_by("pk").values_list("state", "reason")) == [
        ("pending", ""),
        ("rejected", "Refill is not available for this order"),
        ("pending", ""),
    ]
    assert told(refills[1].order) == ["refill", "refill refused"]
    assert told(refills[0].order) == ["refill"]


def test_what_the_answer_leaves_out_is_unknown(store: Store) -> None:
    want(store, 3)
    store.simulator.next("refill", "missing_ids")
    poll_refills(now=timezone.now())
    states = Refill.objects.order_by("pk").values_list("state", "tries")
    assert list(states) == [("unknown", 1), ("unknown", 1), ("pending", 0)]


@pytest.mark.parametrize("fault", ["error500_after", "reset_after", "html", "truncated", "error503"])
def test_a_lost_answer_is_not_asked_for_again_for_a_day(store: Store, wanted: Refill, fault: str) -> None:
    store.simulator.next("refill", fault)
    assert poll_refills(now=timezone.now()).failed_requests == 1
    wanted.refresh_from_db()
    assert (wanted.state, wanted.tries) == ("unknown", 1)
    assert poll_refills(now=later(hours=23), everything=True).requested == 0
    assert store.simulator.requests("refill") == [1]
    assert poll_refills(now=later(hours=25)).requested == 1


@pytest.mark.parametrize("fault", ["busy429", "maintenance", "invalid_key"])
def test_what_was_provably_not_passed_on_waits_a_little(store: Store, wanted: Refill, fault: str) -> None:
    store.simulator.next("refill", fault)
    assert poll_refills(now=timezone.now()).failed_requests == 1
    wanted.refresh_from_db()
    assert (wanted.state, wanted.tries) == ("wanted", 0)
    assert poll_refills(now=later(minutes=9)).requested == 0
    assert poll_refills(now=later(minutes=11)).requested == 1


ECHO = "Refill is not available for this order"


def test_a_refusal_after_a_lost_answer_proves_nothing(store: Store, wanted: Refill) -> None:
    """The first request was taken; to the second the provider says that there is nothing to refill."""
    store.simulator.next("refill", "reset_after")
    poll_refills(now=timezone.now())
    store.simulator.set_order(wanted.order.provider_order_id or "", status="In progress")
    poll_refills(now=later(hours=25))
    wanted.refresh_from_db()
    assert (wanted.state, wanted.tries, wanted.next_at, wanted.reason, wanted.ended_at) == (
        "unknown",
        2,
        None,
        ECHO,
        None,
    )
    assert told(wanted.order) == ["refill", "refill unanswered"]
    assert Alert.objects.get(subject=f"requests:{store.provider.pk}").closed_at is None
    assert poll_refills(now=later(days=9), everything=True).requested == 0

    send_again(request=wanted, actor="staff")
    assert poll_refills(now=later(seconds=1)).requested == 1
    wanted.refresh_from_db()
    assert (wanted.state, wanted.next_at, wanted.reason) == ("unknown", None, ECHO)


@pytest.mark.parametrize("fault", ["busy429", "maintenance", "invalid_key"])
@pytest.mark.parametrize(("first", "back"), [(None, "wanted"), ("reset_after", "unknown")])
def test_a_provider_that_is_busy_leaves_it_as_it_was(
    store: Store, wanted: Refill, fault: str, first: str | None, back: str
) -> None:
    start = timezone.now()
    if first:
        store.simulator.next("refill", first)
        poll_refills(now=start)
        start = later(hours=25)
    wanted.refresh_from_db()
    tries = wanted.tries
    store.simulator.next("refill", fault)
    poll_refills(now=start)
    wanted.refresh_from_db()
    assert (wanted.state, wanted.tries) == (back, tries)
    store.simulator.set_order(wanted.order.provider_order_id or "", status="In progress")
    with time_machine.travel(start + timedelta(minutes=11)):
        poll_refills(now=timezone.now())
    wanted.refresh_from_db()
    assert (wanted.state, wanted.reason) == ("rejected" if back == "wanted" else "unknown", ECHO)


@pytest.mark.parametrize("job", [refill_jobs, cancel_jobs])
@pytest.mark.parametrize(("was", "back"), [("wanted", "wanted"), ("unknown", "unknown"), ("sending", "unknown")])
def test_an_order_that_is_busy_leaves_its_request_as_it_was(job: Any, was: str, back: str) -> None:
    now = timezone.now()
    row = ClaimedRequest(1, 1, "11", "sending", 2, now, was)
    busy = ItemError("Too many requests")
    assert job._update(row, busy, now) == RequestUpdate(back, now + job.UNSENT_FOR, 1, "Too many requests")


def test_no_refill_waits_for_longer_than_a_day(store: Store, wanted: Refill) -> None:
    (row,) = claim_to_send(Refill.objects.all(), until=later(hours=24), after=0, size=1)
    error = RetryLater("Wait", reason="busy", may_be_done=False, retry_after=10**30)
    write_failure(Refill, [row], error, unsent_for=timedelta(minutes=10))
    wanted.refresh_from_db()
    assert wanted.state == "wanted"
    assert wanted.next_at is not None
    assert timedelta(hours=23) < wanted.next_at - timezone.now() <= timedelta(hours=24)


def test_a_provider_that_is_away_keeps_the_wish(store: Store, wanted: Refill) -> None:
    store.simulator.server.stop()
    assert poll_refills(now=timezone.now()).failed_requests == 1
    wanted.refresh_from_db()
    assert (wanted.state, wanted.tries) == ("wanted", 0)


def test_a_key_that_does_not_open_stops_no_other_provider(store: Store, wanted: Refill) -> None:
    Provider.objects.filter(pk=store.provider.pk).update(sealed_key="")
    assert poll_refills(now=timezone.now()).failed_requests == 1
    wanted.refresh_from_db()
    assert wanted.state == "wanted"


def test_a_worker_that_died_leaves_it_to_the_next_day(store: Store, wanted: Refill) -> None:
    Refill.objects.update(state="sending", tries=1, next_at=later(hours=24))
    assert poll_refills(now=later(hours=23)).requested == 0
    assert poll_refills(now=later(hours=25)).requested == 1
    wanted.refresh_from_db()
    assert wanted.state == "pending"


def test_after_three_tries_staff_are_told(store: Store, wanted: Refill) -> None:
    store.simulator.next("refill", "error500_after")
    store.simulator.next("refill", "error500")
    store.simulator.next("refill", "error500")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(4):
            poll_refills(now=timezone.now())
            clock.shift(timedelta(hours=25))
    wanted.refresh_from_db()
    assert store.simulator.requests("refill") == [1, 1, 1]
    assert (wanted.state, wanted.tries, wanted.next_at, wanted.reason) == ("unknown", 3, None, "HTTP 500.")
    assert told(wanted.order) == ["refill", "refill unanswered"]
    alert = Alert.objects.get(subject=f"requests:{store.provider.pk}")
    assert (alert.title, alert.closed_at) == ("North does not answer refills or cancels", None)


FORGET: dict[str, Callable[[Simulator], None]] = {
    "missing": lambda simulator: simulator.next("refill_status", "missing_ids", times=5),
    "errors": lambda simulator: simulator.next("refill_status", "error_entries", times=5),
    "unknown words": lambda simulator: simulator.next("refill_status", "unknown_word", times=5),
}


@pytest.mark.parametrize("forget", FORGET.values(), ids=FORGET)
def test_a_refill_that_the_provider_no_longer_knows(
    store: Store, wanted: Refill, forget: Callable[[Simulator], None]
) -> None:
    poll_refills(now=timezone.now())
    forget(store.simulator)
    for count in range(1, 6):
        assert Alert.objects.filter(subject=f"requests:{store.provider.pk}").count() == 0
        poll_refills(now=timezone.now(), everything=True)
        wanted.refresh_from_db()
        assert (wanted.state, wanted.tries) == ("pending", count)
    assert Alert.objects.get(subject=f"requests:{store.provider.pk}").closed_at is None
    poll_refills(now=timezone.now(), everything=True)
    wanted.refresh_from_db()
    assert (wanted.state, wanted.tries, wanted.reason) == ("pending", 0, "")
    assert Alert.objects.get(subject=f"requests:{store.provider.pk}").closed_at is not None


def test_a_provider_that_is_away_while_following_counts_for_nothing(store: Store, wanted: Refill) -> None:
    poll_refills(now=timezone.now())
    store.simulator.next("refill_status", "error500")
    assert poll_refills(now=timezone.now(), everything=True).failed_requests == 1
    wanted.refresh_from_db()
    assert (wanted.state, wanted.tries) == ("pending", 0)


def test_a_broken_request_does_not_keep_the_others_from_being_followed(store: Store) -> None:
    first, _ = want(store, 2)
    Refill.objects.filter(pk=first.pk).update(state="pending", provider_refill_id="1")
    store.simulator.next("refill", "error500")
    done = poll_refills(now=timezone.now())
    assert (done.failed_requests, done.read) == (1, 1)
