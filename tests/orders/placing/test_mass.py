"""Mass orders: every line by the rules of a single order, each a transaction of its own, none placed twice."""

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from orders.models import Order
from orders.placing import mass
from orders.placing.mass import CHANGED, MOST_LINES, NO_FUNDS, Line, MassOrderError, check_lines, place_lines
from orders.placing.place import Placement
from panel.customers.models import User
from panel.wallet import ledger
from providers.catalog.models import Service
from tests.fixtures_orders import LINK, Store
from tests.fixtures_simulator import COMMENTS_SERVICE, PACKAGE_SERVICE, PLAIN_SERVICE


def place(
    store: Store, text: str, *, form: str = "one-form-of-the-page", agreed: dict[int, Decimal] | None = None
) -> list[Line]:
    if agreed is None:
        agreed = {
            line.number: line.charge
            for line in check_lines(customer=store.customer, text=text)
            if line.charge is not None
        }
    return place_lines(customer=store.customer, text=text, agreed=agreed, token=form, now=timezone.now())


def lines_of(store: Store) -> str:
    ids = [store.service(name).pk for name in ("1", PACKAGE_SERVICE, COMMENTS_SERVICE, PLAIN_SERVICE)]
    return (
        f"{ids[0]} | {LINK} | 1000\r\n\n"
        f"  {ids[0]}|{LINK}?a=b|100|runs=3| interval = 60 \n"
        f"{ids[1]} | {LINK}\n"
        f"{ids[2]} | {LINK} | comments=one\\ntwo\\n\\nthree\n"
        f"quantity=20 | {LINK}\n"
        f"{ids[3]} | quantity=20 | {LINK}\n"
    )


def test_every_line_is_checked_and_priced(store: Store) -> None:
    before = store.everything()
    lines = check_lines(customer=store.customer, text=lines_of(store))
    assert [(line.number, line.quantity, line.charge_text, line.problem) for line in lines] == [
        (1, 1000, "1.35", ""),
        (2, 300, "0.405", ""),
        (3, 1, "7.5", ""),
        (4, 3, "0.036", ""),
        (5, None, "", "Start each line with a service ID."),
        (6, 20, "0.0075", ""),
    ]
    assert store.everything() == before


def test_a_service_is_looked_up_once(store: Store, django_assert_num_queries) -> None:
    text = f"{store.service().pk} | {LINK} | 1000\n" * 50
    with django_assert_num_queries(1):
        assert len(check_lines(customer=store.customer, text=text)) == 50


def test_good_lines_are_placed_and_bad_ones_come_back(store: Store) -> None:
    lines = place(store, lines_of(store))
    assert [bool(line.order_id) for line in lines] == [True, True, True, True, False, True]
    assert store.wallet() == Decimal(100) - Decimal("9.2985")
    placed = Order.objects.order_by("pk")
    assert [order.quantity for order in placed] == [1000, 300, 1, 3, 20]
    assert placed[3].fields == {"link": LINK, "comments": "one\ntwo\nthree"}
    assert placed[1].fields == {"link": f"{LINK}?a=b", "quantity": "100", "runs": "3", "interval": "60"}


def test_the_same_token_places_nothing_twice(store: Store) -> None:
    first = place(store, lines_of(store))
    money = store.money()
    assert [line.order_id for line in place(store, lines_of(store))] == [line.order_id for line in first]
    assert store.money() == money
    assert place(store, lines_of(store), form="another-form")[0].order_id != first[0].order_id


def test_the_same_token_gives_back_its_orders_when_nothing_could_be_ordered_any_more(store: Store) -> None:
    text = f"{store.service().pk} | {LINK} | 1000\n{store.service(PLAIN_SERVICE).pk} | {LINK} | 20\nnonsense"
    agreed = {1: Decimal("1.35"), 2: Decimal("0.0075")}
    first = place(store, text, agreed=agreed)
    Service.objects.filter(pk=store.service().pk).update(is_enabled=False)
    Service.objects.filter(pk=store.service(PLAIN_SERVICE).pk).update(min=21)
    before = store.everything()

    again = place(store, text, agreed={})
    assert [line.order_id for line in again] == [line.order_id for line in first]
    assert [(line.charge, line.problem) for line in again[:2]] == [(Decimal("1.35"), ""), (Decimal("0.0075"), "")]
    assert again[2].problem == "Start each line with a service ID."
    assert store.everything() == before


