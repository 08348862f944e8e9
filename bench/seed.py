"""Open orders by the hundred thousand, their books complete: written by the database itself, so that it takes seconds.

For PostgreSQL. They came due a thousand at a time, as earlier polling leaves them. Order n is the
provider's order n, has cost 1 and was charged 1.50 for 1000 units.
"""

from decimal import Decimal

from django.db import connection

from bench.world import empty_tables, new_provider, tidy_tables
from panel.customers.models import User
from panel.wallet import ledger
from panel.wallet.models import Account
from providers.catalog.models import Category, Service
from providers.models import Provider, UpstreamService

CUSTOMERS = 500
CREDIT = Decimal(10_000)
CHARGE, COST = Decimal("1.5"), Decimal(1)
RATE = Decimal("1.5")

_ORDERS = """
INSERT INTO orders_order (customer_id, service_id, provider_id, provider_service, type, link, quantity, fields,
    currency, rate, charge, refunded, captured, provider_currency, exchange_rate, expected_cost, cost, money_moves,
    state, provider_order_id, provider_status, provider_status_raw, start_count, remains, attention,
    next_poll_at, misses, created_at, queued_at, sent_at)
SELECT %(customer)s + n %% %(customers)s, %(service)s, %(provider)s, '1', 'Default', 'https://www.example.com/' || n,
    1000, '{"link": "https://www.example.com/"}', 'USD', 1500000, 1500000, 0, 0, 'USD', 10000000000, 1000000,
    1000000, 1,
    'ACTIVE', n::text, 'In progress', 'In progress', 3572, 500, '',
    now() - interval '2 minutes' + n / 1000 * interval '10 milliseconds', 0,
    now() - interval '1 hour', now() - interval '1 hour', now() - interval '1 hour'
FROM generate_series(1, %(orders)s) AS n
"""
_TRANSFERS = """
INSERT INTO wallet_transfer (key, source_id, target_id, amount, cause, note, created_at)
SELECT 'charge:' || o.id, w.id, %(held)s, 1500000, 'order:' || o.id, '', now()
FROM orders_order o JOIN wallet_account w ON w.customer_id = o.customer_id
UNION ALL
SELECT 'cost:' || o.id || ':1', %(theirs)s, %(costs)s, 1000000, 'order:' || o.id, '', now() FROM orders_order o
"""
_BALANCES = """
UPDATE wallet_account w SET balance = balance - o.spent
FROM (SELECT customer_id, sum(charge) AS spent FROM orders_order GROUP BY customer_id) o
WHERE w.customer_id = o.customer_id
"""


def seed_customers(*, count: int, credit: Decimal) -> list[User]:
    """Customers, each with money in a wallet, from an emptied database."""
    users = [User(email=f"customer{number}@example.com", password="!") for number in range(count)]
    User.objects.bulk_create(users)
    for user in users:
        ledger.credit_wallet(user=user, amount=credit, key=f"credit:{user.pk}")
    return users


def seed_service(*, provider: Provider) -> Service:
    """One service on the shelf."""
    values = {"name": "Followers", "type": "Default", "min": 10, "max": 1_000_000}
    category = Category.objects.create(name="Instagram")
    upstream = UpstreamService.objects.create(
        provider=provider, external_id="1", raw_type="Default", category=category.name, rate=COST, **values
    )
    return Service.objects.create(
        upstream=upstream, provider=provider, category=category, cost=COST, rate=RATE, **values
    )


def seed_orders(*, count: int, url: str) -> Provider:
    """A database that holds nothing but a provider at `url` and `count` open orders there, all due."""
    empty_tables()
    provider = new_provider(url=url)
    service = seed_service(provider=provider)
    customers = seed_customers(count=CUSTOMERS, credit=CREDIT)
    houses = {name: _house(name) for name in (ledger.HELD, ledger.REVENUE, provider.account, provider.cost_account)}
    with connection.cursor() as cursor:
        given = {
            "orders": count,
            "customer": customers[0].pk,
            "customers": CUSTOMERS,
            "service": service.pk,
            "provider": provider.pk,
        }
        cursor.execute(_ORDERS, given)
        given = {
            "held": houses[ledger.HELD],
            "theirs": houses[provider.account],
            "costs": houses[provider.cost_account],
        }
        cursor.execute(_TRANSFERS, given)
        cursor.execute(_BALANCES)
    tidy_tables()
    return provider


def _house(name: str) -> int:
    account: Account = ledger.house_account(house=name, currency="USD")
    return account.pk
