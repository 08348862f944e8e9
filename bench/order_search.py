"""Searches over 1,000,000 orders, customers' and staff's, each page against the same list without a search.

In one process, signed in. 600,000 orders are one customer's. Links differ by numbers; every hundredth has a word of its
own, and the oldest tenth another one, so that there are texts that all, many, few and no orders have.
"""

from decimal import Decimal
from functools import partial

from django.conf import settings
from django.db import connection
from django.test import Client

from bench.figures import ROUNDS, Figures, clock
from bench.seed import RATE, seed_customers, seed_service
from bench.world import IS_POSTGRESQL, empty_tables, new_provider, stub_url, texts_indexed_later, tidy_tables
from orders.models import Order, SearchEntry
from panel.customers.models import User

ORDERS, LARGEST, CUSTOMERS = 1_000_000, 600_000, 2_000
LIMIT = 2
TEXTS = {
    "that every order has": "example.com",
    "that is nowhere": "nothing like it",
    "nowhere, beyond ASCII": "Подписчики",
    "that few have": "/777777",
    "that one in a hundred has": "СОТЫЙ",
    "that the oldest tenth has": "/oldest/",
    "of three digits": "777",
    "with % _ and quotes": "100%_\"'",
    "of one letter": "e",
    "of two letters, nowhere": "zq",
    "whose parts are everywhere": "com/www.example",
}
FILTERED = {
    "that is nowhere, of a state": "nothing like it",
    "that one in a hundred has, of a state": "сотый",
}

_SECONDS = "(%(orders)s - n) * 30"
_AT = (
    f"now() - {_SECONDS} * interval '1 second'"
    if IS_POSTGRESQL
    else f"strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', '-' || ({_SECONDS}) || ' seconds')"
)
_ORDERS = f"""
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %(orders)s)
INSERT INTO orders_order ({{kept}}, customer_id, created_at, link, state, provider_status, provider_order_id)
SELECT {{kept}}, CASE WHEN n %% 10 < 6 THEN %(largest)s ELSE %(first)s + n %% %(customers)s END, {_AT},
    'https://www.example.com/' || CASE WHEN n * 10 <= %(orders)s THEN 'oldest/' ELSE 'p/' END
        || CASE WHEN n %% 100 = 5 THEN 'Сотый/' ELSE '' END || n,
    CASE WHEN n %% 100 < 95 THEN 'COMPLETED' ELSE 'PARTIAL' END, 'Completed', '' || n
FROM numbers, orders_order WHERE id = %(example)s
"""
_GIVEN = {
    "id", "listed_as", "customer_id", "client_token", "created_at", "link", "state", "provider_status",
    "provider_order_id",
}  # fmt: skip


def main() -> None:
    """Every figure of this part; exit status 1 when a limit is missed."""
    largest = seed()
    settings.STAFF_TWO_FACTOR = settings.ACCOUNT_REAUTHENTICATION_REQUIRED = False
    owner = User.objects.create_superuser("owner@bench.example", "correct horse battery")
    figures = Figures()
    figures.holds("entries", found=SearchEntry.objects.count(), wanted=ORDERS)
    for who, user, url, state in (
        ("customer", largest, "/orders/", "partial"),
        ("staff", owner, "/staff/orders/", "PARTIAL"),
    ):
        client = Client(HTTP_HOST="127.0.0.1")
        client.force_login(user)
        for name, text in TEXTS.items():
            _measure(figures, client, f"{who}: {name}", url, {"q": text})
        for name, text in FILTERED.items():
            _measure(figures, client, f"{who}: {name}", url, {"q": text, "state": state})
    figures.close()


def seed() -> User:
    """The customer with the most orders."""
    empty_tables()
    service = seed_service(provider=new_provider(url=stub_url(variant="same")))
    largest, *others = seed_customers(count=CUSTOMERS + 1, credit=Decimal(1))
    example = Order.objects.create(
        customer=largest, service=service, provider=service.provider, provider_service="1", type="Default",
        quantity=1000, currency="USD", rate=RATE, charge=RATE, provider_currency="USD", exchange_rate=1,
        expected_cost=1,
    )  # fmt: skip
    kept = ", ".join(f.column for f in Order._meta.concrete_fields if f.column not in _GIVEN)
    given = {
        "orders": ORDERS, "largest": largest.pk, "first": others[0].pk, "customers": CUSTOMERS, "example": example.pk,
    }  # fmt: skip
    with texts_indexed_later(), connection.cursor() as cursor:
        if IS_POSTGRESQL:
            cursor.execute("SET statement_timeout = 0")
        cursor.execute(_ORDERS.format(kept=kept), given)
    example.delete()
    tidy_tables()
    return largest


def _measure(figures: Figures, client: Client, name: str, url: str, query: dict[str, str]) -> None:
    floor = partial(_get, client, url, {})
    ours = partial(_get, client, url, query)
    floor(), ours()
    pairs = [(clock(floor), clock(ours)) for _ in range(2 * ROUNDS)]
    figures.times(name, floor=[pair[0] for pair in pairs], ours=[pair[1] for pair in pairs], limit=LIMIT)


def _get(client: Client, url: str, query: dict[str, str]) -> None:
    answer = client.get(url, query)
    if answer.status_code != 200:
        raise RuntimeError(f"{url} answered with {answer.status_code}")
