"""Every answer about an order that was met in the wild, as it stands on the wire: its state, and the exact money.

The order is of 1000 units, charged 1.35, and expected to cost 0.90.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from orders.accounting.audit import audit_all
from orders.tracking.settle import settle_batch
from providers.adapters.v2_reads import read_statuses
from tests.fixtures_orders import Store

RUNS, DONE, PART, GONE = "ACTIVE", "COMPLETED", "PARTIAL", "CANCELED"
UNKNOWN, ODD = "unknown status", "odd remains"

ANSWERS: list[tuple[Any, str, str, str, str]] = [
    # the answer, asked once; then state, given back, cost, why a person should look
    *[({"status": word, "charge": "0.9"}, RUNS, "0", "0.9", "") for word in (
        "Pending", "Processing", "In progress", "Inprogress", "in_progress", "in-progress", "IN PROGRESS", "Process",
        "Awaiting", "Active", "Paused", 0, 1, "0", "1",
    )],
    *[({"status": word, "charge": "0.9", "remains": "0"}, DONE, "0", "0.9", "") for word in (
        "Completed", "completed", "Complete", 2, "2",
    )],
    *[({"status": word, "charge": "0", "remains": "1000"}, GONE, "1.35", "0", "") for word in (
        "Canceled", "Cancelled", "CANCELED", "Cancel", "Refunded", "Refunds", 4, 5, "4", "5",
    )],
    *[({"status": word, "charge": "0.9"}, RUNS, "0", "0.9", UNKNOWN) for word in (
        "Error", "Fail", "Failed", "Rejected", "Expired", "Brand new", "-4", "4.0", 6, 99, None, "", True,
        "<b>Completed</b>!",
    )],
    ({"charge": "0.9", "remains": "0"}, RUNS, "0", "0.9", UNKNOWN),
    # partial: what remains, in all its writings
    *[({"status": word, "charge": "0.45", "remains": "500"}, PART, "0.675", "0.45", "") for word in (
        "Partial", "PARTIAL", 3, "3",
    )],
    *[({"status": "Partial", "charge": "0.45", "remains": text}, PART, "0.675", "0.45", "") for text in (
        500, "500", " 500 ", "500.0", "5e2",
    )],
    ({"status": "Partial", "charge": "0.6003", "remains": 333}, PART, "0.44955", "0.6003", ""),
    ({"status": "Partial", "charge": "0", "remains": 1000}, PART, "1.35", "0", ""),
    ({"status": "Partial", "charge": "0.9", "remains": 0}, DONE, "0", "0.9", ""),
    ({"status": "Partial", "charge": "0.9", "remains": 1001}, RUNS, "0", "0.9", ODD),
    ({"status": "Partial", "charge": "0.9", "remains": -1}, RUNS, "0", "0.9", ODD),
    ({"status": "Partial", "charge": "0.9", "remains": "1e30"}, RUNS, "0", "0.9", ODD),
    *[({"status": "Partial", "charge": "0.9", "remains": text}, RUNS, "0", "0.9", "") for text in (
        None, "", "Unknown", "N/A", Decimal("0.5"), [], {}, True,
    )],
    # completed, whatever is said of what remains
    *[({"status": "Completed", "charge": "0.9", "remains": text}, DONE, "0", "0.9", "") for text in (
        None, "", -5, 7, 5000, "Unknown",
    )],
    # the charge: changed, missing, absurd
    ({"status": "Completed", "charge": "0.95"}, DONE, "0", "0.95", ""),
    ({"status": "Completed", "charge": Decimal("0.8")}, DONE, "0", "0.8", ""),
    ({"status": "Completed", "charge": "0"}, DONE, "0", "0.9", ""),
    *[({"status": "Completed", "charge": text}, DONE, "0", "0.9", "") for text in (
        None, "", "Unknown", "-1", "NaN", "1e999", "1e15", [], True,
    )],
    ({"status": "In progress", "charge": "0"}, RUNS, "0", "0.9", ""),
    ({"status": "Canceled", "charge": "0.9"}, GONE, "1.35", "0.9", ""),
    ({"status": "Canceled"}, GONE, "1.35", "0.9", ""),
    # counts that make no sense are shown at most
    *[({"status": "Completed", "start_count": text}, DONE, "0", "0.9", "") for text in (
        None, "", -7, 10**30, "Unknown", Decimal("0.5"),
    )],
    # another currency moves nothing
    ({"status": "Completed", "charge": "80", "currency": "INR"}, RUNS, "0", "0.9", "other currency"),
    ({"status": "Completed", "charge": "0.9", "currency": "usd"}, DONE, "0", "0.9", ""),
    # drip-feed: the parent speaks of all runs
    ({"status": "Partial", "charge": "0.45", "remains": 500, "runs": 2, "orders": [5, 6]}, PART, "0.675", "0.45", ""),
    ({"status": "Completed", "charge": "0.9", "runs": "4", "orders": "5,6"}, DONE, "0", "0.9", ""),
    # not named, or with an error: nothing is concluded
    *[(entry, RUNS, "0", "0.9", "") for entry in (
        {"error": "Incorrect order ID"}, "Incorrect order ID", {"error": {"message": "x"}}, None, 7, [],
    )],
    ({"error": ""}, RUNS, "0", "0.9", UNKNOWN),
]  # fmt: skip


@pytest.mark.parametrize(("entry", "state", "refunded", "cost", "attention"), ANSWERS)
def test_what_it_means(store: Store, entry: Any, state: str, refunded: str, cost: str, attention: str) -> None:
    order = store.active()
    external_id = order.provider_order_id or ""
    other = {"status": "Pending"}  # so that the answer names an id that was asked for
    answers = read_statuses({external_id: entry, "1000000": other}, [external_id, "1000000"])
    for seconds in (1, 2):
        moment = timezone.now() + timedelta(seconds=seconds)
        settle_batch(answers={order.pk: answers.get(external_id)}, asked_at=moment, now=moment)
    order = store.fresh(order)
    assert (order.state, order.refunded, order.cost, order.attention) == (
        state,
        Decimal(refunded),
        Decimal(cost),
        attention,
    )
    assert store.wallet() == Decimal("98.65") + Decimal(refunded)
    assert store.money()["provider"] == 1000 - Decimal(cost)
    assert audit_all() == []
