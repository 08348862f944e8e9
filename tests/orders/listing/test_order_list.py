"""Finding a customer's orders: the word each is listed under, pages, text and numbers, counting that stops."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from orders.listing import order_list, paging, text_search
from orders.listing.order_list import Counts, Listing, Wanted, find_place
from orders.listing.paging import Place
from orders.models import Order
from orders.rules.states import State, word_for_customer
from panel.customers.models import User
from tests.fixtures_orders import Store
from tests.fixtures_simulator import PLAIN_SERVICE

SAID = ("", "Pending", "Processing", "In progress", "Completed", "Something new")
NOTHING = dict.fromkeys(order_list.WORDS, 0)
IS_SQLITE = connection.vendor == "sqlite"
"""It is asked whether it has an index of texts."""
Queries = Callable[[int], Any]


@pytest.fixture(autouse=True)
def _three_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "ROWS", 3)


@pytest.fixture
def ten(store: Store) -> list[int]:
    """Ten orders, oldest first; each two were made at the same moment, and every third is partial."""
    return place_many(store, 10)


def place_many(store: Store, count: int) -> list[int]:
    start = timezone.now() - timedelta(hours=count)
    ids = [store.place(PLAIN_SERVICE, quantity="10").pk for _ in range(count)]
    for number, pk in enumerate(ids):
        state = State.PARTIAL if number % 3 == 0 else State.QUEUED
        made = start + timedelta(hours=number // 2)
        Order.objects.filter(pk=pk).update(state=state, created_at=made, link=f"https://example.com/{number}/")
    return ids


def walk(store: Store, *, way: str, start: Place | None = None, word: str = "", search: str = "") -> list[list[int]]:
    """The pages from `start` on, one way, as ids."""
    pages = []
    place = start
    while True:
        given: dict[str, Place | None] = {"before" if way == "older" else "after": place}
        page = Listing(Wanted(store.customer, search=search)).page(word=word, **given)
        pages.append([row.pk for row in page.rows])
        following = getattr(page, way)
        if following is None:
            return pages
        place = find_place(customer=store.customer, order_id=following)


def test_the_database_lists_an_order_under_the_word_that_customers_read(store: Store) -> None:
    """Every state with every word of the provider's."""
    for number, (state, said) in enumerate(itertools.product(State, SAID)):
        order = store.place(PLAIN_SERVICE, quantity="10")
        Order.objects.filter(pk=order.pk).update(state=state, provider_status=said, provider_order_id=f"x{number}")
    found = list(Order.objects.values_list("state", "provider_status", "listed_as"))
    assert len(found) == len(State) * len(SAID)
    for state, said, listed_as in found:
        assert listed_as == word_for_customer(state, said), (state, said)


def test_pages_hold_every_order_once_newest_first(store: Store, ten: list[int]) -> None:
    newest_first = ten[::-1]
    assert walk(store, way="older") == [newest_first[:3], newest_first[3:6], newest_first[6:9], newest_first[9:]]


def test_pages_lead_back_to_the_newest(store: Store, ten: list[int]) -> None:
    newest_first = ten[::-1]
    oldest = find_place(customer=store.customer, order_id=ten[0])
    assert walk(store, way="newer", start=oldest) == [newest_first[6:9], newest_first[3:6], newest_first[:3]]


def test_a_page_near_the_top_is_the_newest_page(store: Store, ten: list[int]) -> None:
    """Newer than the second newest is one order alone: shown is a whole page, with none newer."""
    page = Listing(Wanted(store.customer)).page(after=find_place(customer=store.customer, order_id=ten[-2]))
    assert [row.pk for row in page.rows] == ten[:-4:-1]
    assert (page.newer, page.older) == (None, ten[-3])


def test_pages_of_one_word(store: Store, ten: list[int]) -> None:
    assert walk(store, way="older", word="Partial") == [[ten[9], ten[6], ten[3]], [ten[0]]]
    assert walk(store, way="older", word="Completed") == [[]]


def test_a_page_goes_on_from_an_order_that_has_left_the_list(store: Store, ten: list[int]) -> None:
    place = find_place(customer=store.customer, order_id=ten[6])
    Order.objects.filter(pk=ten[6]).update(state=State.CANCELED)
    page = Listing(Wanted(store.customer)).page(word="Partial", before=place)
    assert [row.pk for row in page.rows] == [ten[3], ten[0]]


def test_times_are_from_and_before(store: Store, ten: list[int]) -> None:
    made = dict(Order.objects.values_list("pk", "created_at"))
    wanted = Wanted(store.customer, since=made[ten[2]], until=made[ten[4]])
    assert [row.pk for row in Listing(wanted).page().rows] == [ten[3], ten[2]]
    assert Listing(wanted).counts() == Counts({**NOTHING, "Pending": 1, "Partial": 1})


