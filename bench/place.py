"""Placing orders for many customers, one after the other, against the bare transaction: the same writes in plain SQL.

The wake-up goes to the in-process broker, as in the embedded default; it is measured with and without.
"""

import os
from contextlib import AbstractContextManager
from decimal import Decimal
from itertools import cycle
from unittest.mock import patch

import psycopg
from django.utils import timezone

from bench.figures import ROUNDS, Figures, clock
from bench.seed import RATE, seed_customers, seed_service
from bench.world import counted, empty_tables, new_provider, stub_url, tidy_tables
from orders.accounting.audit import audit_all
from orders.models import Order
from orders.placing.place import place_order
from panel.customers.models import User
from panel.wallet import ledger
from panel.wallet.models import Account
from providers.catalog.models import Service

ORDERS = 1000
CUSTOMERS = 500
QUANTITY = 100
CHARGE = RATE * QUANTITY / 1000
LIMIT = 0.3
LINK = "https://www.example.com/page"

_ORDER = """
INSERT INTO orders_order (customer_id, service_id, provider_id, provider_service, type, link, quantity, fields,
    currency, rate, charge, refunded, captured, provider_currency, exchange_rate, expected_cost, cost, money_moves,
    state, provider_status, provider_status_raw, attention, next_attempt_at, misses, created_at, queued_at)
VALUES (%s, %s, %s, '1', 'Default', %s, %s, '{"link": "x", "quantity": "100"}', 'USD', 1500000, %s, 0, 0, 'USD',
    10000000000, 100000, 0, 0, 'QUEUED', '', '', '', now(), 0, now(), now()) RETURNING id
"""
_WALLET = "UPDATE wallet_account SET balance = balance - %s WHERE id = %s AND balance >= %s"
_TRANSFER = """
INSERT INTO wallet_transfer (key, source_id, target_id, amount, cause, note, created_at)
VALUES (%s, %s, %s, %s, %s, '', now())
"""
_EVENT = """
INSERT INTO orders_orderevent (order_id, at, what, old, new, actor, reason, amount)
VALUES (%s, now(), 'ordered', '', 'QUEUED', '', '', %s)
"""


def main() -> None:
    """Every figure of this part; exit status 1 when a limit is missed."""
    empty_tables()
    service = seed_service(provider=new_provider(url=stub_url(variant="same")))
    customers = seed_customers(count=CUSTOMERS, credit=Decimal(1000))
    tidy_tables()
    figures = Figures()
    floor, ours, unwoken = [], [], []
    for _ in range(ROUNDS):
        floor.append(ORDERS / clock(lambda: place_bare(service, customers)))
        ours.append(ORDERS / clock(lambda: place_ours(service, customers)))
        with _no_wake_up():
            unwoken.append(ORDERS / clock(lambda: place_ours(service, customers)))
    figures.rates("an order placed", floor=floor, ours=ours, limit=LIMIT)
    figures.rates("  without its wake-up", floor=floor, ours=unwoken, limit=None)
    _count_statements(figures, service, customers)
    figures.holds("orders written", found=Order.objects.count(), wanted=3 * ROUNDS * ORDERS + 2)
    figures.holds("differences in the books", found=len(audit_all()), wanted=0)
    figures.close()


def place_ours(service: Service, customers: list[User]) -> None:
    words = {"link": LINK, "quantity": str(QUANTITY)}
    for _, customer in zip(range(ORDERS), cycle(customers), strict=False):
        place_order(customer=customer, service_id=service.pk, params=words, now=timezone.now())


def place_bare(service: Service, customers: list[User]) -> None:
    """The transaction that is at the bottom of it, through the driver on one connection."""
    wallets = dict(Account.objects.filter(customer__isnull=False).values_list("customer", "pk"))
    held = ledger.house_account(house=ledger.HELD, currency="USD").pk
    amount = int(CHARGE.scaleb(6))
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        for _, customer in zip(range(ORDERS), cycle(customers), strict=False):
            with connection.transaction(), connection.cursor() as cursor:
                cursor.execute(_ORDER, (customer.pk, service.pk, service.provider_id, LINK, QUANTITY, amount))
                (pk,) = cursor.fetchone() or (0,)
                cursor.execute(_WALLET, (amount, wallets[customer.pk], amount))
                cursor.execute(_TRANSFER, (f"charge:{pk}", wallets[customer.pk], held, amount, f"order:{pk}"))
                cursor.execute(_EVENT, (pk, amount))


def _count_statements(figures: Figures, service: Service, customers: list[User]) -> None:
    words = {"link": LINK, "quantity": str(QUANTITY)}
    found = []
    for customer in customers[:2]:
        with counted() as executed:
            place_order(customer=customer, service_id=service.pk, params=words, now=timezone.now())
        found.append(executed.count)
    figures.holds("statements an order", found=found, wanted=[6, 6])


def _no_wake_up() -> AbstractContextManager[object]:
    return patch("orders.placing.place.wake_submit", new=lambda *, order_id: None)
