"""A refused order goes to the service's next supplier, where that still covers its cost; a doubtful one never does."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from orders.accounting.audit import audit_all
from orders.aftercare.cancel_closing import close_cancels
from orders.aftercare.cancels import request_cancel
from orders.core.change import Change, lock_orders
from orders.models import Attempt, Cancellation, Order
from orders.submission import record, submit
from orders.submission.record import record_outcome
from panel.ops.models import Alert
from providers.adapters.errors import Refused
from providers.availability.circuit_breaker import pause_provider
from providers.catalog.models import Backup, Service
from providers.models import Provider, UpstreamService
from providers.sync.service_sync import sync_provider
from tests.fixtures_orders import LINK, Store
from tests.fixtures_shop import connect
from tests.fixtures_simulator import Simulator

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def other(make_simulator: Callable[..., Simulator]) -> Simulator:
    return make_simulator()


@pytest.fixture
def second(store: Store, other: Simulator) -> Provider:
    """Another provider, whose same service is the backup of service 1."""
    provider = connect(other, name="South", new_services="none", exchange_rate=Decimal("1.1"))
    sync_provider(provider_id=provider.pk, now=timezone.now())
    add_backup(store, provider, "1")
    return provider


def add_backup(store: Store, provider: Provider, external_id: str, position: int = 0) -> None:
    upstream = UpstreamService.objects.get(provider=provider, external_id=external_id)
    Backup.objects.create(service=store.service(), upstream=upstream, position=position)


def test_a_refused_order_is_bought_elsewhere(store: Store, second: Provider, other: Simulator) -> None:
    store.simulator.next("add", "refused")
    order = store.active()
    assert (order.state, order.provider, order.provider_currency) == ("QUEUED", second, "USD")
    assert (order.expected_cost, order.exchange_rate) == (Decimal("0.9"), Decimal("1.1"))
    assert store.wallet() == Decimal("98.65")
    order = store.submit(order)
    assert (order.state, order.provider) == ("ACTIVE", second)
    assert [str(bought["id"]) for bought in other.orders()] == [order.provider_order_id]
    assert store.simulator.orders() == []
    assert list(order.attempts.order_by("number").values_list("provider", "provider_service", "outcome")) == [
        (store.provider.pk, "1", "refused"),
        (second.pk, "1", "placed"),
    ]
    assert store.house(second.cost_account) == Decimal("0.9")
    assert store.house(store.provider.cost_account) == 0


def test_a_supplier_whose_price_no_account_can_hold_is_none(store: Store, second: Provider, other: Simulator) -> None:
    Service.objects.update(allow_below_cost=True)
    UpstreamService.objects.filter(provider=second).update(rate=Decimal(10) ** 12)
    store.simulator.next("add", "refused")
    order = store.active()
    assert (order.state, order.provider, order.refunded) == ("REJECTED", store.provider, Decimal("1.35"))
    assert audit_all() == []


@pytest.mark.parametrize("allow_below_cost", [True, False])
def test_a_price_that_rose_beyond_what_an_account_can_hold_is_waited_for(store: Store, allow_below_cost: bool) -> None:
    order = store.place(quantity="10000")
    Service.objects.update(allow_below_cost=allow_below_cost)
    UpstreamService.objects.update(rate=Decimal(10) ** 12)
    before = store.money()
    order = store.submit(order)
    assert (order.state, order.attention, order.expected_cost) == ("QUEUED", "price rose above the charge", Decimal(9))
    assert (store.money(), store.simulator.orders()) == (before, [])
    UpstreamService.objects.update(rate=Decimal("0.9"))
    assert store.submit(order).state == "ACTIVE"


def test_when_all_refuse_the_money_comes_back(store: Store, second: Provider, other: Simulator) -> None:
    store.simulator.next("add", "refused")
    other.next("add", "refused")
    order = store.submit(store.active())
    assert (order.state, order.refunded) == ("REJECTED", Decimal("1.35"))
    assert store.wallet() == 100
    assert [store.simulator.orders(), other.orders()] == [[], []]


def test_the_next_but_one(store: Store, second: Provider, other: Simulator) -> None:
    add_backup(store, store.provider, "4", position=1)
    store.simulator.next("add", "refused")
    other.next("add", "refused")
    order = store.submit(store.active())
    assert (order.state, order.provider, order.provider_service) == ("QUEUED", store.provider, "4")
    assert store.submit(order).state == "ACTIVE"


def test_a_doubtful_order_stays_where_it_is(store: Store, second: Provider, other: Simulator) -> None:
    store.simulator.next("add", "error500_after")
    order = store.active()
    assert (order.state, order.provider) == ("UNCONFIRMED", store.provider)
    assert other.orders() == []


def test_an_order_whose_service_is_no_longer_what_was_sold_goes_to_the_next_supplier(
    store: Store, second: Provider, other: Simulator
) -> None:
    order = store.place()
    UpstreamService.objects.filter(provider=store.provider, external_id="1").update(review_reason="meaning")
    order = store.submit(order)
    assert (order.state, order.provider, order.attention) == ("QUEUED", second, "")
    assert (order.exchange_rate, order.expected_cost) == (Decimal("1.1"), Decimal("0.9"))
    assert order.events.filter(what="waits").get().reason == (
        "Service 1 of the provider needs review: service ID reused. It goes to South, service 1."
    )
    order = store.submit(order)
    assert (order.state, order.provider, len(other.created(LINK))) == ("ACTIVE", second, 1)
    assert store.simulator.orders() == []


def test_a_busy_link_at_the_next_supplier_is_waited_for_anew(store: Store, second: Provider, other: Simulator) -> None:
    order = store.place()
    store.simulator.next("add", "link_busy")
    order = store.submit(order)
    Attempt.objects.update(started_at=timezone.now() - timedelta(hours=3))
    store.simulator.next("add", "refused")
    other.next("add", "link_busy", times=2)
    order = store.submit(store.submit(order))
    assert (order.state, order.provider, order.refunded) == ("QUEUED", second, 0)
    Attempt.objects.filter(provider=second).update(started_at=timezone.now() - timedelta(hours=2, seconds=1))
    assert store.submit(order).state == "REJECTED"
    assert store.wallet() == 100


def test_a_busy_link_at_the_next_supplier_says_nothing_of_the_first(
    store: Store, second: Provider, other: Simulator
) -> None:
    order = store.place()
    first = Attempt.objects.create(order=order, number=1, provider=store.provider, outcome="absent", lease_until=NOW)
    Order.objects.filter(pk=order.pk).update(provider=second)
    other.next("add", "link_busy")
    assert store.submit(order).state == "QUEUED"
    Order.objects.filter(pk=order.pk).update(provider=store.provider)
    store.simulator.next("add", "link_busy")
    assert store.submit(order).state == "UNCONFIRMED"
    assert first.order == order


@pytest.mark.parametrize("fault", ["refused", "busy429", "link_busy"])
def test_an_order_whose_cancel_is_asked_for_is_not_bought_elsewhere(
    store: Store, second: Provider, other: Simulator, fault: str
) -> None:
    """The cancel was asked for while the order was being sent."""
    order = store.place()
    Service.objects.filter(pk=order.service_id).update(cancel=True)
    store.simulator.next("add", fault)
    sending = submit._send

    def ask_meanwhile(claim: submit.Claim) -> Any:
        request_cancel(order_id=order.pk, actor="ada@example.com")
        return sending(claim)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(submit, "_send", ask_meanwhile)
        order = store.submit(order)
    assert (order.state, order.provider, order.refunded) == ("CANCELED", store.provider, Decimal("1.35"))
    assert store.money() == {"wallet": 100, "held": 0, "revenue": 0, "provider": 1000, "cost": 0}
    assert other.orders() == []
    end = order.events.get(what="canceled")
    assert (end.old, end.new, end.actor) == ("QUEUED", "CANCELED", "ada@example.com")
    close_cancels(now=timezone.now())
    assert Cancellation.objects.get().state == "done"
    assert audit_all() == []


def spoil(second: Provider, name: str) -> None:
    listed = UpstreamService.objects.filter(provider=second, external_id="1")
    match name:
        case "dear":
            listed.update(rate=Decimal("1.3"))
        case "gone":
            listed.update(missing=2)
        case "doubtful":
            listed.update(review_reason="price")
        case "another type":
            listed.update(type="Package")
        case "too small":
            listed.update(max=999)
        case "too large":
            listed.update(min=1001)
        case "paused":
            pause_provider(provider_id=second.pk, reason="funds")
        case "switched off":
            Provider.objects.filter(pk=second.pk).update(is_active=False)


@pytest.mark.parametrize(
    "name", ["dear", "gone", "doubtful", "another type", "too small", "too large", "paused", "switched off"]
)
def test_a_backup_that_will_not_do_is_passed_over(store: Store, second: Provider, other: Simulator, name: str) -> None:
    spoil(second, name)
    store.simulator.next("add", "refused")
    order = store.active()
    assert (order.state, order.provider, order.refunded) == ("REJECTED", store.provider, Decimal("1.35"))
    assert other.orders() == []


def test_below_cost_where_staff_allow_it(store: Store, second: Provider) -> None:
    spoil(second, "dear")
    service = store.service()
    service.allow_below_cost = True
    service.save()
    store.simulator.next("add", "refused")
    assert store.active().provider == second


def test_drip_feed_needs_a_backup_that_can(store: Store, second: Provider) -> None:
    UpstreamService.objects.filter(provider=second, external_id="1").update(dripfeed=False)
    store.simulator.next("add", "refused")
    order = store.active(runs="2", interval="10")
    assert (order.state, order.provider) == ("REJECTED", store.provider)


def test_a_service_that_is_gone_is_taken_off_where_it_is_gone(store: Store, second: Provider, other: Simulator) -> None:
    other.next("add", "service_gone")
    store.simulator.next("add", "refused")
    store.submit(store.active())
    assert UpstreamService.objects.get(provider=second, external_id="1").review_reason == "refused"
    assert UpstreamService.objects.get(provider=store.provider, external_id="1").review_reason == ""
    assert store.service().is_available is True


def test_an_order_that_failed_over_in_this_moment_is_sent_where_it_belongs(
    store: Store, second: Provider, other: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = store.place()
    lock = lock_orders

    def fail_over_first(**given: Any) -> dict[int, Change]:
        Order.objects.filter(pk=order.pk).update(provider=second)
        return lock(**given)

    monkeypatch.setattr(submit, "lock_orders", fail_over_first)
    assert store.submit(order).state == "ACTIVE"
    assert (len(store.simulator.orders()), len(other.created(LINK))) == (0, 1)
    assert order.attempts.get().provider == second


def test_a_doubt_that_ends_by_going_elsewhere_is_none_at_the_first_supplier(store: Store, second: Provider) -> None:
    store.simulator.next("add", "error500_before")
    order = store.active()
    assert open_doubts() == [f"doubtful:{store.provider.pk}"]
    record_outcome(attempt_id=order.attempts.get().pk, outcome=Refused("No.", code="order"))
    order = store.fresh(order)
    assert (order.state, order.provider) == ("QUEUED", second)
    assert open_doubts() == []


def open_doubts() -> list[str]:
    found = Alert.objects.filter(closed_at=None, subject__startswith="doubtful")
    return list(found.values_list("subject", flat=True))


def test_who_waited_behind_one_that_goes_elsewhere_is_next(
    store: Store, second: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[int] = []
    monkeypatch.setattr(record, "wake_submit", lambda *, order_id: woken.append(order_id))
    behind = store.place(link=f"{LINK}/behind")
    store.simulator.next("add", "refused")
    assert store.active().provider == second
    assert woken == [behind.pk]
