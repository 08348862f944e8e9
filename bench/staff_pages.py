"""The staff's pages over 1,000,000 orders and 10,000,000 transfers, each against an empty page of the panel's frame.

On PostgreSQL, signed in, in one process: what the pages ask of the database is what counts. The orders are a year's, of
many customers, services and providers; nearly all have ended, some wait, are in doubt or flagged.
"""

from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.test import Client
from django.urls import include, path, reverse
from django.utils import timezone

from bench.figures import ROUNDS, Figures, clock
from bench.seed import CREDIT, seed_customers
from bench.world import counted, empty_tables, new_provider, stub_url, texts_indexed_later, tidy_tables
from orders.models import Order
from orders.reports.roll_up import roll_up
from panel.customers.models import User
from panel.wallet import ledger
from providers.catalog.models import Category, Service
from providers.models import BalanceReading, Provider, UpstreamService

ORDERS, TRANSFERS = 1_000_000, 10_000_000
CUSTOMERS, SERVICES, PROVIDERS = 5_000, 300, 4
LIMIT, MOST_QUERIES = 5, 15
PAGES = {
    "overview": "/staff/",
    "balances": "/staff/balances/",
    "a provider": "/staff/balances/{provider}/?range=month",
    "reports": "/staff/reports/",
    "reports, customers of 30 days": "/staff/reports/?by=customer",
    "reports, services of 12 months": "/staff/reports/?by=service&range=year",
    "reports, customers of 12 months": "/staff/reports/?by=customer&range=year",
    "reports, a customer's 12 months": "/staff/reports/?customer={customer}&range=year",
    "doubtful orders": "/staff/doubtful/",
    "flagged orders": "/staff/doubtful/?show=flagged",
    "orders that are too slow": "/staff/doubtful/?show=slow",
    "unknown words": "/staff/doubtful/?show=words",
    "changes upstream": "/staff/changes/",
    "all orders": "/staff/orders/",
    "all orders, of a state": "/staff/orders/?state=QUEUED",
    "all orders, found by a customer": "/staff/orders/?q=customer77@example.com",
    "all orders, found by a link": "/staff/orders/?q=https://www.example.com/777777",
    "all orders, found by a text that is nowhere": "/staff/orders/?q=nothing+like+it",
    "an order": "/staff/orders/{order}/",
    "requests": "/staff/requests/",
    "alerts": "/staff/alerts/",
    "jobs": "/staff/jobs/",
}

_ORDERS = """
INSERT INTO orders_order (customer_id, service_id, provider_id, provider_service, type, link, quantity, fields,
    currency, rate, charge, refunded, captured, provider_currency, exchange_rate, expected_cost, cost, money_moves,
    state, provider_order_id, provider_status, provider_status_raw, start_count, remains, attention,
    next_attempt_at, next_poll_at, misses, created_at, queued_at, sent_at, finished_at)
SELECT %(customer)s + n::bigint * 7919 %% %(customers)s, %(service)s + n %% %(services)s,
    %(provider)s + n %% %(providers)s, '1', 'Default', 'https://www.example.com/' || n,
    1000, '{"link": "https://www.example.com/"}', 'USD', 1500000, 1500000,
    0, CASE WHEN s.state = 'COMPLETED' THEN 1500000 ELSE 0 END, 'USD', 10000000000, 1000000,
    CASE WHEN s.state IN ('COMPLETED', 'ACTIVE') THEN 1000000 ELSE 0 END, 1,
    s.state, CASE WHEN s.state IN ('COMPLETED', 'ACTIVE') THEN n::text END,
    CASE WHEN s.state = 'COMPLETED' THEN 'Completed' ELSE 'In progress' END, '', 3572, 500,
    CASE WHEN n %% 20000 = 0 THEN 'unknown status' ELSE '' END,
    CASE WHEN s.state = 'QUEUED' THEN now() END, CASE WHEN s.state = 'ACTIVE' THEN now() END, 0,
    t.at, t.at, CASE WHEN s.state <> 'QUEUED' THEN t.at END,
    CASE WHEN s.state = 'COMPLETED' THEN t.at + interval '2 hours' END
FROM generate_series(1, %(orders)s) AS n,
    LATERAL (SELECT now() - interval '365 days' + n * interval '365 days' / %(orders)s AS at) AS t,
    LATERAL (SELECT CASE WHEN n %% 10000 = 1 THEN 'UNCONFIRMED' WHEN n <= %(orders)s * 0.99 THEN 'COMPLETED'
        WHEN n %% 100 = 3 THEN 'QUEUED' ELSE 'ACTIVE' END AS state) AS s
"""
_ATTEMPTS = """
INSERT INTO orders_attempt (order_id, number, provider_id, provider_service, outcome, started_at, lease_until, reason,
    candidate, body_sha256, excerpt)
SELECT id, 1, provider_id, '1', CASE WHEN state = 'UNCONFIRMED' THEN 'unknown' ELSE 'placed' END, created_at,
    created_at, '', '', '', '' FROM orders_order WHERE state <> 'QUEUED'
"""
_TRANSFERS = """
INSERT INTO wallet_transfer (key, source_id, target_id, amount, cause, note, created_at)
SELECT k.key, k.source, k.target, k.amount, 'order:' || o.id, '', k.at
FROM orders_order o JOIN wallet_account w ON w.customer_id = o.customer_id
    JOIN wallet_account p ON p.house = 'provider:' || o.provider_id
    JOIN wallet_account c ON c.house = 'cost:' || o.provider_id,
    LATERAL (VALUES ('charge:' || o.id, w.id, %(held)s, 1500000, o.created_at, true),
        ('cost:' || o.id || ':1', p.id, c.id, 1000000, o.created_at, o.cost > 0),
        ('capture:' || o.id || ':1', %(held)s, %(revenue)s, 1500000, o.finished_at, o.captured > 0)
    ) AS k (key, source, target, amount, at, is_there)
WHERE k.is_there ORDER BY k.at
"""
_TOP_UPS = """
INSERT INTO wallet_transfer (key, source_id, target_id, amount, cause, note, created_at)
SELECT 'topup:' || n, %(gateway)s, w.id, 1000000, '', '',
    now() - interval '365 days' + n::float8 / %(count)s * interval '365 days'
FROM generate_series(1, %(count)s) AS n JOIN wallet_account w ON w.customer_id = %(customer)s + n %% %(customers)s
"""
_BALANCES = """
UPDATE wallet_account w SET balance = t.sum FROM (
    SELECT id, sum(amount) AS sum FROM (
        SELECT target_id AS id, amount FROM wallet_transfer UNION ALL SELECT source_id, -amount FROM wallet_transfer
    ) AS legs GROUP BY id
) AS t WHERE t.id = w.id AND w.customer_id IS NOT NULL
"""


