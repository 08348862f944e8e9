"""A shop's history for the bench of the ledger, on PostgreSQL and SQLite alike: written by the database itself.

Orders are written stretch after stretch, evenly over the time of each. One in ten is open, one in ten was partial.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection

from bench.seed import seed_customers, seed_service
from bench.world import IS_POSTGRESQL, empty_tables, new_provider, tidy_tables
from panel.customers.models import User
from panel.wallet import ledger
from providers.models import Provider

CUSTOMERS = 500

_COLUMNS = """customer_id, service_id, provider_id, provider_service, type, link, quantity, fields,
    currency, rate, charge, refunded, captured, provider_currency, exchange_rate, expected_cost, cost, money_moves,
    state, provider_order_id, provider_status, provider_status_raw, start_count, remains, attention,
    misses, created_at, queued_at, sent_at, finished_at"""
_ORDERS = """
INSERT INTO orders_order (id, {columns})
WITH RECURSIVE numbers(n) AS (SELECT %(first)s UNION ALL SELECT n + 1 FROM numbers WHERE n < %(last)s),
    timed AS (SELECT n, {at} AS at, CASE WHEN n %% 10 = 0 THEN 'ACTIVE' WHEN n %% 10 = 1 THEN 'PARTIAL'
        ELSE 'COMPLETED' END AS state FROM numbers)
SELECT n, %(customer)s + n * 7 %% %(customers)s, %(service)s, %(provider)s, '1', 'Default', 'https://example.com/' || n,
    1000, '{{"link": "https://example.com/"}}', 'USD', 1500000, 1500000,
    CASE WHEN state = 'PARTIAL' THEN 750000 ELSE 0 END,
    CASE state WHEN 'PARTIAL' THEN 750000 WHEN 'COMPLETED' THEN 1500000 ELSE 0 END,
    'USD', 10000000000, 1000000, 1000000, 2, state, CAST(n AS VARCHAR(20)), 'In progress', 'In progress', 3572,
    CASE WHEN state = 'COMPLETED' THEN 0 ELSE 500 END, '', 0, at, at, at, CASE WHEN state <> 'ACTIVE' THEN at END
FROM timed
"""
_TRANSFERS = """
INSERT INTO wallet_transfer (key, source_id, target_id, amount, cause, note, created_at)
SELECT key, source, target, amount, cause, '', at FROM (
    SELECT o.id, 1 AS step, 'charge:' || o.id AS key, w.id AS source, %(held)s AS target, o.charge AS amount,
        'order:' || o.id AS cause, o.created_at AS at
    FROM orders_order o JOIN wallet_account w ON w.customer_id = o.customer_id WHERE o.id >= %(first)s
    UNION ALL SELECT o.id, 2, 'cost:' || o.id || ':1', %(theirs)s, %(costs)s, o.cost, 'order:' || o.id, o.created_at
    FROM orders_order o WHERE o.id >= %(first)s
    UNION ALL SELECT o.id, 3, 'refund:' || o.id || ':0.75', %(held)s, w.id, o.refunded, 'order:' || o.id, o.finished_at
    FROM orders_order o JOIN wallet_account w ON w.customer_id = o.customer_id
        WHERE o.refunded > 0 AND o.id >= %(first)s
    UNION ALL SELECT o.id, 4, 'capture:' || o.id || ':2', %(held)s, %(revenue)s, o.captured, 'order:' || o.id,
        o.finished_at
    FROM orders_order o WHERE o.captured > 0 AND o.id >= %(first)s
) AS moves ORDER BY id, step
"""
_BALANCES = """
UPDATE wallet_account SET balance = (SELECT SUM(amount) FROM wallet_transfer WHERE target_id = wallet_account.id)
    - COALESCE((SELECT SUM(amount) FROM wallet_transfer WHERE source_id = wallet_account.id), 0)
WHERE customer_id IS NOT NULL
"""
_EVENTS = """
INSERT INTO orders_orderevent (order_id, at, what, old, new, actor, reason)
SELECT id, created_at, 'ordered', '', 'QUEUED', '', '' FROM orders_order WHERE id >= %(first)s
"""


class History:
    """A shop from an emptied database; `write` adds orders with all of their transfers."""

    def __init__(self, *, url: str) -> None:
        empty_tables()
        self.provider: Provider = new_provider(url=url)
        self.service = seed_service(provider=self.provider)
        self.customers: list[User] = seed_customers(count=CUSTOMERS, credit=Decimal(1_000_000))
        self.houses = {
            word: ledger.house_account(house=name, currency="USD").pk
            for word, name in {
                "held": ledger.HELD,
                "revenue": ledger.REVENUE,
                "theirs": self.provider.account,
                "costs": self.provider.cost_account,
            }.items()
        }
        self.last = 0
        """The last order's id."""

    def write(self, *, count: int, since: datetime, until: datetime) -> None:
        """So many orders, evenly between two moments."""
        step = (until - since) / timedelta(seconds=1) / count
        start = since.timestamp() - (self.last + 1) * step
        first, last = self.last + 1, self.last + count
        given = {
            "first": first, "last": last, "start": start, "step": step, "customer": self.customers[0].pk,
            "customers": CUSTOMERS, "service": self.service.pk, "provider": self.provider.pk, **self.houses,
        }  # fmt: skip
        at = "to_timestamp(%(start)s + n * %(step)s)"
        if not IS_POSTGRESQL:
            at = "strftime('%%Y-%%m-%%d %%H:%%M:%%f', %(start)s + n * %(step)s, 'unixepoch')"
        with connection.cursor() as cursor:
            if IS_POSTGRESQL:
                cursor.execute("SET statement_timeout = 0")
            cursor.execute(_ORDERS.format(columns=_COLUMNS, at=at), given)
            cursor.execute(_TRANSFERS, given)
            cursor.execute(_EVENTS, given)
            cursor.execute(_BALANCES)
        self.last = last
        tidy_tables()
