"""The reports' pages: who sees them, what they say, what the address may ask, the CSV."""

import csv
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.models import Order
from orders.reports.models import DailyFigure, RolledDay
from orders.reports.roll_up import roll_up
from panel.customers.models import User
from panel.lib.spreadsheet import BOM
from panel.wallet import ledger
from providers.catalog.models import Service
from providers.models import Provider
from tests.fixtures_orders import Store

pytestmark = pytest.mark.django_db
EVIL = "=HYPERLINK(1)<script>alert('x')</script>"


@pytest.fixture
def reported(store: Store) -> Order:
    """One order of 1.35, partial with 400 of 1000 left: 0.81 earned; rolled up."""
    order = store.active()
    store.simulator.set_order(order.provider_order_id, status="Partial", remains=400)
    store.poll()
    ledger.credit_wallet(user=store.customer, amount=Decimal("25.5"), key="topup:1")
    roll_up()
    return store.fresh(order)


def rows_of(client: Client, query: str) -> list[dict[str, str]]:
    answer = client.get(f"/staff/reports/csv/{query}")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(text.removeprefix(BOM).splitlines()))


def test_reports_are_for_staff_alone(store: Store, helper: Client, ada: Client) -> None:
    for url in ("/staff/reports/", "/staff/reports/csv/"):
        assert Client().get(url)["Location"] == f"/accounts/login/?next={url}"
        assert ada.get(url).status_code == 404
        assert helper.get(url).status_code == 200
        assert helper.post(url).status_code == 405


def test_an_empty_report_says_so(owner: Client) -> None:
    page = owner.get("/staff/reports/?by=customer&range=yesterday").content.decode()
    assert "No activity in this period" in page


def test_the_page_tells_the_ledgers_figures(owner: Client, store: Store, reported: Order) -> None:
    page = owner.get("/staff/reports/").content.decode()
    for words in ("$0.81", "$0.54", "$1.35", "$25.50", f'title="{reported.cost:.6f} USD"'):
        assert words in page, words
    for by, name in (("provider", "North"), ("service", store.service().name), ("customer", "ada@example.com")):
        page = owner.get(f"/staff/reports/?by={by}&range=today").content.decode()
        assert f">{name}</a>" in page or f"{store.service().pk} {name}</a>" in page
        assert "$0.81" in page
    one = owner.get(f"/staff/reports/?customer={store.customer.pk}").content.decode()
    assert "ada@example.com</h1>" in one
    assert owner.get("/staff/reports/?customer=999999").status_code == 404


def test_the_csv_has_exact_digits_and_every_row(owner: Client, store: Store, reported: Order) -> None:
    today = timezone.now().date()
    (day,) = [row for row in rows_of(owner, "?range=week") if row["Orders"] != "0"]
    assert (day["Day"], day["Charged"], day["Refunded"], day["Revenue"], day["Deposits"], day["Currency"]) == (
        today.isoformat(), "1.35", "0.54", "0.81", "25.5", "USD",
    )  # fmt: skip
    assert len(rows_of(owner, "?range=week")) == 7
    (provider,) = rows_of(owner, "?by=provider")
    assert (provider["Provider"], provider["Name"], provider["Provider deposits"], provider["Provider currency"]) == (
        str(store.provider.pk), "North", "1000", "USD",
    )  # fmt: skip
    assert Decimal(provider["Cost"]) == Decimal(provider["Provider cost"]) == reported.cost
    assert Decimal(provider["Profit"]) == Decimal("0.81") - reported.cost


def test_a_loss_is_a_number_and_a_formula_is_none(owner: Client, store: Store, reported: Order) -> None:
    Provider.objects.update(name=EVIL)
    DailyFigure.objects.update(cost=Decimal(5))
    (row,) = rows_of(owner, "?by=provider")
    assert (row["Name"], row["Profit"]) == (f"'{EVIL}", "-4.19")


def test_names_are_shown_as_text(owner: Client, store: Store, reported: Order) -> None:
    Provider.objects.update(name=EVIL)
    Service.objects.update(name=EVIL)
    for query in ("?by=provider", "?by=service", f"?provider={store.provider.pk}"):
        page = owner.get(f"/staff/reports/{query}").content.decode()
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?from=nonsense", "“nonsense” isn&#x27;t a date."),
        ("?from=2026-03-10&to=2026-03-01", "they were swapped"),
        ("?from=2000-01-01&to=2099-12-31", "A report covers at most 3,660 days"),
    ],
)
def test_odd_dates_are_said(owner: Client, query: str, words: str) -> None:
    answer = owner.get(f"/staff/reports/{query}")
    assert answer.status_code == 200
    assert words in answer.content.decode()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?from=2026-02-30", "“2026-02-30” isn&#x27;t a date."),
        ("?range=decade", "The filter “Period” has no value “decade”"),
        ("?provider=North", "The filter “Provider” has no value “North”"),
        ("?service=12a&by=customer", "The filter “Service ID” has no value “12a”"),
        ("?customer=-1", "The filter “Customer” has no value “-1”"),
    ],
)
def test_a_filter_without_sense_shows_no_figures(
    owner: Client, store: Store, reported: Order, query: str, words: str
) -> None:
    page = owner.get(f"/staff/reports/{query}").content.decode()
    assert words in page
    assert "No results" in page
    assert "Revenue" not in page.partition("<main")[2]
    lines = b"".join(owner.get(f"/staff/reports/csv/{query}").streaming_content)  # type: ignore[attr-defined]
    assert lines.count(b"\n") == 1  # the head


@pytest.mark.parametrize("query", ["?by=x&sort=x&page=x", "?sort=-1&page=-5", "?from=&to=&provider="])
def test_odd_words_are_left_out(owner: Client, query: str) -> None:
    assert owner.get(f"/staff/reports/{query}").status_code == 200


def test_days_that_are_not_added_up_yet_are_said(owner: Client, store: Store, reported: Order) -> None:
    assert "still being calculated" not in owner.get("/staff/reports/").content.decode()
    for number in (4, 2):
        DailyFigure.objects.create(day=timezone.now().date() - timedelta(days=number), scope="all")
    RolledDay.objects.create(day=timezone.now().date() - timedelta(days=4), zone="UTC", is_closed=True)
    assert "still being calculated" in owner.get("/staff/reports/").content.decode()


def test_queries_do_not_grow_with_the_rows(owner: Client, store: Store, reported: Order) -> None:
    urls = [f"/staff/reports/?by={by}&range=year" for by in ("day", "provider", "service", "customer")]
    urls.append(f"/staff/reports/?service={store.service().pk}")

    def queries() -> list[int]:
        found = []
        for url in urls:
            with CaptureQueriesContext(connection) as captured:
                assert owner.get(url).status_code == 200
            found.append(len(captured))
        return found

    owner.get(urls[0])  # notes that the session was used
    few = queries()
    assert max(few) <= 15
    today = timezone.now().date()
    for number in range(30):
        user = User.objects.create(email=f"c{number}@example.com")
        DailyFigure.objects.create(day=today - timedelta(days=number), scope="customer", subject=user.pk, charged=1)
    assert queries() == few
