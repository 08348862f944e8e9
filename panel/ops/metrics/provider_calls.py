"""How calls to providers fare, counted in each process and summed over all at a scrape. Called by connect."""

import logging
from collections.abc import Iterable

from celery.exceptions import SoftTimeLimitExceeded
from prometheus_client import Histogram, Metric
from prometheus_client.multiprocess import MultiProcessCollector

from panel.ops.metrics.files import all_files, make_folder

log = logging.getLogger(__name__)

BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
CALLS = Histogram(
    "panel_provider_call_seconds",
    "Calls to providers until their answer was understood, by how they went.",
    ("provider", "action", "outcome"),
    buckets=BUCKETS,
    registry=None,
)


def record_call(provider: str, action: str, outcome: str, seconds: float) -> None:
    """Count a call. What was bought matters more than that it was counted: only the soft time limit passes."""
    try:
        make_folder()
        CALLS.labels(provider, action, outcome).observe(seconds)
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        log.exception("call not counted", extra={"action": action, "outcome": outcome})


def read_calls() -> Iterable[Metric]:
    """What all processes have counted since they started."""
    found: Iterable[Metric] = MultiProcessCollector.merge(all_files())  # type: ignore[no-untyped-call]
    return found
