"""A cause that arises in the very moment in which the alert of another one closes is not lost."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from orders.core.unmatched_orders import follow_unmatched_orders
from orders.models import UnmatchedOrder
from orders.submission.record import record_outcome
from orders.submission.submit import submit_order
from orders.unconfirmed.decisions import refund_unconfirmed
from orders.unconfirmed.restore_search import not_ours
from panel.customers.models import User
from panel.ops.alerts import alerts
from panel.ops.alerts.alerts import dismiss_alert, raise_alert, take_alert
from panel.ops.models import Alert, AuditEvent
from panel.wallet.deposits.deposits import approve_deposit, cancel_deposit, report_deposit
from panel.wallet.models import PaymentMethod, TopUp
from providers.adapters.base import Placed
from providers.adapters.errors import OutcomeUnknown
from providers.availability.circuit_breaker import pause_provider, resume_provider
from providers.models import Pause
from tests.fixtures_orders import Store
from tests.races.test_orders import RIVALS, at_once

pytestmark = pytest.mark.django_db(transaction=True)


def open_alerts() -> list[str]:
    return sorted(Alert.objects.filter(closed_at=None).values_list("subject", flat=True))


def while_uncommitted(first: Callable[[], Any], second: Callable[[], Any]) -> None:
    """`second` begins after `first` was done and before it is committed."""
    is_done, is_over = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            first()
            is_done.set()
            is_over.wait(timeout=0.5)  # `second` ends in this time, or waits for this transaction
        connections.close_all()

    def follow() -> None:
        assert is_done.wait(timeout=20)
        second()
        is_over.set()
        connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        for job in [pool.submit(hold), pool.submit(follow)]:
            job.result(timeout=30)


@pytest.fixture
def ada() -> User:
    PaymentMethod.objects.create(name="Bank", instructions="Pay.")
    return User.objects.create_user("ada@example.com")


def ask(customer: User, token: str) -> TopUp:
    return report_deposit(
        customer=customer,
        method_id=PaymentMethod.objects.get().pk,
        amount=Decimal(50),
        reference="Ada",
        token=token * 32,
        now=timezone.now(),
    )


def test_a_deposit_that_is_reported_while_the_last_one_is_withdrawn(ada: User) -> None:
    bob = User.objects.create_user("bob@example.com")
    first = ask(ada, "a")
    while_uncommitted(
        lambda: ask(bob, "b"), lambda: cancel_deposit(customer=ada, deposit_id=first.pk, now=timezone.now())
    )
    assert TopUp.objects.filter(state="asked").count() == 1
    assert open_alerts() == ["top-ups"]
    assert Alert.objects.get(closed_at=None).detail == "bob@example.com reported a payment of $50.00 by Bank."


def test_without_the_lock_its_alert_is_lost(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: whoever looks without the lock sees nobody wait, and closes what the other one has just opened."""
    if connection.vendor == "sqlite":
        pytest.skip("here one transaction writes at a time, lock or none")
    monkeypatch.setattr(alerts, "lock_subject", lambda subject: None)
    bob = User.objects.create_user("bob@example.com")
    first = ask(ada, "a")
    while_uncommitted(
        lambda: ask(bob, "b"), lambda: cancel_deposit(customer=ada, deposit_id=first.pk, now=timezone.now())
    )
    assert TopUp.objects.filter(state="asked").count() == 1
    assert open_alerts() == []


