"""The staff's pages: who may see them, the figures of the morning, balances, alerts."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders import tasks
from orders.models import Attempt, Order
from orders.staff.overview import customer_money, stuck_orders
from panel.customers.models import User
from panel.ops.alerts.alerts import raise_alert, take_alert
from panel.ops.models import Alert, AuditEvent, JobRun
from providers.availability.circuit_breaker import pause_provider
from providers.balances.provider_balances import provider_balances
from providers.catalog.models import Service
from providers.models import BalanceReading, Provider
from tests.fixtures_orders import Store
from tests.fixtures_simulator import SIMULATOR_KEY

pytestmark = pytest.mark.django_db
EVIL = "\"><script>alert('x')</script>"


def test_pages_and_buttons_are_for_staff_alone(store: Store, helper: Client, doubtful: Order) -> None:
    Alert.objects.create(subject="books", level="critical", title="x")
    alert, provider = Alert.objects.latest("pk").pk, store.provider.pk
    customer, anonymous = Client(), Client()
    customer.force_login(store.customer)
    before = store.everything()
    seen = ["/staff/", "/staff/balances/", f"/staff/balances/{provider}/", "/staff/doubtful/", "/staff/alerts/"]
    pressed = [f"/staff/doubtful/{doubtful.pk}/{verdict}/" for verdict in ("placed", "again", "back", "reviewed")]
    pressed += [f"/staff/alerts/{alert}/take/", f"/staff/alerts/{alert}/close/"]
    for url in [*seen, *pressed, f"/staff/balances/{provider}/read/"]:
        for method in ("get", "post"):
            asked = getattr(anonymous, method)(url)
            assert (asked.status_code, asked["Location"]) == (302, f"/accounts/login/?next={url}"), url
            assert getattr(customer, method)(url).status_code == 404, url
    assert [helper.get(url).status_code for url in seen] == [200] * 5
    assert [helper.post(url).status_code for url in seen] == [405] * 5
    assert [helper.get(url).status_code for url in pressed] == [405] * 6
    assert [helper.post(url, {"reason": "x", "provider_order_id": "1"}).status_code for url in pressed] == [403] * 6
    assert store.everything() == before
    assert Alert.objects.get(pk=alert).closed_at is None


def test_the_morning_page_answers_in_figures(owner: Client, store: Store, doubtful: Order) -> None:
    Provider.objects.update(probing="off")  # or an order of the same cost would wait for the doubtful one
    done = store.active()
    store.simulator.set_order(done.provider_order_id, status="Partial", remains=400)
    store.poll()
    assert store.fresh(done).state == "PARTIAL"
    tasks.check_books()
    tasks.roll_up_reports()
    now = timezone.now()
    money, stuck = customer_money(now=now), stuck_orders(now=now)
    assert (money.in_wallets, money.held, money.differences, money.is_safe) == (
        Decimal("97.84"), Decimal("1.35"), 0, True,
    )  # fmt: skip
    assert (stuck.queued, stuck.doubtful, stuck.doubtful_money, stuck.attention) == (0, 1, Decimal("1.35"), 0)
    page = owner.get("/staff/").content.decode()
    for words in ("$97.84", "$1.35", ">$0.81<", "Ledger balanced", "1 unconfirmed order"):
        assert words in page


def test_what_needs_a_person_stands_in_order_of_urgency(owner: Client, store: Store, doubtful: Order) -> None:
    raise_alert(subject=f"balance-low:{store.provider.pk}", level=Alert.Level.WARNING, title="It is low")
    pause_provider(provider_id=store.provider.pk, reason="key")
    Order.objects.filter(pk=store.place().pk).update(attention="odd remains")
    page = owner.get("/staff/").content.decode()
    places = [
        page.index(words) for words in ("1 unconfirmed order<", "North is paused", "It is low", "1 flagged order<")
    ]
    assert places == sorted(places)


def test_an_empty_shop_has_pages_too(db: None) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("owner@example.com", "correct horse battery"))
    assert "Add provider" in client.get("/staff/").content.decode()
    assert "No providers yet" in client.get("/staff/balances/").content.decode()
    assert "No unconfirmed orders" in client.get("/staff/doubtful/").content.decode()
    assert "No open alerts" in client.get("/staff/alerts/").content.decode()


def test_funding_counts_what_is_spent_and_how_long_it_lasts(store: Store) -> None:
    store.active()
    now = timezone.now()
    (funding,) = provider_balances(now=now)
    assert (funding.spend.day, funding.spend.week) == (Decimal("0.9"), Decimal("0.9"))
    assert funding.runway_text == "more than a year"
    Provider.objects.update(low_balance=2000)
    BalanceReading.objects.create(
        provider=store.provider, balance=Decimal("1.8"), currency="USD", expected=1, drift=Decimal(-5)
    )
    (funding,) = provider_balances(now=timezone.now())
    assert (funding.is_low, funding.is_drifting, funding.runway_text, funding.is_short) == (True, True, "2 days", False)
    (later,) = provider_balances(now=timezone.now() + timedelta(hours=2))
    assert (later.is_old, funding.is_old) == (True, False)


def test_a_balance_is_read_on_demand_and_what_fails_is_said(owner: Client, store: Store) -> None:
    url = f"/staff/balances/{store.provider.pk}/read/"
    count = BalanceReading.objects.count()
    page = owner.post(url, follow=True).content.decode()
    assert "Balance: $1,000.00." in page
    assert BalanceReading.objects.count() == count + 1
    store.simulator.server.stop()
    assert "The balance could not be read" in owner.post(url, follow=True).content.decode()
    assert BalanceReading.objects.count() == count + 1
    Provider.objects.update(sealed_key="v1.broken.AAAA")
    assert "The API key cannot be decrypted" in owner.post(url, follow=True).content.decode()


def test_a_providers_page_has_its_chart_readings_and_deposits(owner: Client, store: Store) -> None:
    BalanceReading.objects.update(at=timezone.now() - timedelta(hours=2))
    store.active()
    store.read_balance()
    page = owner.get(f"/staff/balances/{store.provider.pk}/?range=week").content.decode()
    assert '"balance": [1000.0, 999.1]' in page
    assert "Opening balance" in page
    assert "$999.10" in page
    assert SIMULATOR_KEY not in page
    assert owner.get(f"/staff/balances/{store.provider.pk}/?range=nonsense&page=x").status_code == 200


def test_alerts_are_taken_closed_and_kept(owner: Client, store: Store) -> None:
    raise_alert(subject="books", level=Alert.Level.CRITICAL, title="The books do not add up", detail="wallet 1")
    alert = Alert.objects.get(subject="books")
    owner.post(f"/staff/alerts/{alert.pk}/take/")
    assert "assigned to owner@example.com" in owner.get("/staff/alerts/").content.decode()
    owner.post(f"/staff/alerts/{alert.pk}/close/")
    alert.refresh_from_db()
    assert (alert.closed_by, alert.closed_at is None) == ("owner@example.com", False)
    again = owner.post(f"/staff/alerts/{alert.pk}/close/", follow=True).content.decode()
    assert "This alert was already closed." in again
    assert AuditEvent.objects.filter(action="alert.close").count() == 1
    raise_alert(subject="books", level=Alert.Level.CRITICAL, title="The books do not add up")
    assert Alert.objects.filter(subject="books", closed_at=None).count() == 1


def test_who_comes_second_to_an_alert_is_told_who_has_it(owner: Client, store: Store) -> None:
    raise_alert(subject="books", level=Alert.Level.CRITICAL, title="The books do not add up")
    alert = Alert.objects.get(subject="books")
    assert take_alert(alert_id=alert.pk, actor="ann@example.com") == "ann@example.com"
    page = owner.post(f"/staff/alerts/{alert.pk}/take/", follow=True).content.decode()
    assert "This alert is already assigned to ann@example.com." in page
    alert.refresh_from_db()
    assert alert.taken_by == "ann@example.com"
    owner.post(f"/staff/alerts/{alert.pk}/close/")
    assert take_alert(alert_id=alert.pk, actor="bob@example.com") is None
    assert (
        "This alert was already closed." in owner.post(f"/staff/alerts/{alert.pk}/take/", follow=True).content.decode()
    )


def test_sidebar_has_counts_on_every_staff_page(owner: Client, store: Store, doubtful: Order) -> None:
    for page in ("/staff/alerts/", "/admin/", "/staff/"):
        assert '<span class="sidebar-count">1</span>' in owner.get(page).content.decode(), page


def test_pages_take_a_constant_number_of_queries(owner: Client, store: Store, doubtful: Order) -> None:
    pages = [
        "/staff/",
        "/staff/balances/",
        f"/staff/balances/{store.provider.pk}/",
        "/staff/doubtful/",
        "/staff/alerts/",
    ]

    def queries() -> list[int]:
        found = []
        for page in pages:
            with CaptureQueriesContext(connection) as captured:
                assert owner.get(page).status_code == 200
            found.append(len(captured))
        return found

    Provider.objects.update(probing="off")
    Order.objects.filter(pk=store.active().pk).update(attention="x")
    owner.get("/staff/")
    few = queries()
    for number in range(15):
        provider = Provider.objects.create(name=f"Other {number}", url="https://other.example/")
        BalanceReading.objects.create(provider=provider, balance=1, currency="USD", expected=1, drift=0)
        raise_alert(subject=f"drift:{provider.pk}", level=Alert.Level.WARNING, title="x")
        for source in Order.objects.order_by("pk")[:2]:
            attempt = source.attempts.get()
            source.pk, source.provider_order_id, source.client_token = None, None, None
            source.state, source.in_flight_cost = "UNCONFIRMED", None
            source.save()
            attempt.pk, attempt.order_id, attempt.outcome = None, source.pk, "unknown"
            attempt.save()
    assert queries() == few
    assert few[0] <= 15


def test_what_providers_and_customers_wrote_is_shown_as_text(owner: Client, store: Store, doubtful: Order) -> None:
    Provider.objects.update(name=EVIL, sync_error=EVIL, sync_failures=1)
    Service.objects.update(name=EVIL)
    Order.objects.update(link=EVIL, attention=EVIL[:40], provider_status_raw=EVIL)
    Attempt.objects.update(reason=EVIL, excerpt=EVIL, candidate=EVIL)
    raise_alert(subject="books", level=Alert.Level.CRITICAL, title=EVIL, detail=EVIL)
    for page in (
        "/staff/",
        "/staff/balances/",
        f"/staff/balances/{store.provider.pk}/",
        "/staff/doubtful/",
        "/staff/alerts/",
    ):
        text = owner.get(page).content.decode()
        assert "&lt;script&gt;alert" in text, page
        assert "<script>alert" not in text, page


def test_slow_orders_and_failing_jobs_are_told_in_the_morning_too(owner: Client, store: Store) -> None:
    order = store.active()
    Order.objects.filter(pk=order.pk).update(sent_at=timezone.now() - timedelta(days=8))
    JobRun.objects.create(name="poll_orders", started_at=timezone.now(), finished_at=timezone.now(), ok=False)
    page = owner.get("/staff/").content.decode()
    assert "1 slow order" in page
    assert 'href="/staff/doubtful/?show=slow"' in page
    assert "1 job failed or is late" in page
    assert 'href="/staff/doubtful/?show=jobs"' in page
