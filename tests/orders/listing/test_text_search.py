"""Searches for text over all orders: exactly what a plain look at every order finds, by indexes, on both databases."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.db.models import F, Q
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.listing import paging, search_index, text_search
from orders.listing.order_list import Listing, Wanted
from orders.listing.paging import Page, Place, place_in
from orders.listing.search import Sought, find_orders
from orders.models import Order, SearchEntry
from panel.customers.models import User
from providers.catalog.models import Service
from tests.fixtures_orders import Store

LETTERS = "ab/AÉéßİıΣσςПп5%_\"'\\ .猫"
links = st.lists(st.text(LETTERS, max_size=9), min_size=1, max_size=14)
texts = st.text(LETTERS, min_size=1, max_size=5).filter(lambda text: bool(text.strip()))
Turn = Callable[..., Page]


@contextlib.contextmanager
def small_bounds() -> Iterator[None]:
    """Pages of two, and every bound so small that a few orders pass it."""
    with (
        patch.object(paging, "ROWS", 2),
        patch.object(text_search, "NEAR", 3),
        patch.object(search_index, "BLOCK", 4),
        patch.object(search_index, "BUDGET_SECONDS", 60),
        patch.object(text_search, "FEW", 4),
        patch.object(text_search, "REACH", 5),
    ):
        yield


def make_orders(store: Store, links: list[str], *, customer: User | None = None) -> list[int]:
    """Orders with these links, the oldest first; every third is of another service, every second is partial."""
    first, other = Service.objects.order_by("pk")[:2]
    start = timezone.now() - timedelta(days=1) + timedelta(hours=Order.objects.count())
    made = Order.objects.bulk_create(
        Order(
            customer=customer or store.customer, service=other if number % 3 == 2 else first, provider=store.provider,
            provider_service="1", type="Default", link=link, quantity=1, currency="USD", rate=1, charge=1,
            provider_currency="USD", exchange_rate=1, expected_cost=1, state=("QUEUED", "PARTIAL")[number % 2],
            created_at=start + timedelta(minutes=number // 2),
        )
        for number, link in enumerate(links)
    )  # fmt: skip
    use_small_blocks()
    return [order.pk for order in made]


def use_small_blocks() -> None:
    """As small as `small_bounds` has them; triggers write entries with the blocks of the product."""
    SearchEntry.objects.update(block=F("order_id") / 4)


def walk(turn: Turn) -> list[int]:
    """All pages from the newest on, over every end that a search comes to."""
    found: list[int] = []
    page = turn()
    while page.older is not None:
        found += [order.pk for order in page.rows]
        page = turn(before=_place(page.older))
    return found + [order.pk for order in page.rows]


def walk_back(turn: Turn, start: int) -> set[int]:
    """All pages from the order on, towards the newest."""
    found: set[int] = set()
    page = turn(after=_place(start))
    while page.newer is not None:
        found |= {order.pk for order in page.rows}
        page = turn(after=_place(page.newer))
    return found | {order.pk for order in page.rows}


def _place(pk: int) -> Place:
    place = place_in(Order.objects.all(), order_id=pk)
    assert place is not None
    return place


def plainly(condition: Q) -> list[int]:
    """What looking at each order finds."""
    return list(Order.objects.filter(condition).order_by("-created_at", "-pk").values_list("pk", flat=True))


def holds(turn: Turn, condition: Q) -> None:
    """The list is exactly what the condition finds, in either direction."""
    expected = plainly(condition)
    assert walk(turn) == expected
    oldest = Order.objects.order_by("pk")[0].pk
    back = walk_back(turn, oldest)
    assert set(expected) - {oldest} <= back <= set(expected)


def check_customer(customer: User, text: str) -> None:
    named = Q(pk__in=Service.objects.all())
    for word in text.split():
        named &= Q(name__icontains=word)
    condition = Q(customer=customer) & (
        Q(link__icontains=text) | Q(service__in=Service.objects.filter(named).values("pk"))
    )
    since = timezone.now() - timedelta(days=1) + timedelta(seconds=61)
    for extra, more, word in (
        ({}, Q(), ""),
        ({}, Q(listed_as="Partial"), "Partial"),
        ({"since": since}, Q(created_at__gte=since), ""),
    ):
        wanted = Wanted(customer, search=text, **extra)
        holds(lambda wanted=wanted, word=word, **given: Listing(wanted).page(word=word, **given), condition & more)
        counts = Listing(wanted).counts()
        total = len(plainly(condition & (Q() if word else more)))
        assert counts.all == total or (counts.is_partial and counts.all < total)


def check_staff(text: str) -> None:
    condition = Q(link__icontains=text) | Q(customer__in=User.objects.filter(email__icontains=text).values("pk"))
    holds(lambda **given: find_orders(Sought(search=text), **given), condition)
    partial: dict[str, Any] = {"search": text, "state": "PARTIAL"}
    holds(lambda **given: find_orders(Sought(**partial), **given), condition & Q(state="PARTIAL"))


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
@given(mine=links, others=links, changed=st.text(LETTERS, max_size=9), data=st.data())
def test_exactly_what_looking_at_each_order_finds(
    store: Store, mine: list[str], others: list[str], changed: str, data: st.DataObject
) -> None:
    """Also after links and customers changed and orders went, for a part of a link and for any text."""
    bo = User.objects.get_or_create(email="bo@example.com")[0]
    ids = make_orders(store, mine) + make_orders(store, others, customer=bo)
    try:
        Order.objects.filter(pk=ids[0]).update(link=changed)
        Order.objects.filter(pk=ids[-1]).update(customer=store.customer)
        use_small_blocks()
        parts = [link[i : i + 4] for link in [changed, *mine, *others] for i in range(len(link))]
        parts = [part.strip() for part in parts if part.strip() and not part.strip().isdecimal()] or ["aaa"]
        search = data.draw(st.one_of(st.sampled_from(parts), texts)).strip()
        if search.isdecimal():
            search += "x"
        with small_bounds():
            check_customer(store.customer, search)
            check_staff(search)
    finally:
        Order.objects.all().delete()
    assert not SearchEntry.objects.exists()


@pytest.mark.parametrize(
    "text", ["mid/", "zzzz", "example", "gram", "xam", "e", "100%", "a_b", '"quo', "ПОДПИС", "élite", "o@ex"]
)
def test_texts_of_every_kind(store: Store, text: str) -> None:
    bo = User.objects.create_user("bo@example.com", "correct horse battery")
    mine = [f"https://example.com/{n}" for n in range(9)]
    make_orders(store, [*mine, "https://x.com/Подписчики", 'a_b "Quoted" 100%', "https://x.com/Élite/mid/1"])
    make_orders(store, [*mine, "axb 1000", "mid/2"], customer=bo)
    with small_bounds():
        for customer in (store.customer, bo):
            check_customer(customer, text)
        check_staff(text)


def test_a_rare_text_is_asked_of_the_index_alone(store: Store) -> None:
    """Proved by the plan: no statement of the search goes through the entries one by one."""
    match = search_index.Match("mid/")
    plans: list[str] = []

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "LATERAL" in sql or "MATCH" in sql:
            verb = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
            execute(f"{verb} {sql}", params, many, context)
            plans.append("\n".join(str(row) for row in context["cursor"].fetchall()))
        return execute(sql, params, many, context)

    make_orders(store, [f"https://x.example/{n}" for n in range(50)] + ["https://x.example/mid/1"])
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # a small table is read whole, a large one is not
            cursor.execute("SET LOCAL enable_indexscan = off")
    with connection.execute_wrapper(explain), patch.object(search_index, "BLOCK", 4):
        found = search_index.find_all(match, search_index.Way(), most=10)
    assert (len(found.ids), found.end) == (1, None)
    index = "orders_search_text" if connection.vendor == "postgresql" else "VIRTUAL TABLE INDEX"
    assert [index in plan for plan in plans] == [True] * len(plans) != []


def test_a_search_that_takes_too_long_says_how_far_it_came(store: Store) -> None:
    ids = make_orders(store, [f"https://x.example/{n}" for n in range(12)])
    match = search_index.Match("nowhere")
    with patch.object(search_index, "BLOCK", 4), patch.object(search_index, "BUDGET_SECONDS", 0):
        older = search_index.find_all(match, search_index.Way(), most=10)
        newer = search_index.find_all(match, search_index.Way(is_newer=True), most=10)
    assert (older.ids, newer.ids) == ([], [])
    assert older.end == min(pk for pk in ids if pk // 4 == ids[-1] // 4)
    assert newer.end == max(pk for pk in ids if pk // 4 == ids[0] // 4)
