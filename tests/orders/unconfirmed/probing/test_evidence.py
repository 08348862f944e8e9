"""What ids say of a doubtful order: placed only where nothing else can be, absent only after three looks."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from orders.unconfirmed.evidence import (
    AHEAD,
    MAX_IDS,
    Decision,
    ReferenceOrder,
    Scan,
    Window,
    decide_by_scan,
    join_scans,
    read_scan,
    window_of,
)
from providers.adapters.base import ItemError, OrderStatus, ReportedStatus

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
COST = Decimal("0.9")
OURS = OrderStatus("105", ReportedStatus.PENDING, "Pending", COST, None, 1000, "USD")
SETTLED, OPEN = Window(100, 110, is_settled=True), Window(100, 110, is_settled=False)
NOBODYS = ItemError("Incorrect order ID")


def mark(minute: float, number: int, seconds: float = 1) -> ReferenceOrder:
    at = NOON + timedelta(minutes=minute)
    return ReferenceOrder(at, at + timedelta(seconds=seconds), number)


def said(
    *found: OrderStatus,
    window: Window = SETTLED,
    complete: bool = True,
    clean: int = 0,
    others: Collection[Decimal] = (),
) -> Decision:
    scan = Scan(9, found, is_complete=complete)
    return decide_by_scan(
        window=window, scan=scan, expected_cost=COST, currency="USD", clean_scans=clean, other_costs=others
    )


def test_the_window_lies_between_our_nearest_orders() -> None:
    before, after, settled = [mark(-2, 90), mark(-1, 100)], [mark(2, 104), mark(3, 106)], [mark(12, 130)]
    assert window_of(before=before, after=after, settled=[]) == Window(100, 104, is_settled=False)
    assert window_of(before=before, after=after, settled=settled) == Window(100, 130, is_settled=True)
    open_end = window_of(before=before, after=[], settled=[])
    assert open_end == Window(100, None, is_settled=False)
    assert isinstance(open_end, Window)
    assert list(open_end.numbers()) == list(range(101, 101 + AHEAD))


def test_without_an_order_before_there_is_no_window() -> None:
    found = window_of(before=[], after=[mark(2, 104)], settled=[])
    assert isinstance(found, Decision)
    assert found.outcome == "undecided"


@pytest.mark.parametrize("wrong", [99, 100])
def test_ids_that_do_not_grow_with_time_say_nothing(wrong: int) -> None:
    found = window_of(before=[mark(-1, 100)], after=[mark(2, wrong)], settled=[])
    assert isinstance(found, Decision)
    assert (found.outcome, "do not grow" in found.reason) == ("undecided", True)


def test_ids_of_attempts_side_by_side_may_cross() -> None:
    before = [mark(-1, 101, seconds=30), mark(-0.9, 100, seconds=3)]
    assert window_of(before=before, after=[], settled=[]) == Window(101, None, is_settled=False)


def test_too_many_ids_are_not_asked_for() -> None:
    most = window_of(before=[mark(-1, 100)], after=[mark(2, 101 + MAX_IDS)], settled=[])
    assert isinstance(most, Window)
    more = window_of(before=[mark(-1, 100)], after=[mark(2, 102 + MAX_IDS)], settled=[])
    assert isinstance(more, Decision)
    assert more.outcome == "undecided"


@pytest.mark.parametrize("window", [SETTLED, OPEN, Window(100, None, is_settled=False)])
def test_the_one_with_its_cost_is_it(window: Window) -> None:
    found = said(OURS, window=window)
    assert (found.outcome, found.candidate) == ("placed", "105")


@pytest.mark.parametrize("charge", [None, Decimal(0)])
@pytest.mark.parametrize("beside", [[], [replace(OURS, external_id="106")]])
def test_where_a_charge_is_not_told_nothing_is_concluded(charge: Decimal | None, beside: list[OrderStatus]) -> None:
    found = said(replace(OURS, charge=charge), *beside, clean=5)
    assert (found.outcome, found.candidate) == ("wait", "")


@pytest.mark.parametrize(
    "others",
    [
        [OURS, replace(OURS, external_id="106")],
        [replace(OURS, charge=Decimal("0.900001"))],
        [replace(OURS, charge=None), replace(OURS, external_id="106", charge=Decimal(7))],
        [replace(OURS, currency="EUR")],
        [replace(OURS, word=ReportedStatus.CANCELED, charge=Decimal(0))],
        [replace(OURS, word=ReportedStatus.PARTIAL)],
        [OURS, replace(OURS, external_id="106", charge=Decimal(7))],
    ],
)
def test_whatever_else_answers_leaves_it_to_a_person(others: list[OrderStatus]) -> None:
    for complete in (True, False):
        found = said(*others, complete=complete, clean=5)
        assert (found.outcome, found.candidate) == ("undecided", "")
        assert all(row.external_id in found.reason for row in others)


def test_an_id_that_costs_as_much_as_another_doubt_speaks_against_nothing_and_rules_nothing_out() -> None:
    other = replace(OURS, external_id="106", charge=Decimal(7))
    found = said(OURS, other, others=[Decimal(7)])
    assert (found.outcome, found.candidate) == ("placed", "105")
    assert said(other, others=[Decimal(7)], clean=100).outcome == "wait"
    for unlike in (replace(other, word=ReportedStatus.PARTIAL), replace(other, currency="EUR")):
        assert said(OURS, unlike, others=[Decimal(7)]).outcome == "undecided"
    assert said(OURS, replace(OURS, external_id="107"), others=[COST]).outcome == "undecided"


def test_an_incomplete_look_proves_nothing() -> None:
    assert said(OURS, complete=False).outcome == "wait"
    assert said(complete=False, clean=5).outcome == "wait"


def test_it_is_ruled_out_by_three_looks_once_it_is_settled_and_never_before() -> None:
    assert [said(clean=clean).outcome for clean in range(3)] == ["wait", "wait", "absent"]
    assert said(window=OPEN, clean=100).outcome == "wait"
    assert said(window=Window(100, None, is_settled=False), clean=100).outcome == "wait"


def test_an_empty_window_can_be_settled() -> None:
    assert said(window=Window(100, 101, is_settled=True), clean=2).outcome == "absent"


def test_a_call_is_complete_when_all_answered_and_ours_were_known() -> None:
    ours = {"100": OURS}
    full = read_scan(asked=["101", "105"], controls=["100"], answers={"101": NOBODYS, "105": OURS, **ours})
    assert full == Scan(2, [OURS], is_complete=True)
    assert not read_scan(asked=["101", "105"], controls=["100"], answers={"105": OURS, **ours}).is_complete
    assert not read_scan(asked=["101"], controls=["100"], answers={"101": NOBODYS, "100": NOBODYS}).is_complete
    assert not read_scan(asked=["101"], controls=["100"], answers={"101": NOBODYS}).is_complete
    assert join_scans([full, replace(full, is_complete=False)]) == Scan(4, [OURS, OURS], is_complete=False)
    assert join_scans([]) == Scan(0, [], is_complete=True)
