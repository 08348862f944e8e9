"""The rules of refills and cancels, row by row: the reason, and the date where one is known."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orders.rules.request_rules import CancelFacts, RefillFacts, Verdict, may_cancel, may_refill
from orders.rules.states import State

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
REFILLABLE = {
    "state": State.COMPLETED,
    "is_offered": True,
    "days": None,
    "finished_at": NOW - 5 * DAY,
    "has_open": False,
    "last_at": None,
}
CANCELABLE = {"state": State.ACTIVE, "is_offered": True, "has_open": False, "refused_at": None}
YES = Verdict()
UNFINISHED = Verdict("You can request a refill once the order is completed.")
NOTHING = Verdict("This order cannot be refilled because nothing was delivered.")
ENDED = Verdict("This order has already ended.")


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, YES),
        ({"state": State.PARTIAL}, YES),
        ({"is_offered": False}, Verdict("Refills are not available for this service.")),
        *[
            ({"state": state}, UNFINISHED)
            for state in (State.QUEUED, State.SENDING, State.UNCONFIRMED, State.REVIEW, State.ACTIVE)
        ],
        ({"state": State.CANCELED}, NOTHING),
        ({"state": State.REJECTED}, NOTHING),
        ({"has_open": True}, Verdict("A refill is already in progress.")),
        ({"days": 6}, YES),
        ({"days": 5}, Verdict("The refill period of 5 days ended on 10 Mar 2026, 12:00 UTC.")),
        ({"days": 1}, Verdict("The refill period of 1 day ended on 6 Mar 2026, 12:00 UTC.")),
        ({"days": 0}, Verdict("The refill period of 0 days ended on 5 Mar 2026, 12:00 UTC.")),
        ({"days": 1, "finished_at": None}, YES),
        ({"last_at": NOW - DAY}, YES),
        (
            {"last_at": NOW - timedelta(hours=23)},
            Verdict("A refill was requested recently.", NOW + timedelta(hours=1)),
        ),
        (
            {"last_at": NOW - timedelta(hours=1), "days": 6},
            Verdict("A refill was requested recently.", NOW + timedelta(hours=23)),
        ),
        ({"last_at": NOW + 30 * DAY}, YES),  # noted while the clock was ahead
        (
            {"last_at": NOW, "days": 6},
            Verdict("A refill was requested recently, and the refill period ends on 11 Mar 2026, 12:00 UTC."),
        ),
    ],
)
def test_refills(changes: dict[str, Any], verdict: Verdict) -> None:
    assert may_refill(RefillFacts(**{**REFILLABLE, **changes}), now=NOW, wait=DAY) == verdict


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, YES),
        ({"state": State.SENDING}, YES),
        ({"state": State.UNCONFIRMED}, YES),
        ({"state": State.REVIEW}, YES),
        ({"state": State.QUEUED, "is_offered": False, "has_open": True, "refused_at": NOW}, YES),
        ({"state": State.COMPLETED}, ENDED),
        ({"state": State.PARTIAL}, ENDED),
        ({"state": State.CANCELED}, ENDED),
        ({"state": State.REJECTED}, ENDED),
        (
            {"is_offered": False},
            Verdict("This order has already started, and this service cannot be canceled after that."),
        ),
        ({"has_open": True}, Verdict("A cancellation was already requested.")),
        (
            {"refused_at": NOW - timedelta(minutes=20)},
            Verdict("The cancellation was rejected recently.", NOW + timedelta(minutes=40)),
        ),
        ({"refused_at": NOW - timedelta(hours=1)}, YES),
        ({"refused_at": NOW + 30 * DAY}, YES),  # noted while the clock was ahead
    ],
)
def test_cancels(changes: dict[str, Any], verdict: Verdict) -> None:
    assert may_cancel(CancelFacts(**{**CANCELABLE, **changes}), now=NOW, wait=timedelta(hours=1)) == verdict


def test_a_verdict_in_words() -> None:
    assert (YES.is_possible, YES.text) == (True, "")
    assert (ENDED.is_possible, ENDED.text) == (False, "This order has already ended.")
    later = Verdict("It was refused lately.", NOW)
    assert later.text == "It was refused lately. Try again from 10 Mar 2026, 12:00 UTC."