def test_whose_token_it_was_counts(store: Store) -> None:
    text = f"{store.service().pk} | {LINK} | 1000"
    place(store, text)
    store.customer = User.objects.create_user("eve@example.com")
    before = Order.objects.count()
    (line,) = place(store, text)
    assert (line.order_id, line.problem) == (None, NO_FUNDS)
    assert Order.objects.count() == before


def test_money_that_ends_in_the_middle_returns_the_rest(store: Store) -> None:
    ledger.debit_wallet(user=store.customer, amount=Decimal(97), key="debit:test")
    text = f"{store.service().pk} | {LINK} | 1000\n" * 3
    assert [line.problem for line in place(store, text)] == ["", "", NO_FUNDS]
    assert store.wallet() == Decimal("0.3")


def test_a_price_that_rose_returns_its_line(store: Store) -> None:
    text = f"{store.service().pk} | {LINK} | 1000\n{store.service(PLAIN_SERVICE).pk} | {LINK} | 20"
    agreed = {line.number: line.charge for line in check_lines(customer=store.customer, text=text) if line.charge}
    Service.objects.filter(pk=store.service().pk).update(rate=Decimal(2))
    lines = place(store, text, agreed=agreed)
    assert "The price has changed: this order now costs $2.00." in lines[0].problem
    assert lines[1].order_id
    assert store.wallet() == Decimal("99.9925")


def test_a_line_that_was_not_shown_is_not_placed(store: Store) -> None:
    before = store.everything()
    assert [line.problem for line in place(store, f"{store.service().pk} | {LINK} | 1000", agreed={})] == [CHANGED]
    assert store.everything() == before


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("", None),
        ("nonsense", "Start each line with a service ID."),
        ("-1 | L | 1000", "Start each line with a service ID."),
        ("1.0 | L | 1000", "Start each line with a service ID."),
        ("999999 | L | 1000", "isn't available"),
        ("99999999999999999999 | L | 1000", "Start each line with a service ID."),
        ("S | nonsense | 1000", "enter a full link"),
        ("S | L", "Quantity is required."),
        ("S | L | 49", "The minimum quantity is 50."),
        ("S | L | 10001", "The maximum quantity is 10,000."),
        ("S | L | 1000 | 7", "Unexpected value “7”."),
        ("S | L | 1000 | quantity=7", "The field “quantity” appears twice."),
        (
            "S | L | 1000 | comments=x",
            "This service has no field “comments”. Its fields are: link, quantity, runs, interval.",
        ),
        ("S | L | 1000 | runs=2", "enter both the runs and the interval"),
        ("S | L | <b>1000</b>", "enter a whole number of at least 1"),
        ("S | L | 10\x0000", "enter a whole number of at least 1"),
        ("S | L | " + "x" * 30_000, "The line is too long"),
    ],
)
def test_a_bad_line_says_why_and_moves_nothing(store: Store, line: str, problem: str | None) -> None:
    before = store.everything()
    text = line.replace("S", str(store.service().pk), 1).replace("L", LINK, 1)
    if problem is None:
        with pytest.raises(MassOrderError, match="Enter at least one order"):
            place(store, text)
    else:
        (found,) = place(store, text)
        assert problem in found.problem
    assert store.everything() == before


def test_too_many_lines_are_refused_whole(store: Store) -> None:
    before = store.everything()
    text = f"{store.service().pk} | {LINK} | 1000\n" * (MOST_LINES + 1)
    with pytest.raises(MassOrderError, match=r"Too many lines: 101\. The maximum is 100\."):
        place(store, text)
    with pytest.raises(MassOrderError, match=r"Too many lines: 100,000\."):
        check_lines(customer=store.customer, text="1\n" * 100_000)
    assert store.everything() == before


def test_a_service_that_goes_off_sale_meanwhile_stops_its_own_lines_alone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    sold, gone = store.service().pk, store.service(PLAIN_SERVICE).pk
    real = mass.place_order

    def take_off(**given: Any) -> Placement:
        Service.objects.filter(pk=gone).update(is_enabled=False)
        return real(**given)

    monkeypatch.setattr(mass, "place_order", take_off)
    text = f"{sold} | {LINK} | 1000\n{gone} | {LINK} | 1000\n{sold} | {LINK}/2 | 1000"
    lines = place(store, text)
    assert [line.problem for line in lines] == ["", "This service isn't available right now.", ""]
    assert [line.order_id for line in lines if line.order_id] == list(Order.objects.values_list("pk", flat=True))
    assert store.wallet() == Decimal("97.3")
