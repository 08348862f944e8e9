"""What is stuck, tab by tab: counted, with one thing to do about each, in few queries however much there is."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.models import MISSING_THERE, UNKNOWN_WORD, Order
from orders.staff.review.stuck_orders import count_capped, ids_by_provider, slow_orders, unknown_statuses
from panel.celery import periods
from panel.customers.models import User
from panel.ops.models import AuditEvent, JobRun
from providers.catalog.models import Service
from providers.models import Provider
from tests.fixtures_orders import Store
from tests.orders.filled import fill_orders

pytestmark = pytest.mark.django_db
URL = "/staff/doubtful/"
TABS = ("doubtful", "flagged", "slow", "words", "missing", "jobs")


def show(client: Client, tab: str) -> str:
    return " ".join(client.get(URL, {"show": tab}).content.decode().split())


def counts(page: str) -> list[str]:
    return [part.partition("</span>")[0] for part in page.split('<span class="tab-count">')[1:]]


def put(orders: list[Order], **fields: Any) -> None:
    Order.objects.filter(pk__in=[order.pk for order in orders]).update(**fields)


@pytest.mark.parametrize(
    ("measured", "hours", "is_slow"),
    [
        (None, 7 * 24 - 1, False),
        (None, 7 * 24 + 1, True),
        (60, 0.99, False),  # an hour at least
        (60, 1.01, True),
        (1200, 0.99, False),
        (1201, 1.0001, False),
        (36_000, 29.9, False),
        (36_000, 30.1, True),
    ],
)
def test_slow_is_three_times_the_usual_time(store: Store, measured: int | None, hours: float, is_slow: bool) -> None:
    now = timezone.now()
    (order,) = fill_orders(store, 1)
    put([order], sent_at=now - timedelta(hours=hours))
    Service.objects.update(measured_seconds=measured)
    assert [found.pk for found in slow_orders(now=now)] == ([order.pk] if is_slow else [])
    put([order], state="COMPLETED")
    assert count_capped(slow_orders(now=now)) == 0


def test_each_tab_counts_and_tells_what_to_do(owner: Client, store: Store, doubtful: Order) -> None:
    Service.objects.update(measured_seconds=600)
    odd, slow, *rest = fill_orders(store, 7)
    put([odd], attention="odd remains")
    put([slow], sent_at=timezone.now() - timedelta(hours=2))
    put(rest[:2], attention=MISSING_THERE)
    put(rest[2:4], attention=UNKNOWN_WORD, provider_status_raw="Refurbished")
    put(rest[4:], attention=UNKNOWN_WORD, provider_status_raw="On hold")
    JobRun.objects.create(name="poll_orders", started_at=timezone.now(), finished_at=timezone.now(), ok=False)
    pages = {tab: show(owner, tab) for tab in TABS}
    for page in pages.values():
        assert counts(page)[:6] == ["1", "1", "1", "3", "2", "1"]
    assert f'id="order-{doubtful.pk}"' in pages["doubtful"]
    assert f'id="flag-{odd.pk}"' in pages["flagged"]
    assert f'id="flag-{rest[0].pk}"' not in pages["flagged"]
    assert f'data-copy="{rest[0].provider_order_id},{rest[1].provider_order_id}"' in pages["missing"]
    assert f"Order #{slow.pk}</a>" in pages["slow"]
    assert "10 minutes" in pages["slow"]
    assert "2 hours" in pages["slow"]
    assert f'data-copy="{slow.provider_order_id}"' in pages["slow"]
    assert [(one.word, one.orders, one.example) for one in unknown_statuses()] == [
        ("Refurbished", 2, rest[2].pk),
        ("On hold", 1, rest[4].pk),
    ]
    assert f"order #{rest[2].pk}</a>" in pages["words"]
    assert "Poll orders" in pages["jobs"]
    assert "/staff/jobs/poll_orders/run/" in pages["jobs"]


def test_the_first_tab_with_something_in_it_is_shown(owner: Client, store: Store) -> None:
    assert "No unconfirmed orders" in show(owner, "")
    (order,) = fill_orders(store, 1)
    put([order], attention=MISSING_THERE)
    assert f'id="flag-{order.pk}"' in show(owner, "")
    assert "No unconfirmed orders" in show(owner, "doubtful")
    assert f'id="flag-{order.pk}"' in show(owner, "nonsense")


def test_empty_tabs_say_so(owner: Client, store: Store) -> None:
    for tab, words in (
        ("flagged", "No flagged orders"),
        ("slow", "No slow orders"),
        ("words", "No unknown statuses"),
        ("missing", "No missing orders"),
        ("jobs", "All jobs are running"),
    ):
        assert words in show(owner, tab)


def test_a_word_that_a_person_knows_flags_its_orders_no_more(owner: Client, helper: Client, store: Store) -> None:
    known, other = fill_orders(store, 2)
    put([known, other], attention=UNKNOWN_WORD, provider_status_raw="Refurbished")
    put([other], provider_status_raw="On hold")
    url = f"/staff/doubtful/words/{store.provider.pk}/"
    given = {"word": "Refurbished", "reason": "Their word for Completed"}
    assert helper.post(url, given).status_code == 403
    assert "Enter the meaning of the status" in owner.post(url, {**given, "reason": " "}, follow=True).content.decode()
    assert store.fresh(known).attention == UNKNOWN_WORD
    page = owner.post(url, given, follow=True).content.decode()
    assert "Flag cleared on 1 order with the status “Refurbished” at North." in page
    assert (store.fresh(known).attention, store.fresh(other).attention) == ("", UNKNOWN_WORD)
    event = known.events.get(what="seen")
    assert (event.actor, event.reason) == (
        "owner@example.com", "unknown status “Refurbished”: Their word for Completed",
    )  # fmt: skip
    assert AuditEvent.objects.get(action="provider.word").detail == {
        "word": "Refurbished", "orders": 1, "reason": "Their word for Completed",
    }  # fmt: skip
    assert "Flag cleared on 0 orders" in owner.post(url, given, follow=True).content.decode()


def test_late_jobs_and_failed_parts_are_listed(owner: Client, store: Store) -> None:
    now = timezone.now()
    JobRun.objects.create(name="check_books", started_at=now, finished_at=now - timedelta(days=4))
    JobRun.objects.create(
        name=f"poll_provider:{store.provider.pk}", finished_at=now, ok=False, summary={"error": "KeyError"}
    )
    JobRun.objects.create(name="poll_orders", started_at=now, finished_at=now)
    page = show(owner, "jobs")
    assert counts(page)[5] == "2"
    assert "Check books" in page
    assert "Late" in page
    assert "KeyError" in page
    assert "Poll orders" not in page
    assert len(periods()) > 2


def test_who_may_not_see_the_jobs_has_no_tab_of_them(store: Store) -> None:
    JobRun.objects.create(name="poll_orders", started_at=timezone.now(), finished_at=timezone.now(), ok=False)
    user = User.objects.create_user("support@example.com", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_order"))
    client = Client()
    client.force_login(user)
    page = show(client, "jobs")
    assert "No unconfirmed orders" in page
    assert "Poll orders" not in page
    assert counts(page) == ["0"] * 5


def test_every_tab_takes_at_most_fifteen_queries_and_no_more_for_more(
    helper: Client, store: Store, doubtful: Order
) -> None:
    def fill(count: int) -> None:
        orders = fill_orders(store, count)
        put(orders[: count // 4], attention="odd remains")
        put(orders[count // 4 : count // 2], attention=MISSING_THERE)
        put(orders[count // 2 : 3 * count // 4], attention=UNKNOWN_WORD, provider_status_raw="Odd")
        put(orders[3 * count // 4 :], sent_at=timezone.now() - timedelta(days=30))

    def queries() -> dict[str, int]:
        found = {}
        for tab in TABS:
            with CaptureQueriesContext(connection) as captured:
                show(helper, tab)
            found[tab] = len(captured)
        return found

    JobRun.objects.create(name="poll_orders", started_at=timezone.now(), finished_at=timezone.now(), ok=False)
    Provider.objects.update(probing="off")
    fill(8)
    helper.get(URL)
    few = queries()
    fill(80)
    assert queries() == few
    assert max(few.values()) <= 15, few


def test_ids_are_listed_by_provider(store: Store) -> None:
    orders = list(Order.objects.filter(pk__in=[o.pk for o in fill_orders(store, 2)]).select_related("provider"))
    assert ids_by_provider(orders) == {"North": [str(order.provider_order_id) for order in orders]}