def test_a_search_for_two_letters_looks_so_far_and_says_where_to_go_on(
    store: Store, ten: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_search, "NEAR", 1)
    monkeypatch.setattr(text_search, "REACH", 4)
    wanted = Wanted(store.customer, search="2/")
    pages = []
    place = None
    for _ in range(3):
        page = Listing(wanted).page(before=place)
        pages.append((([row.pk for row in page.rows]), page.older, page.searched_to and page.searched_to.id))
        place = page.searched_to
    assert pages == [([], ten[6], ten[6]), ([ten[2]], ten[2], ten[2]), ([], None, None)]
    assert Listing(wanted).counts() == Counts(NOTHING, is_partial=True)


def test_a_search_goes_back_to_newer_orders_just_so(
    store: Store, ten: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_search, "NEAR", 1)
    monkeypatch.setattr(text_search, "REACH", 4)
    wanted = Wanted(store.customer, search="8/")
    first = Listing(wanted).page(after=find_place(customer=store.customer, order_id=ten[0]))
    assert ([row.pk for row in first.rows], first.newer, first.is_newer) == ([], ten[4], True)
    second = Listing(wanted).page(after=first.searched_to)
    assert ([row.pk for row in second.rows], second.newer, second.is_newer) == ([ten[8]], ten[8], True)
    third = Listing(wanted).page(after=second.searched_to)  # one order is left, and it is not this: the newest page
    assert ([row.pk for row in third.rows], third.newer, third.is_newer) == ([ten[8]], None, False)


def test_a_search_pages_within_its_reach(store: Store, ten: list[int]) -> None:
    newest_first = ten[::-1]
    pages = walk(store, way="older", search="EXAMPLE.com")
    assert pages == [newest_first[:3], newest_first[3:6], newest_first[6:9], newest_first[9:]]


@pytest.mark.parametrize("text", ["{0}", "#{0}", "{0}, {1}", "{1} #{0};{0}", "{0}\n{1}"])
def test_numbers_find_the_orders_of_those_numbers(store: Store, ten: list[int], text: str) -> None:
    found = Listing(Wanted(store.customer, search=text.format(ten[1], ten[0]))).page()
    assert {row.pk for row in found.rows} == ({ten[0], ten[1]} if "{1}" in text else {ten[1]})


def test_a_number_that_is_no_order_is_looked_for_as_text(store: Store, ten: list[int]) -> None:
    Order.objects.filter(pk=ten[5]).update(link="https://example.com/p/987654321")
    assert [row.pk for row in Listing(Wanted(store.customer, search="987654321")).page().rows] == [ten[5]]


def test_all_words_of_a_service_are_looked_for(store: Store, ten: list[int]) -> None:
    assert len(Listing(Wanted(store.customer, search="views TIK")).page().rows) == 3
    assert Listing(Wanted(store.customer, search="views instagram")).page().rows == []


def test_counting_stops(store: Store, ten: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    assert Listing(Wanted(store.customer)).counts() == Counts({**NOTHING, "Pending": 6, "Partial": 4})
    monkeypatch.setattr(order_list, "MAX_COUNTED", 4)
    assert Listing(Wanted(store.customer)).counts() == Counts({**NOTHING, "Pending": 5, "Partial": 4})


def test_only_the_customers_own(store: Store, ten: list[int]) -> None:
    other = User.objects.create_user("bo@example.com", "correct horse battery")
    assert find_place(customer=other, order_id=ten[0]) is None
    for search in ("", str(ten[0]), "example.com"):
        theirs = Listing(Wanted(other, search=search))
        assert theirs.page().rows == []
        assert theirs.counts().all == 0
        assert list(theirs.batches(word="", most=100)) == []


def test_batches_hold_the_newest_so_many(store: Store, ten: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_list, "BATCH", 3)

    def batches(search: str = "", **wanted: Any) -> list[list[int]]:
        found = Listing(Wanted(store.customer, search=search)).batches(**wanted)
        return [[row.pk for row in batch] for batch in found]

    assert batches(word="", most=7) == [ten[:-4:-1], ten[-4:-7:-1], [ten[3]]]
    assert batches(word="Partial", most=100) == [[ten[9], ten[6], ten[3]], [ten[0]]]
    assert batches("2/", word="", most=7) == []
    assert batches("example.com/2/", word="", most=7) == [[ten[2]]]  # an index finds it, however old it is
    assert batches("example.com/3/", word="", most=7) == [[ten[3]]]


def test_as_many_queries_however_many_orders(store: Store, django_assert_num_queries: Queries) -> None:
    for count in (4, 12):
        ids = place_many(store, count)
        place = find_place(customer=store.customer, order_id=ids[2])
        with django_assert_num_queries(1):
            Listing(Wanted(store.customer)).page()
        with django_assert_num_queries(1):
            Listing(Wanted(store.customer)).page(word="Partial", before=place)
        with django_assert_num_queries(1):
            Listing(Wanted(store.customer)).counts()
        with django_assert_num_queries(4 + IS_SQLITE):  # the next orders, their services, the rows and the counts
            found = Listing(Wanted(store.customer, search="example.com"))
            found.page()
            found.counts()
