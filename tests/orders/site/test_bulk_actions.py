"""Asking for many orders at once: what is asked for, what is refused and why, and that it is their own."""

import re

import pytest
from django.test import Client

from orders.models import Order, Refill
from orders.rules.states import State
from tests.fixtures_orders import Store
from tests.fixtures_simulator import PLAIN_SERVICE


def ask(client: Client, what: str, *ids: object, status: int = 200, **more: str) -> str:
    answer = client.post(f"/orders/selected/{what}/", {"order": [str(pk) for pk in ids], **more})
    assert answer.status_code == status
    return answer.content.decode()


def numbers(part: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'href="/orders/(\d+)/"', part)]


def accepted(page: str) -> list[int]:
    """The orders that the page says are asked for."""
    return numbers(page.partition("tone-green")[2].partition("</div>")[0])


def refused(page: str) -> dict[str, list[int]]:
    """The reasons that the page gives, each with its orders."""
    lines = re.findall(r"<li>(.*?)</li>", page.partition('class="refusals"')[2], re.DOTALL)
    return {line.partition("<a")[0].strip(): numbers(line) for line in lines}


@pytest.fixture
def done(store: Store) -> list[Order]:
    """Two orders that have been delivered."""
    orders = [store.active() for _ in range(2)]
    for order in orders:
        store.simulator.set_order(order.provider_order_id, status="Completed", remains=0)
    store.poll()
    return [store.fresh(order) for order in orders]


def test_refills_of_many(store: Store, ada: Client, done: list[Order]) -> None:
    waiting = store.place()
    page = ask(ada, "refill", done[0].pk, waiting.pk, done[1].pk)
    assert accepted(page) == [done[0].pk, done[1].pk]
    assert "Refill requested for 2 orders:" in page
    assert list(refused(page).values()) == [[waiting.pk]]
    assert "1 order can't be refilled:" in page
    assert set(Refill.objects.values_list("order", flat=True)) == {done[0].pk, done[1].pk}


def test_a_second_request_says_that_the_first_is_under_way(store: Store, ada: Client, done: list[Order]) -> None:
    ask(ada, "refill", done[0].pk)
    page = ask(ada, "refill", done[0].pk, done[0].pk)
    assert accepted(page) == []
    assert list(refused(page).values()) == [[done[0].pk]]
    assert Refill.objects.count() == 1


def test_cancels_of_many(store: Store, ada: Client, done: list[Order]) -> None:
    queued = [store.place(PLAIN_SERVICE), store.place(PLAIN_SERVICE)]
    page = ask(ada, "cancel", queued[0].pk, done[0].pk, queued[1].pk)
    assert accepted(page) == [order.pk for order in queued]
    assert list(refused(page).values()) == [[done[0].pk]]
    assert {store.fresh(order).state for order in queued} == {State.CANCELED}
    assert [store.fresh(order).refunded for order in queued] == [order.charge for order in queued]


@pytest.mark.parametrize("what", ["refill", "cancel"])
def test_somebody_elses_orders_are_none(store: Store, bo: Client, done: list[Order], what: str) -> None:
    queued = store.place()
    before = store.everything()
    page = ask(bo, what, queued.pk, done[0].pk, 10**17)
    assert accepted(page) == []
    assert refused(page) == {"Order not found.": [queued.pk, done[0].pk, 10**17]}
    assert store.everything() == before
    assert not Refill.objects.exists()


@pytest.mark.parametrize("what", ["refill", "cancel"])
@pytest.mark.parametrize("ids", [[], ["abc", "-1", "", "9" * 40, "\x00", "1.5"]])
def test_nothing_chosen_asks_for_nothing(store: Store, ada: Client, what: str, ids: list[str]) -> None:
    store.place()
    before = store.everything()
    assert "Select at least one order." in ask(ada, what, *ids, status=422)
    assert store.everything() == before


@pytest.mark.parametrize("what", ["refill", "cancel"])
def test_at_most_a_hundred_at_a_time(store: Store, ada: Client, what: str) -> None:
    order = store.place()
    before = store.everything()
    page = ask(ada, what, order.pk, *range(10_000, 10_100), status=422)
    assert "Select up to 100 orders." in page
    assert store.everything() == before
    assert refused(ask(ada, what, *range(10_000, 10_100)))["Order not found."] == list(range(10_000, 10_100))


def test_far_too_many_are_refused(store: Store, ada: Client) -> None:
    ask(ada, "refill", *range(1, 1100), status=400)


def test_only_a_form_asks_and_only_who_is_signed_in(store: Store, ada: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(store.customer)
    for what in ("refill", "cancel"):
        path = f"/orders/selected/{what}/"
        assert ada.get(path).status_code == 405
        assert Client().post(path, {"order": "1"}).status_code == 302
        assert strict.post(path, {"order": "1"}).status_code == 403


def test_the_way_back_keeps_the_filters_and_the_site(store: Store, ada: Client) -> None:
    order = store.place()
    page = ask(ada, "refill", order.pk, back='q=nat&state=pending"><script>')
    assert 'href="/orders/?q=nat&amp;state=pending&quot;&gt;&lt;script&gt;"' in page
    listed = ada.get("/orders/", {"q": "nat", "state": "pending"}).content.decode()
    assert '<input type="hidden" name="back" value="q=nat&amp;state=pending">' in listed
