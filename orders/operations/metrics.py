"""How many orders stand where, and how the books fare, for the page of metrics.

States that few orders are in are counted in their partial indexes at each scrape. The others grow without end: a job
counts them every few minutes, by reading the whole table once.
"""

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Min
from prometheus_client.core import GaugeMetricFamily

from orders.models import Order
from orders.rules.states import POSSIBLY_PLACED, UNCONFIRMED_STATES, State
from panel.ops.metrics.gauges import Row, gauge
from panel.ops.models import JobRun

COUNTED_BY_JOB = tuple(state for state in State if state not in {State.QUEUED, *POSSIBLY_PLACED})


def count_orders() -> dict[str, int]:
    """How many orders are in each state of COUNTED_BY_JOB; nothing where nobody may scrape it."""
    if not settings.METRICS_TOKEN:
        return {}
    counted = Order.objects.filter(state__in=COUNTED_BY_JOB).values_list("state").annotate(Count("pk"))
    return {**{state.value: 0 for state in COUNTED_BY_JOB}, **dict(counted.order_by())}


def read_gauges(*, now: datetime) -> Iterator[GaugeMetricFamily]:
    """Four queries, none of which grows with what is over."""
    queued = Order.objects.filter(state=State.QUEUED)
    risky = Order.objects.filter(state__in=["SENDING", "UNCONFIRMED", "REVIEW"])  # written as its index is
    at_risk = dict(risky.values_list("state").annotate(Count("pk")).order_by())
    runs = {run.name: run for run in JobRun.objects.filter(name__in=["count_orders", "check_books"], ok=True)}
    counted = runs["count_orders"].summary if "count_orders" in runs else {}
    live = {State.QUEUED: queued.count(), **{state: at_risk.get(state, 0) for state in POSSIBLY_PLACED}}
    rows: list[Row] = [((state.value,), live.get(state, counted.get(state.value))) for state in State]
    yield gauge("orders", "Orders by state; those that are sent or over as last counted.", rows, labels=["state"])
    yield gauge("orders_counted_age_seconds", "Since those were counted.", [((), _age(runs.get("count_orders"), now))])
    doubtful = sum(live[state] for state in UNCONFIRMED_STATES)
    yield gauge("orders_doubtful", "Orders that may or may not have been bought.", [((), doubtful)])
    oldest = queued.filter(next_attempt_at__lte=now).aggregate(least=Min("next_attempt_at"))["least"]
    waited = (now - oldest).total_seconds() if oldest else 0
    yield gauge("queue_age_seconds", "How long the oldest order that may be sent waits.", [((), waited)])
    books = runs.get("check_books")
    yield gauge("books_age_seconds", "Since the books were recounted.", [((), _age(books, now))])
    differences = books.summary.get("differences") if books else None
    yield gauge("books_differences", "What that audit_all found wrong.", [((), differences)])


def _age(run: JobRun | None, now: datetime) -> float | None:
    return (now - run.finished_at).total_seconds() if run and run.finished_at and run.summary else None
