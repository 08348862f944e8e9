"""Refills and cancels by the adapter at two upstreams, the simulator and our own API: one expectation for both."""

from dataclasses import replace

import pytest

from providers.adapters.base import Accepted, ItemError, RefillStatus, ReportedRefillStatus, ReportedStatus
from tests.contract.upstreams import Upstream
from tests.fixtures_simulator import ORDER_SECONDS, PLAIN_SERVICE

pytestmark = pytest.mark.django_db(transaction=True)

BAD_ORDER, BAD_REFILL = ItemError("Incorrect order ID"), ItemError("Refill not found")
NOBODY = "999999"


def test_a_refill_of_a_completed_order(upstream: Upstream) -> None:
    order_id = upstream.order()
    assert isinstance(upstream.adapter.refill(order_id=order_id), ItemError)
    upstream.advance(ORDER_SECONDS)
    refill_id = upstream.adapter.refill(order_id=order_id)
    assert isinstance(refill_id, str)
    assert isinstance(upstream.adapter.refill(order_id=order_id), ItemError)  # one is under way
    assert upstream.adapter.refill_status(refill_id=refill_id) == RefillStatus(
        refill_id, ReportedRefillStatus.PENDING, "Pending"
    )
    upstream.advance(ORDER_SECONDS / 2)
    going = RefillStatus(refill_id, ReportedRefillStatus.IN_PROGRESS, "In progress")
    assert upstream.adapter.refill_status(refill_id=refill_id) == going
    upstream.advance(ORDER_SECONDS)
    done = RefillStatus(refill_id, ReportedRefillStatus.COMPLETED, "Completed")
    assert upstream.adapter.refill_status(refill_id=refill_id) == done
    asked = [refill_id, NOBODY]
    assert upstream.adapter.refill_statuses(refill_ids=asked) == {refill_id: done, NOBODY: BAD_REFILL}
    assert upstream.adapter.refill_status(refill_id=NOBODY) == BAD_REFILL
    assert upstream.spent() == upstream.price("0.9")


def test_refills_of_several(upstream: Upstream) -> None:
    first, second, plain = upstream.order(), upstream.order(), upstream.order(PLAIN_SERVICE)
    upstream.advance(ORDER_SECONDS)
    upstream.simulator.set_order(upstream.bought(second), status="Canceled")
    upstream.work()
    answers = upstream.adapter.refills(order_ids=[first, second, plain, NOBODY])
    assert list(answers) == [first, second, plain, NOBODY]
    assert isinstance(answers[first], str)
    assert isinstance(answers[second], ItemError)  # nothing was delivered
    assert isinstance(answers[plain], ItemError)  # its service has no refills
    assert answers[NOBODY] == BAD_ORDER
    assert upstream.adapter.refill(order_id=NOBODY) == BAD_ORDER
    refill_id = str(answers[first])
    upstream.advance(ORDER_SECONDS)
    statuses = upstream.adapter.refill_statuses(refill_ids=[refill_id])
    assert statuses == {refill_id: RefillStatus(refill_id, ReportedRefillStatus.COMPLETED, "Completed")}


@pytest.mark.parametrize("is_sent", [False, True])
def test_a_cancel(upstream: Upstream, is_sent: bool) -> None:
    order_id = upstream.order() if is_sent else upstream.add().order_id
    assert upstream.adapter.cancels(order_ids=[order_id]) == {order_id: Accepted()}
    upstream.advance(1)
    canceled = replace(upstream.pending(order_id, "0", 1000), word=ReportedStatus.CANCELED, raw="Canceled")
    assert replace(upstream.status(order_id), start_count=None) == canceled
    assert upstream.spent() == 0


def test_cancels_of_several(upstream: Upstream) -> None:
    going, done, plain = upstream.order(), upstream.order(), upstream.order(PLAIN_SERVICE)
    upstream.say(done, {"status": "Completed"})
    upstream.simulator.advance(ORDER_SECONDS * 0.55)  # half is delivered
    answers = upstream.adapter.cancels(order_ids=[going, done, plain, NOBODY])
    assert list(answers) == [going, done, plain, NOBODY]
    assert (answers[going], answers[NOBODY]) == (Accepted(), BAD_ORDER)
    assert isinstance(answers[done], ItemError)
    assert isinstance(answers[plain], ItemError)
    upstream.advance(1)
    said = upstream.status(going)
    assert (said.word, said.charge, said.remains) == (ReportedStatus.PARTIAL, upstream.price("0.45"), 500)
    assert upstream.spent() == upstream.price("0.45") + upstream.price("0.9") + upstream.price("0.25")