def empty(request: HttpRequest) -> HttpResponse:
    return render(request, "shell.html", {})


urlpatterns = [path("empty/", empty), path("", include("panel.urls"))]


def main() -> None:
    """Every figure of this part; exit status 1 when a limit is missed."""
    seed()
    settings.ROOT_URLCONF = __name__
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(User.objects.create_superuser("owner@example.com", "correct horse battery"))
    settings.STAFF_TWO_FACTOR = settings.ACCOUNT_REAUTHENTICATION_REQUIRED = False
    names = {
        "provider": Provider.objects.order_by("pk")[0].pk,
        "customer": User.objects.order_by("pk")[0].pk,
        "order": Order.objects.order_by("-pk")[5].pk,
    }
    figures = Figures()
    pages = PAGES | {f"admin: {name}": reverse(f"admin:{name}_changelist") for name in ADMIN_LISTS}
    for name, url in pages.items():
        _measure(figures, client, name, url.format(**names))
    figures.close()


ADMIN_LISTS = ("orders_order", "customers_user", "wallet_transfer", "catalog_service", "ops_auditevent")


def seed() -> None:
    """A year of a large shop."""
    empty_tables()
    providers = [new_provider(url=stub_url(variant="same")) for _ in range(PROVIDERS)]
    services = _services(providers[0])
    customers = seed_customers(count=CUSTOMERS, credit=CREDIT)
    houses = {name: _house(name) for name in (ledger.HELD, ledger.REVENUE, "gateway")}
    for provider in providers:
        _house(provider.account)
        _house(provider.cost_account)
        _readings(provider)
    given = {
        "orders": ORDERS, "customer": customers[0].pk, "customers": CUSTOMERS, "service": services[0].pk,
        "services": SERVICES, "provider": providers[0].pk, "providers": PROVIDERS, **houses,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SET session_replication_role = replica")  # what is written here needs no checking
        with texts_indexed_later():
            cursor.execute(_ORDERS, given)
        cursor.execute(_ATTEMPTS)
        cursor.execute("ANALYZE")
        cursor.execute(_TRANSFERS, given)
        cursor.execute("SELECT count(*) FROM wallet_transfer")
        (made,) = cursor.fetchone()
        cursor.execute(_TOP_UPS, {**given, "count": TRANSFERS - made})
        cursor.execute(_BALANCES)
        cursor.execute("SET session_replication_role = origin")
    tidy_tables()
    while roll_up(seconds=600).waiting:
        pass
    tidy_tables()


def _measure(figures: Figures, client: Client, name: str, url: str) -> None:
    def floor() -> None:
        _get(client, "/empty/")

    def ours() -> None:
        _get(client, url)

    for _ in range(2):
        floor(), ours()
    pairs = [(clock(floor), clock(ours)) for _ in range(2 * ROUNDS)]
    figures.times(name, floor=[pair[0] for pair in pairs], ours=[pair[1] for pair in pairs], limit=LIMIT)
    with counted() as executed:
        ours()
    if executed.count > MOST_QUERIES:
        figures.holds(f"queries of {name}", found=executed.count, wanted=f"{MOST_QUERIES} at most")


def _get(client: Client, url: str) -> None:
    answer = client.get(url)
    if answer.status_code != 200:
        raise RuntimeError(f"{url} answered with {answer.status_code}")


def _services(provider: Provider) -> list[Service]:
    category = Category.objects.create(name="Instagram")
    upstream = [
        UpstreamService(
            provider=provider, external_id=str(number), name=f"Followers {number}", type="Default", raw_type="Default",
            category="Instagram", rate=Decimal(1), min=10, max=1_000_000,
        )
        for number in range(1, SERVICES + 1)
    ]  # fmt: skip
    UpstreamService.objects.bulk_create(upstream)
    return Service.objects.bulk_create(
        Service(
            upstream=row, provider=provider, category=category, name=row.name, type=row.type,
            min=row.min, max=row.max, cost=1, rate=Decimal("1.5"), measured_seconds=7200,
        )
        for row in upstream
    )  # fmt: skip


def _readings(provider: Provider) -> None:
    """A month of readings, one every five minutes."""
    now = timezone.now()
    BalanceReading.objects.bulk_create(
        BalanceReading(
            provider=provider, at=now - timedelta(minutes=5 * number), balance=1000 + number,
            currency="USD", expected=1000 + number, drift=0,
        )
        for number in range(30 * 24 * 12)
    )  # fmt: skip


def _house(name: str) -> int:
    return ledger.house_account(house=name, currency="USD").pk
