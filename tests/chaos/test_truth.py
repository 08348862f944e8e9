"""Every kind of difference between the three books is seen, and none where they agree."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.truth import Books, Bought, Ours, Told, find_faults

BOUGHT = Bought(provider="North", id="11", tag="a", quantity=3, kept=200, word="Partial", remains=1)
OURS = Ours(
    pk=1, tag="a", customer=5, token="t", provider="North", linked="11", state="PARTIAL", quantity=3, charge=1000,
    refunded=333, cost=200,
)  # fmt: skip
DOUBT = replace(OURS, pk=2, tag="b", linked="", state="REVIEW", refunded=0, cost=0, evidence="no answer")
HIDDEN = replace(BOUGHT, id="12", tag="b", kept=300, word="In progress")
TOLD = (Told("a", 5, 1, is_refused=False), Told("b", 5, 2, is_refused=False), Told("c", 5, None, is_refused=True))
BOOKS = Books(
    bought=[BOUGHT, HIDDEN],
    ours=[OURS, DOUBT],
    told=TOLD,
    spent={"North": 500},
    credits={5: 5000},
    wallets={5: 5000 - 667 - 1000},
    charges=frozenset({1, 2}),
)


def test_books_that_agree_have_no_fault() -> None:
    assert find_faults(BOOKS) == {}


@pytest.mark.parametrize(
    ("change", "categories"),
    [
        ({"bought": [BOUGHT, HIDDEN, replace(BOUGHT, id="13", kept=0)]}, {"bought twice"}),
        ({"bought": [BOUGHT, HIDDEN, replace(BOUGHT, id="13", tag="z", kept=0)]}, {"lost"}),
        ({"bought": [replace(BOUGHT, tag="b"), replace(HIDDEN, tag="a")]}, {"swapped", "money unexplained"}),
        ({"bought": [HIDDEN]}, {"lost"}),
        ({"bought": [replace(BOUGHT, kept=201), HIDDEN]}, {"cost wrong"}),
        ({"bought": [replace(BOUGHT, word="Completed"), HIDDEN]}, {"lost"}),
        ({"spent": {"North": 501}}, {"money unexplained"}),
        ({"ours": [replace(OURS, refunded=334), DOUBT]}, {"refund wrong", "wallet wrong"}),
        ({"ours": [OURS, replace(DOUBT, evidence="")]}, {"doubt without evidence"}),
        ({"ours": [OURS, replace(DOUBT, state="UNCONFIRMED")]}, {"lost"}),
        ({"ours": [OURS, replace(DOUBT, state="QUEUED")]}, {"lost", "money unexplained"}),
        (
            {"ours": [OURS, replace(DOUBT, state="REJECTED", refunded=1000)]},
            {"refunded though bought", "money unexplained", "wallet wrong"},
        ),
        ({"wallets": {5: 3332}}, {"wallet wrong"}),
        ({"charges": frozenset({1, 2, 3})}, {"wallet wrong"}),
        ({"told": (*TOLD, Told("d", 5, 4, is_refused=False))}, {"customer deceived"}),
        ({"told": TOLD[:1]}, {"customer deceived"}),
        ({"told": (replace(TOLD[0], order=2), *TOLD[1:])}, {"customer deceived"}),
        ({"told": (replace(TOLD[0], order=None, is_refused=True), *TOLD[1:])}, {"customer deceived"}),
    ],
)
def test_every_difference_is_named(change: Mapping[str, Any], categories: set[str]) -> None:
    assert set(find_faults(replace(BOOKS, **change))) == categories


def test_a_customer_who_never_heard_may_have_one_order_and_no_more() -> None:
    unheard = replace(TOLD[0], order=None)
    assert find_faults(replace(BOOKS, told=(unheard, *TOLD[1:]))) == {}
    twin = replace(OURS, pk=3, linked="", state="REJECTED", refunded=1000, cost=0)
    found = find_faults(
        replace(BOOKS, ours=[OURS, DOUBT, twin], told=(unheard, *TOLD[1:]), charges=frozenset({1, 2, 3}))
    )
    assert set(found) == {"customer deceived", "refunded though bought"}