@pytest.mark.parametrize("attempt", range(3))
def test_the_alert_of_deposits_is_open_exactly_while_one_waits(ada: User, attempt: int) -> None:
    """Of many that ask and many that decide at once, whichever is last leaves the alert as it should be."""
    asked = [ask(ada, token) for token in "abcd"]
    others = [User.objects.create_user(f"{number}@example.com") for number in range(RIVALS // 2)]

    def approve(top_up: TopUp) -> None:
        approve_deposit(deposit_id=top_up.pk, amount=Decimal(50), note="", actor="staff", now=timezone.now())

    came = at_once(
        *(lambda top_up=top_up: approve(top_up) for top_up in asked),
        *(lambda customer=customer: ask(customer, "e") for customer in others[:attempt]),
    )
    assert [one for one in came if isinstance(one, Exception)] == []
    assert TopUp.objects.filter(state="asked").count() == attempt
    assert open_alerts() == (["top-ups"] if attempt else [])


def test_an_order_that_comes_into_doubt_while_the_last_one_is_decided(store: Store) -> None:
    store.simulator.next("add", "reset_before_create")
    first = store.active()
    store.let_lease_end(first)
    store.simulator.next("add", "reset_before_create")
    second = store.place("4")

    came = at_once(
        lambda: refund_unconfirmed(order_id=first.pk, actor="staff", reason="enough"),
        lambda: submit_order(order_id=second.pk, even_early=True),
    )
    assert [one for one in came if isinstance(one, Exception)] == []
    assert (store.fresh(first).state, store.fresh(second).state) == ("REJECTED", "UNCONFIRMED")
    subject = f"doubtful:{store.provider.pk}"
    assert open_alerts() == [f"breaker:{store.provider.pk}", subject]  # the second in a row
    assert Alert.objects.get(closed_at=None, subject=subject).detail.startswith(f"Order #{second.pk}: ")


def test_a_doubt_that_a_late_answer_ends_has_no_alert(store: Store) -> None:
    store.simulator.next("add", "reset_before_create")
    order = store.active()
    assert open_alerts() == [f"doubtful:{store.provider.pk}"]
    attempt = order.attempts.get()
    record_outcome(attempt_id=attempt.pk, outcome=OutcomeUnknown("Again."))
    assert open_alerts() == [f"doubtful:{store.provider.pk}"]
    record_outcome(attempt_id=attempt.pk, outcome=Placed("777"))
    assert open_alerts() == []


def test_an_order_under_our_key_that_is_found_while_the_last_one_is_decided(store: Store) -> None:
    pk = store.provider.pk
    first = UnmatchedOrder.objects.create(provider=store.provider, external_id="1")
    follow_unmatched_orders(provider_id=pk)

    def find() -> None:
        UnmatchedOrder.objects.create(provider=store.provider, external_id="2")
        follow_unmatched_orders(provider_id=pk)

    while_uncommitted(find, lambda: not_ours(orphan_id=first.pk, actor="staff", reason="a friend's"))
    assert open_alerts() == [f"orphans:{pk}"]
    assert Alert.objects.get(closed_at=None).detail.startswith("Order 2 at the provider matches no order here.")


def test_a_reason_for_a_pause_that_is_met_while_it_ends(store: Store) -> None:
    """Either the pause lasts and has its alert, or neither does."""
    pk = store.provider.pk
    for _ in range(5):
        pause_provider(provider_id=pk, reason="key")
        came = at_once(
            *[lambda: resume_provider(provider_id=pk, reason="key")] * 2,
            *[lambda: pause_provider(provider_id=pk, reason="key")] * 2,
        )
        assert [one for one in came if isinstance(one, Exception)] == []
        assert open_alerts() == [f"paused-{reason}:{pk}" for reason in Pause.objects.values_list("reason", flat=True)]


def test_one_of_many_takes_an_alert_and_all_hear_who() -> None:
    raise_alert(subject="books", level=Alert.Level.CRITICAL, title="x")
    alert = Alert.objects.get()
    people = [f"person{number}@example.com" for number in range(RIVALS)]
    came = at_once(*(lambda who=who: take_alert(alert_id=alert.pk, actor=who) for who in people))
    alert.refresh_from_db()
    assert came == [alert.taken_by] * RIVALS
    assert alert.taken_by in people


def test_one_of_many_dismisses_an_alert() -> None:
    raise_alert(subject="books", level=Alert.Level.CRITICAL, title="x")
    alert = Alert.objects.get()
    came = at_once(*[lambda: dismiss_alert(alert_id=alert.pk, actor="ann")] * RIVALS)
    assert sorted(came) == [False] * (RIVALS - 1) + [True]
    assert AuditEvent.objects.filter(action="alert.close").count() == 1


def test_pauses_that_begin_and_end_at_once_fail_nobody(store: Store) -> None:
    def begin() -> None:
        for _ in range(40):
            pause_provider(provider_id=store.provider.pk, reason="funds")

    def end() -> None:
        for _ in range(40):
            resume_provider(provider_id=store.provider.pk, reason="funds")

    assert at_once(*[begin, end] * 3) == [None] * 6
    assert open_alerts() == [f"paused-funds:{store.provider.pk}"] * Pause.objects.count()
