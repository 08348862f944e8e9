"""A customer's list of 1,000,000 orders against the same list of 1,000 orders, on PostgreSQL.

A page takes as long however many orders there are; so do the counts beside the tabs, which the common way, counting
all, is shown against. Searches have a part of their own, order_search.
"""

from collections.abc import Callable
from datetime import timedelta

from django.db import connection
from django.db.models import Count
from django.utils import timezone

from bench.figures import ROUNDS, Figures, clock
from bench.seed import RATE, seed_customers, seed_service
from bench.world import counted, empty_tables, new_provider, stub_url, texts_indexed_later, tidy_tables
from orders.listing.order_list import WORDS, Listing, Wanted, find_place
from orders.listing.paging import ROWS, Place
from orders.models import Order
from panel.customers.models import User
from providers.catalog.models import Service

FEW, MANY = 1_000, 1_000_000
LIMIT = 3
LIMIT_OF_COUNTS = 0.5

_COPIES = """
INSERT INTO orders_order ({kept}, customer_id, created_at, link, state, provider_status, provider_order_id)
SELECT {kept}, %(customer)s, now() - (%(count)s - n) * interval '30 seconds', 'https://www.example.com/p/' || n,
    CASE WHEN n %% 100 < 90 THEN 'COMPLETED' WHEN n %% 100 < 95 THEN 'PARTIAL' WHEN n %% 100 < 99 THEN 'CANCELED'
        WHEN n %% 1000 = 99 THEN 'QUEUED' ELSE 'ACTIVE' END,
    CASE WHEN n %% 50000 = 199 THEN 'Processing' ELSE 'In progress' END, %(customer)s || '-' || n
FROM generate_series(1, %(count)s) AS n, orders_order WHERE id = %(example)s
"""
_GIVEN = {"id", "listed_as", "customer_id", "client_token", "created_at", "link", "state", "provider_status"}


def main() -> None:
    """Every figure of this part; exit status 1 when a limit is missed."""
    seed()
    few, many = User.objects.order_by("pk")[:2]
    figures = Figures()
    deep = list(Order.objects.filter(customer=many).order_by("pk").values_list("created_at", "pk")[100_000:100_001])
    place = Place(*deep[0])
    for name, ours in (
        ("the newest page", lambda: Listing(Wanted(many)).page()),
        ("a page 900,000 orders down", lambda: Listing(Wanted(many)).page(before=place)),
        ("the page beside it, newer", lambda: Listing(Wanted(many)).page(after=place)),
        ("the orders of one day, 300 days ago", lambda: Listing(_one_day(many)).page()),
        *((f"the newest page of {word}", _page_of(many, word)) for word in WORDS),
    ):
        _compare(figures, name, floor=lambda: Listing(Wanted(few)).page(), ours=ours, limit=LIMIT)
    _compare(figures, "counts of all words", floor=lambda: _count_all(many), ours=_counts(many), limit=LIMIT_OF_COUNTS)
    _compare(figures, "a search for what is nowhere", floor=lambda: _seek(few), ours=lambda: _seek(many), limit=LIMIT)
    with counted() as executed:
        Listing(Wanted(many)).page(word="Partial", before=find_place(customer=many, order_id=place.id))
        Listing(Wanted(many)).counts()
    figures.holds("statements of a page with its counts", found=executed.count, wanted=3)
    figures.holds("rows of a page", found=len(Listing(Wanted(many)).page().rows), wanted=ROWS)
    figures.close()


def seed() -> None:
    """One customer with FEW orders, one with MANY."""
    empty_tables()
    service = seed_service(provider=new_provider(url=stub_url(variant="same")))
    few, many = seed_customers(count=2, credit=RATE)
    example = _example(few, service)
    kept = ", ".join(f.column for f in Order._meta.concrete_fields if f.column not in _GIVEN | {"provider_order_id"})
    with texts_indexed_later(), connection.cursor() as cursor:
        for customer, count in ((few, FEW), (many, MANY)):
            given = {"customer": customer.pk, "count": count, "example": example.pk}
            cursor.execute(_COPIES.format(kept=kept), given)
    example.delete()
    tidy_tables()


def _example(customer: User, service: Service) -> Order:
    return Order.objects.create(
        customer=customer,
        service=service,
        provider=service.provider,
        provider_service="1",
        type="Default",
        quantity=1000,
        currency="USD",
        rate=RATE,
        charge=RATE,
        provider_currency="USD",
        exchange_rate=1,
        expected_cost=1,
    )


def _compare(
    figures: Figures, name: str, *, floor: Callable[[], object], ours: Callable[[], object], limit: float | None
) -> None:
    floor(), ours()
    pairs = [(clock(floor), clock(ours)) for _ in range(ROUNDS)]
    figures.times(name, floor=[pair[0] for pair in pairs], ours=[pair[1] for pair in pairs], limit=limit)


def _page_of(customer: User, word: str) -> Callable[[], object]:
    return lambda: Listing(Wanted(customer)).page(word=word)


def _counts(customer: User) -> Callable[[], object]:
    return lambda: Listing(Wanted(customer)).counts()


def _one_day(customer: User) -> Wanted:
    then = timezone.now() - timedelta(days=300)
    return Wanted(customer, since=then, until=then + timedelta(days=1))


def _count_all(customer: User) -> object:
    """What the common way asks for: every order counted."""
    return list(Order.objects.filter(customer=customer).values_list("listed_as").annotate(Count("pk")))


def _seek(customer: User) -> object:
    return Listing(Wanted(customer, search="nothing like it")).page()
