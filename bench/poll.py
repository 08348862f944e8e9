"""Following 100,000 open orders, 32 calls of 200 ms in flight: with nothing changed, and with 30 % changed.

The floor is latency alone: ceil(batches / in flight) x latency. Each round starts from fresh orders, all of them due.
"""

import math
import os
from functools import partial
from statistics import median

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from bench.figures import ROUNDS, Figures, clock
from bench.seed import seed_orders
from bench.world import counted, stub_counts, stub_url
from orders.accounting.audit import audit_all
from orders.models import Order
from orders.tracking.poll import Polled, poll_provider
from orders.tracking.settle import settle_batch
from providers.adapters.base import OrderStatus, ReportedStatus
from providers.connection.connect import connected
from providers.models import Provider

ORDERS = int(os.environ.get("BENCH_ORDERS", "100000"))
LATENCY_MS = 200
IN_FLIGHT = 32
BATCH = 100
CHANGED, REFUNDED = 30, 5
"""Of every hundred orders, as the stub answers at "moved"."""
SAMPLE = 20
FEW = 10


def main() -> None:
    """Every figure of this part; exit status 1 when a limit is missed."""
    settings.POLL_IN_FLIGHT = IN_FLIGHT
    figures = Figures()
    figures.note(f"{ORDERS:,} orders, {ROUNDS} rounds each")
    measure(figures, variant="same", limit=3.2)
    measure(figures, variant="moved", limit=6.4)
    measure_settling(figures)
    measure_one_by_one(figures)
    figures.close()


def measure(figures: Figures, *, variant: str, limit: float) -> None:
    batches = math.ceil(ORDERS / BATCH)
    floor = math.ceil(batches / IN_FLIGHT) * LATENCY_MS / 1000
    moved = variant == "moved"
    ours, requests, in_flight, statements, problems = [], set(), set(), set(), 0
    for _ in range(ROUNDS):
        provider = seed_orders(count=ORDERS, url=stub_url(variant=variant, milliseconds=LATENCY_MS))
        stub_counts()
        results: list[Polled] = []
        with counted() as executed:
            ours.append(clock(lambda p=provider, into=results: into.append(poll_provider(provider=p))))
        counts = stub_counts()
        requests.add(counts["requests"])
        in_flight.add(counts["most_in_flight"])
        statements.add(executed.count / batches)
        problems += len(audit_all())
        _check(results[0], moved=moved)
    name = f"{CHANGED} % changed, {REFUNDED} % refunded" if moved else "nothing changed"
    figures.times(name, floor=[floor], ours=ours, limit=limit)
    figures.holds("  requests", found=_only(requests), wanted=batches)
    figures.holds("  differences in the books", found=problems, wanted=0)
    figures.note(f"  statements a batch: {', '.join(f'{one:.2f}' for one in sorted(statements))}")
    figures.note(f"  most in flight: {max(in_flight)}; rounds: {', '.join(f'{one:.1f} s' for one in ours)}")


def measure_settling(figures: Figures) -> None:
    """However many orders of a batch have news, they are settled by as many statements."""
    seed_orders(count=1000, url=stub_url(variant="moved"))
    pks = list(Order.objects.order_by("pk").values_list("pk", flat=True))
    found = []
    for chosen in (pks[:FEW], pks[FEW : FEW + BATCH]):
        answers = {pk: _status(pk, ReportedStatus.PARTIAL, "Partial") for pk in chosen}
        with counted() as executed:
            settle_batch(answers=answers, asked_at=timezone.now(), now=timezone.now())
        found.append(executed.count)
    figures.holds(f"statements to refund {BATCH}, as to refund {FEW}", found=found[1], wanted=found[0])
    figures.holds("differences in the books", found=len(audit_all()), wanted=0)
    ended = Order.objects.filter(refunded=F("charge") / 4).count()
    figures.holds("orders refunded a quarter", found=ended, wanted=FEW + BATCH)


def measure_one_by_one(figures: Figures) -> None:
    """What other panels do: ask for each order by itself, save each. From a sample."""
    provider = seed_orders(count=SAMPLE, url=stub_url(variant="moved", milliseconds=LATENCY_MS))
    took = median(clock(partial(_ask_one_by_one, provider)) for _ in range(ROUNDS)) / SAMPLE
    alone, spread = took * ORDERS, took * ORDERS / IN_FLIGHT
    figures.note(
        f"the common way, a request and a save() an order (from {SAMPLE}): {alone / 3600:.1f} h;"
        f" with {IN_FLIGHT} at once {spread / 60:.0f} min"
    )


def _ask_one_by_one(provider: Provider) -> None:
    with connected(provider) as adapter:
        for order in Order.objects.order_by("pk"):
            status = adapter.status(order_id=str(order.provider_order_id))
            if isinstance(status, OrderStatus):
                order.provider_status, order.remains = status.word, status.remains
            order.save()


def _status(pk: int, word: ReportedStatus, raw: str) -> OrderStatus:
    return OrderStatus(
        external_id=str(pk), word=word, raw=raw, charge=None, start_count=3572, remains=250, currency="USD"
    )


def _only(found: set[int]) -> object:
    return found.pop() if len(found) == 1 else sorted(found)


def _check(result: Polled, *, moved: bool) -> None:
    """Stop when the run did not do what is being measured."""
    hundreds = ORDERS // BATCH
    wanted = (ORDERS, CHANGED * hundreds * moved, REFUNDED * hundreds * moved, 0, 0)
    if (result.orders, result.changed, result.refunded, result.failed, result.failed_requests) != wanted:
        raise RuntimeError(f"It was not polled as wanted: {result}")
