"""The staff's pages: who may see them, the figures of the morning, verdicts on doubtful orders, balances, alerts."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders import tasks
from orders.earnings import Earned, earned_by_day
from orders.models import Attempt, Order
from orders.overview import look_at_money, look_at_orders
from panel.customers.models import User
from panel.ops.alerts import raise_alert
from panel.ops.models import Alert, AuditEvent
from panel.wallet.models import Transfer
from providers.catalog.models import Service
from providers.funding import fundings
from providers.gate import pause_provider
from providers.models import BalanceReading, Provider
from tests.fixtures_orders import Store
from tests.fixtures_simulator import SIMULATOR_KEY

pytestmark = pytest.mark.django_db
EVIL = "\"><script>alert('x')</script>"


@pytest.fixture
def owner(store: Store) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("owner@example.com", "correct horse battery"))
    return client


@pytest.fixture
def helper(store: Store) -> Client:
    """A member of staff who may look, and nothing else."""
    client = Client()
    client.force_login(User.objects.create_user("helper@example.com", "correct horse battery", is_staff=True))
    return client


@pytest.fixture
def doubtful(store: Store) -> Order:
    """An order whose answer was lost after the provider had taken it; its lease has ended."""
    store.simulator.next("add", "reset_after_create")
    order = store.submit(store.place())
    assert order.state == "UNCONFIRMED"
    store.let_lease_end(order)
    return order


def decide(client: Client, order: Order, verdict: str, **words: str) -> int:
    given = {"reason": "Asked their support", **words}
    return client.post(f"/staff/doubtful/{order.pk}/{verdict}/", given).status_code


def test_pages_and_buttons_are_for_staff_alone(store: Store, helper: Client, doubtful: Order) -> None:
    Alert.objects.create(subject="books", level="critical", title="x")
    alert, provider = Alert.objects.latest("pk").pk, store.provider.pk
    customer, anonymous = Client(), Client()
    customer.force_login(store.customer)
    before = store.everything()
    seen = ["/staff/", "/staff/balances/", f"/staff/balances/{provider}/", "/staff/doubtful/", "/staff/alerts/"]
    pressed = [f"/staff/doubtful/{doubtful.pk}/{verdict}/" for verdict in ("placed", "again", "back", "looked")]
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


def test_a_helper_sees_the_evidence_and_no_buttons(helper: Client, doubtful: Order) -> None:
    page = helper.get("/staff/doubtful/").content.decode()
    assert f"Order {doubtful.pk}" in page
    assert "You may look at this, and others decide." in page
    assert "Give the money back" not in page


def test_the_doubtful_page_says_exactly_what_each_verdict_does(owner: Client, doubtful: Order) -> None:
    page = " ".join(owner.get("/staff/doubtful/").content.decode().split())
    assert "$1.35 stays held until it ends. North is asked for the id first; nothing is sent." in page
    assert "If it was placed after all, it is delivered twice and costs us $0.90 twice." in page
    assert "$1.35 goes back into the wallet of ada@example.com, and the order ends as canceled." in page
    assert "its cost of $0.90 is our loss." in page


def test_it_was_placed_asks_the_provider_for_the_id_and_follows_it(
    owner: Client, store: Store, doubtful: Order
) -> None:
    before = store.everything()
    answer = owner.post(f"/staff/doubtful/{doubtful.pk}/placed/", {"reason": "Seen there", "provider_order_id": "999"})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "The provider does not know this id" in text
    assert 'value="999"' in text
    assert 'value="Seen there"' in text
    assert store.everything() == before
    real = str(store.simulator.orders()[0]["id"])
    assert decide(owner, doubtful, "placed", provider_order_id=real) == 302
    now = store.fresh(doubtful)
    assert (now.state, now.provider_order_id) == ("ACTIVE", real)
    assert store.wallet() == Decimal("98.65")
    event = now.events.get(what="confirmed")
    assert (event.actor, event.why) == ("owner@example.com", "Asked their support")
    assert AuditEvent.objects.get(action="order was placed").target == f"order:{doubtful.pk}"


def test_it_was_not_placed_queues_it_again(owner: Client, store: Store, doubtful: Order) -> None:
    assert decide(owner, doubtful, "again") == 302
    assert store.fresh(doubtful).state == "QUEUED"
    assert doubtful.attempts.get().outcome == "absent"
    assert store.wallet() == Decimal("98.65")


def test_the_money_goes_back_once_however_often_it_is_clicked(owner: Client, store: Store, doubtful: Order) -> None:
    assert decide(owner, doubtful, "back") == 302
    assert store.wallet() == 100
    again = owner.post(f"/staff/doubtful/{doubtful.pk}/back/", {"reason": "Twice"}, follow=True).content.decode()
    assert "This order is no longer in doubt." in again
    assert store.wallet() == 100
    assert store.fresh(doubtful).state == "REJECTED"
    assert Transfer.objects.filter(key__startswith="refund:").count() == 1


@pytest.mark.parametrize(
    ("verdict", "words", "said"),
    [
        ("back", {"reason": " "}, "Say why: the reason is kept with the order."),
        ("again", {"reason": ""}, "Say why: the reason is kept with the order."),
        ("placed", {"provider_order_id": ""}, "Enter the id that the order has at the provider."),
        ("placed", {"provider_order_id": "two words"}, "Enter the id that the order has at the provider."),
    ],
)
def test_a_refused_verdict_moves_nothing_and_says_why_beside_it(
    owner: Client, store: Store, doubtful: Order, verdict: str, words: dict[str, str], said: str
) -> None:
    before = store.everything()
    answer = owner.post(f"/staff/doubtful/{doubtful.pk}/{verdict}/", {"reason": "Why", **words})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert store.everything() == before


def test_an_order_whose_answer_may_still_come_cannot_be_decided(owner: Client, store: Store, doubtful: Order) -> None:
    Attempt.objects.update(lease_until=timezone.now() + timedelta(minutes=1))
    assert "Its answer may still come." in owner.get("/staff/doubtful/").content.decode()
    before = store.everything()
    assert decide(owner, doubtful, "back") == 422
    assert store.everything() == before


def test_unknown_orders_and_verdicts_are_not_found(owner: Client, doubtful: Order) -> None:
    assert decide(owner, doubtful, "nonsense") == 404
    assert owner.post("/staff/doubtful/987654/back/", {"reason": "x"}).status_code == 404
    assert owner.post("/staff/doubtful/987654/looked/", {"reason": "x"}).status_code == 404
    assert owner.get("/staff/balances/987654/").status_code == 404


def test_a_flagged_order_is_looked_at(owner: Client, store: Store) -> None:
    order = store.active()
    Order.objects.filter(pk=order.pk).update(attention="odd remains")
    assert "odd remains" in owner.get("/staff/doubtful/").content.decode()
    url = f"/staff/doubtful/{order.pk}/looked/"
    refused = owner.post(url, {"reason": ""})
    assert (refused.status_code, store.fresh(order).attention) == (422, "odd remains")
    assert "Say what you found" in refused.content.decode()
    assert owner.post(url, {"reason": "All is there"}).status_code == 302
    assert store.fresh(order).attention == ""
    assert "is not flagged any more" in owner.post(url, {"reason": "Again"}, follow=True).content.decode()
    assert store.fresh(order).events.filter(what="seen").count() == 1


def test_one_order_can_be_looked_at_alone(owner: Client, store: Store, doubtful: Order) -> None:
    order = store.active()
    Order.objects.filter(pk=order.pk).update(attention="odd remains")
    page = owner.get("/staff/doubtful/", {"order": order.pk}).content.decode()
    assert f'id="flag-{order.pk}"' in page
    assert f'id="order-{doubtful.pk}"' not in page
    assert owner.get("/staff/doubtful/", {"order": "²"}).status_code == 200


def test_the_morning_page_answers_in_figures(owner: Client, store: Store, doubtful: Order) -> None:
    done = store.active()
    store.simulator.set_order(done.provider_order_id, status="Partial", remains=400)
    store.poll()
    assert store.fresh(done).state == "PARTIAL"
    tasks.check_books()
    now = timezone.now()
    money, stuck = look_at_money(now=now), look_at_orders(now=now)
    assert (money.in_wallets, money.held, money.differences, money.is_safe) == (
        Decimal("97.84"), Decimal("1.35"), 0, True,
    )  # fmt: skip
    assert (stuck.queued, stuck.doubtful, stuck.doubtful_money, stuck.attention) == (0, 1, Decimal("1.35"), 0)
    page = owner.get("/staff/").content.decode()
    for words in ("$97.84", "$1.35", "Books add up", "1 order may or may not have been bought"):
        assert words in page


def test_earnings_are_by_day_in_the_shops_currency_at_each_orders_own_rate(store: Store) -> None:
    now = datetime(2026, 3, 10, 12, tzinfo=UTC)
    for day, rate in ((10, "1"), (10, "2"), (9, "1")):
        order = store.active()
        Order.objects.filter(pk=order.pk).update(
            state="COMPLETED",
            captured=Decimal("1.35"),
            cost=Decimal("0.9"),
            exchange_rate=Decimal(rate),
            finished_at=datetime(2026, 3, day, 1, tzinfo=UTC),
        )
    store.active()  # not ended: not earned yet
    days = earned_by_day(days=3, now=now, zone=UTC)
    assert list(days.values()) == [
        Earned(),
        Earned(1, Decimal("1.35"), Decimal("0.9")),
        Earned(2, Decimal("2.7"), Decimal("2.7")),
    ]
    assert days[now.date()].profit == 0


def test_what_needs_a_person_stands_in_order_of_urgency(owner: Client, store: Store, doubtful: Order) -> None:
    raise_alert(subject=f"balance-low:{store.provider.pk}", level=Alert.Level.WARNING, title="It is low")
    pause_provider(provider_id=store.provider.pk, reason="key")
    Order.objects.filter(pk=store.place().pk).update(attention="odd remains")
    page = owner.get("/staff/").content.decode()
    places = [page.index(words) for words in ("may or may not", "North is paused", "It is low", "should be looked at")]
    assert places == sorted(places)


def test_an_empty_shop_has_pages_too(db: None) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("owner@example.com", "correct horse battery"))
    assert "Connect a provider" in client.get("/staff/").content.decode()
    assert "No provider yet" in client.get("/staff/balances/").content.decode()
    assert "No order is in doubt" in client.get("/staff/doubtful/").content.decode()
    assert "No alert is open" in client.get("/staff/alerts/").content.decode()


def test_funding_counts_what_is_spent_and_how_long_it_lasts(store: Store) -> None:
    store.active()
    now = timezone.now()
    (funding,) = fundings(now=now)
    assert (funding.spend.day, funding.spend.week) == (Decimal("0.9"), Decimal("0.9"))
    assert funding.runway_text == "over a year"
    Provider.objects.update(low_balance=2000)
    BalanceReading.objects.create(
        provider=store.provider, balance=Decimal("1.8"), currency="USD", expected=1, drift=Decimal(-5)
    )
    (funding,) = fundings(now=timezone.now())
    assert (funding.is_low, funding.is_drifting, funding.runway_text, funding.is_short) == (True, True, "2 days", False)
    (later,) = fundings(now=timezone.now() + timedelta(hours=2))
    assert (later.is_old, funding.is_old) == (True, False)


def test_a_balance_is_read_on_demand_and_what_fails_is_said(owner: Client, store: Store) -> None:
    url = f"/staff/balances/{store.provider.pk}/read/"
    count = BalanceReading.objects.count()
    page = owner.post(url, follow=True).content.decode()
    assert "Read: $1,000.00." in page
    assert BalanceReading.objects.count() == count + 1
    store.simulator.server.stop()
    assert "The balance could not be read" in owner.post(url, follow=True).content.decode()
    assert BalanceReading.objects.count() == count + 1
    Provider.objects.update(sealed_key="v1.broken.AAAA")
    assert "The API key cannot be opened" in owner.post(url, follow=True).content.decode()


def test_a_providers_page_has_its_chart_readings_and_deposits(owner: Client, store: Store) -> None:
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
    assert "owner@example.com looks after it" in owner.get("/staff/alerts/").content.decode()
    owner.post(f"/staff/alerts/{alert.pk}/close/")
    alert.refresh_from_db()
    assert (alert.closed_by, alert.closed_at is None) == ("owner@example.com", False)
    again = owner.post(f"/staff/alerts/{alert.pk}/close/", follow=True).content.decode()
    assert "This alert was closed already." in again
    assert AuditEvent.objects.filter(action="alert.close").count() == 1
    raise_alert(subject="books", level=Alert.Level.CRITICAL, title="The books do not add up")
    assert Alert.objects.filter(subject="books", closed_at=None).count() == 1


def test_a_permission_lets_a_helper_decide(store: Store, doubtful: Order) -> None:
    user = User.objects.create_user("decider@example.com", "correct horse battery", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="change_order"))
    client = Client()
    client.force_login(user)
    assert decide(client, doubtful, "back") == 302
    assert store.fresh(doubtful).events.get(what="rejected").actor == "decider@example.com"


def test_the_rail_counts_on_every_page_of_staff(owner: Client, store: Store, doubtful: Order) -> None:
    for page in ("/staff/alerts/", "/admin/", "/staff/"):
        assert '<span class="rail-count">1</span>' in owner.get(page).content.decode(), page


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
            source.state = "UNCONFIRMED"
            source.save()
            attempt.pk, attempt.order_id, attempt.outcome = None, source.pk, "unknown"
            attempt.save()
    assert queries() == few


def test_what_providers_and_customers_wrote_is_shown_as_text(owner: Client, store: Store, doubtful: Order) -> None:
    Provider.objects.update(name=EVIL, sync_error=EVIL, sync_failures=1)
    Service.objects.update(name=EVIL)
    Order.objects.update(link=EVIL, attention=EVIL[:40], provider_status_raw=EVIL)
    Attempt.objects.update(why=EVIL, excerpt=EVIL, candidate=EVIL)
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
