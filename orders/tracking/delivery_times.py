"""How long orders take, service by service: the median of our own finished ones. Called by the hourly job."""

from collections import defaultdict
from datetime import datetime, timedelta
from statistics import median

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from orders.models import Order
from orders.rules.states import State
from providers.catalog.publishing.delivery_times import set_measured_times

LATELY = timedelta(days=90)
ENOUGH = 5
"""Fewer finished orders say nothing."""
MOST = 100
"""How many of a service's newest orders are measured."""


def measure_times(*, now: datetime) -> int:
    """Keep each service's typical time, from being sent to being completed; how many services read differently now."""
    newest = Window(RowNumber(), partition_by=F("service_id"), order_by=F("finished_at").desc())
    finished = Order.objects.filter(state=State.COMPLETED, finished_at__gte=now - LATELY, sent_at__isnull=False)
    rows = finished.annotate(place=newest).filter(place__lte=MOST).values_list("service_id", "sent_at", "finished_at")
    found: defaultdict[int, list[float]] = defaultdict(list)
    for service_id, sent_at, finished_at in rows.iterator(chunk_size=2000):
        if sent_at is not None and finished_at is not None:
            found[service_id].append((finished_at - sent_at).total_seconds())
    typical = {pk: max(0, round(median(times))) for pk, times in found.items() if len(times) >= ENOUGH}
    return set_measured_times(seconds=typical)
