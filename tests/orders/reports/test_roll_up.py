"""The daily roll-ups: what transfers come to, to the last millionth, whoever adds them up and however often."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.utils import timezone

from orders.accounting.audit import audit_all
from orders.models import Attempt, Order, UnmatchedOrder
from orders.reports.aggregation import SHOP, add_up
from orders.reports.days import Period
from orders.reports.models import DailyFigure, RolledDay, Scope
from orders.reports.read import by_day, by_subject, count_subjects, freshness, totals
from orders.reports.roll_up import RollUp, forget_days, roll_day, roll_up
from orders.reports.totals import ReportTotals
from orders.submission.record import record_outcome
from orders.unconfirmed.restore_search import write_off_orphan
from panel.customers.models import User
from panel.wallet import ledger
from providers.adapters.base import Placed
from providers.balances import readings
from providers.balances.losses import record_loss
from providers.models import LossRate, Provider
from tests.fixtures_orders import Store

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = datetime(2100, 1, 1, tzinfo=UTC)


def a_day_of_work(store: Store) -> tuple[Order, Order, Order]:
    """A partial, a completed and a running order, for charges of 1.35 and costs of 0.9 each; 563 of 1000 delivered."""
    partial, done, running = (store.active() for _ in range(3))
    store.simulator.set_order(partial.provider_order_id, status="Partial", remains=437)
    store.simulator.set_order(done.provider_order_id, status="Completed", remains=0)
    store.poll()
    return store.fresh(partial), store.fresh(done), store.fresh(running)


@pytest.fixture
def worked(store: Store) -> Store:
    Provider.objects.update(probing="off")  # three orders of one cost at once
    store.provider.refresh_from_db()
    a_day_of_work(store)
    return store


def test_every_figure_follows_from_the_accounts(worked: Store) -> None:
    ledger.credit_wallet(user=worked.customer, amount=Decimal("25.5"), key="topup:1", source="gateway")
    ledger.debit_wallet(user=worked.customer, amount=Decimal("0.5"), key="correction:1")
    readings.record_deposit(provider=worked.provider, amount=Decimal("300"), token="a")
    readings.record_deposit(provider=worked.provider, amount=Decimal("-50"), token="b")
    found = add_up(since=LONG_AGO, until=AHEAD)
    partial_cost = sum(order.cost for order in Order.objects.all())
    orders = ReportTotals(
        orders=3,
        charged=Decimal("4.05"),
        refunded=Decimal("0.58995"),
        revenue=Decimal("2.11005"),
        cost=partial_cost,
    )
    assert found[Scope.SERVICE, worked.service().pk] == orders
    assert found[SHOP] == ReportTotals(
        **{name: getattr(orders, name) for name in ("orders", "charged", "refunded", "revenue", "cost")},
        topped_up=Decimal("25.5"),
        adjusted=Decimal("99.5"),
    )
    assert found[Scope.CUSTOMER, worked.customer.pk] == found[SHOP]
    assert found[Scope.PROVIDER, worked.provider.pk] == ReportTotals(
        **{name: getattr(orders, name) for name in ("orders", "charged", "refunded", "revenue", "cost")},
        own_cost=partial_cost,
        deposited=Decimal("1250"),
    )
    assert found[SHOP].revenue == worked.house("revenue")
    assert found[SHOP].charged - found[SHOP].refunded - found[SHOP].revenue == worked.house("held")
    assert found[Scope.PROVIDER, worked.provider.pk].own_cost == worked.house(worked.provider.cost_account)


def test_costs_are_converted_by_each_orders_own_rate(worked: Store) -> None:
    first, second, third = Order.objects.order_by("pk")
    Order.objects.filter(pk=second.pk).update(exchange_rate=Decimal("1.0836000001"))
    Order.objects.filter(pk=third.pk).update(exchange_rate=Decimal("0.5"))
    found = add_up(since=LONG_AGO, until=AHEAD)
    parts = [first.cost, (second.cost * Decimal("1.0836000001")).quantize(Decimal("0.000001")), third.cost / 2]
    assert found[SHOP].cost == sum(parts)
    assert found[Scope.PROVIDER, worked.provider.pk].own_cost == first.cost + second.cost + third.cost


def test_a_refund_after_the_end_lowers_the_revenue_of_its_own_day(worked: Store) -> None:
    done = Order.objects.get(state="COMPLETED")
    worked.simulator.set_order(done.provider_order_id, status="Canceled", remains=1000)
    before = add_up(since=LONG_AGO, until=AHEAD)[SHOP]
    start = timezone.now()
    worked.poll()
    day = add_up(since=start, until=AHEAD)[SHOP]
    assert (day.revenue, day.refunded, day.charged) == (Decimal("-1.35"), Decimal("1.35"), 0)
    assert add_up(since=LONG_AGO, until=AHEAD)[SHOP].revenue == before.revenue - Decimal("1.35")


def test_a_day_begins_at_midnight_in_the_shops_zone(store: Store, settings: Any) -> None:
    settings.REPORT_TIME_ZONE = "America/New_York"
    for number, at in enumerate(
        ("2026-03-08 04:59:59.999999", "2026-03-08 05:00", "2026-03-09 03:59:59", "2026-03-09 04:00")
    ):
        with time_machine.travel(datetime.fromisoformat(at).replace(tzinfo=UTC), tick=False):
            ledger.credit_wallet(user=store.customer, amount=Decimal(10**number), key=f"topup:{number}")
    for day in (7, 8, 9):
        roll_day(day=date(2026, 3, day), now=AHEAD)
    found = by_day(period=Period(date(2026, 3, 7), date(2026, 3, 9)))
    assert [figures.topped_up for figures in found.values()] == [1, 110, 1000]


def test_the_job_goes_from_today_back_to_the_first_transfer_and_closes_what_is_over(worked: Store) -> None:
    now = timezone.now()
    with time_machine.travel(now + timedelta(days=2)):
        first = roll_up()
        assert (first.days, first.waiting) == (3, 0)
        assert RolledDay.objects.filter(is_closed=True).count() == 2
        assert roll_up() == RollUp(days=1, changed=0)
    assert totals(period=Period(now.date(), now.date())).charged == Decimal("4.05")
    assert audit_all() == []


def test_a_day_is_closed_an_hour_after_its_end(store: Store) -> None:
    end = datetime(2026, 3, 11, tzinfo=UTC)
    for moment, is_closed in ((end + timedelta(minutes=59), False), (end + timedelta(hours=1), True)):
        roll_day(day=date(2026, 3, 10), now=moment)
        assert RolledDay.objects.get(day=date(2026, 3, 10)).is_closed is is_closed


def test_what_waits_is_said_when_the_time_is_up(worked: Store) -> None:
    with time_machine.travel(timezone.now() + timedelta(days=5)):
        assert roll_up(seconds=0) == RollUp(days=1, changed=0, waiting=5)
        assert freshness(period=Period(date(2000, 1, 1), AHEAD.date()), today=timezone.now().date()).missing == 0
        assert roll_up().waiting == 0


def test_what_was_lost_counts_at_the_exchange_rate_of_its_booking(worked: Store) -> None:
    today, provider = timezone.now().date(), worked.provider
    Provider.objects.update(exchange_rate=Decimal("1.25"))
    orphan = UnmatchedOrder.objects.create(provider=provider, external_id="777", charge=Decimal(10), currency="USD")
    write_off_orphan(orphan_id=orphan.pk, actor="staff", reason="nobody's")
    provider.refresh_from_db()
    record_loss(provider=provider, amount=Decimal(-4), key="drift:1", note="a bonus")
    roll_day(day=today, now=AHEAD)
    assert by_day(period=Period(today, today))[today].lost == Decimal("7.5")

    Provider.objects.update(exchange_rate=Decimal(2))
    forget_days()
    roll_day(day=today, now=AHEAD)
    assert by_day(period=Period(today, today))[today].lost == Decimal("7.5")
    order = worked.place()
    Order.objects.filter(pk=order.pk).update(state="SENDING")
    attempt = Attempt.objects.create(order=order, number=1, lease_until=timezone.now())
    record_outcome(attempt_id=attempt.pk, outcome=Placed("777"))
    roll_day(day=today, now=AHEAD)
    assert by_day(period=Period(today, today))[today].lost == Decimal(-5)  # what comes back counts as it went


def test_losses_of_before_keep_the_exchange_rate_of_the_migration(worked: Store) -> None:
    provider = worked.provider
    record_loss(provider=provider, amount=Decimal(10), key="orphan:1", note="")
    record_loss(provider=provider, amount=Decimal(-4), key="drift:1", note="")
    LossRate.objects.filter(transfer__key="orphan:1").update(exchange_rate=Decimal(3))
    LossRate.objects.filter(transfer__key="drift:1").delete()
    Provider.objects.update(exchange_rate=Decimal("1.25"))
    migration = import_module("providers.migrations.0015_losses_keep_their_rate")
    migration.keep_rates(apps, None)
    rates = dict(LossRate.objects.values_list("transfer__key", "exchange_rate"))
    assert rates == {"orphan:1": Decimal(3), "drift:1": Decimal("1.25")}


def test_only_rows_that_differ_are_written(worked: Store) -> None:
    today = timezone.now().date()
    assert roll_day(day=today, now=timezone.now()) == 4
    kept = list(DailyFigure.objects.order_by("pk").values())
    assert roll_day(day=today, now=timezone.now()) == 0
    assert list(DailyFigure.objects.order_by("pk").values()) == kept
    bo = User.objects.create_user("bo@example.com", "correct horse battery")
    ledger.credit_wallet(user=bo, amount=Decimal(1), key="topup:bo")
    assert roll_day(day=today, now=timezone.now()) == 2
    DailyFigure.objects.create(day=today, scope=Scope.SERVICE, subject=999, orders=1)
    assert roll_day(day=today, now=timezone.now()) == 1


def test_whoever_looked_later_wins(worked: Store) -> None:
    today, now = timezone.now().date(), timezone.now()
    roll_day(day=today, now=now)
    before = list(DailyFigure.objects.order_by("pk").values())
    ledger.credit_wallet(user=worked.customer, amount=Decimal(1), key="topup:late")
    assert roll_day(day=today, now=now - timedelta(seconds=1)) == 0
    assert list(DailyFigure.objects.order_by("pk").values()) == before


def test_another_zone_begins_anew(worked: Store, settings: Any) -> None:
    roll_up()
    settings.REPORT_TIME_ZONE = "Asia/Tokyo"
    roll_up()
    assert set(RolledDay.objects.values_list("zone", flat=True)) == {"Asia/Tokyo"}
    assert totals(period=Period(date(2000, 1, 1), AHEAD.date())).charged == Decimal("4.05")


def test_the_recount_finds_a_roll_up_that_is_off_by_a_millionth(worked: Store) -> None:
    today = timezone.now().date()
    roll_day(day=today, now=timezone.now() + timedelta(days=3))
    assert audit_all() == []
    row = DailyFigure.objects.get(scope=Scope.ALL)
    for name in ("charged", "refunded", "revenue"):
        DailyFigure.objects.filter(pk=row.pk).update(**{name: getattr(row, name) + Decimal("0.000001")})
        assert any(f"report of {today}: {name} is" in line for line in audit_all()), name
        DailyFigure.objects.filter(pk=row.pk).update(**{name: getattr(row, name)})
    DailyFigure.objects.filter(scope=Scope.SERVICE).update(orders=4)
    assert audit_all() == [f"report of {today}: orders by service comes to 4, in all to 3"]
    assert forget_days() == 1
    assert audit_all() == []


def test_groupings_are_sorted_and_come_to_the_whole(worked: Store) -> None:
    today = timezone.now().date()
    bo = User.objects.create_user("bo@example.com", "correct horse battery")
    ledger.credit_wallet(user=bo, amount=Decimal(1000), key="topup:bo")
    roll_up()
    period = Period(today, today)
    assert count_subjects(period=period, scope=Scope.CUSTOMER) == 2
    by_revenue = by_subject(period=period, scope=Scope.CUSTOMER)
    assert [pk for pk, _ in by_revenue] == [worked.customer.pk, bo.pk]
    by_top_ups = by_subject(period=period, scope=Scope.CUSTOMER, sort="topped_up", count=1)
    assert [(pk, figures.topped_up) for pk, figures in by_top_ups] == [(bo.pk, 1000)]
    whole = ReportTotals()
    for _, figures in by_revenue:
        whole.add_all(figures)
    assert whole == totals(period=period)
    assert whole.profit == worked.house("revenue") - worked.house(worked.provider.cost_account)
