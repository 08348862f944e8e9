"""Figures of this floor as they are now, for the page of metrics: the jobs and the alerts."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import Count
from prometheus_client.core import GaugeMetricFamily

from panel.beat import job_name
from panel.celery import periods
from panel.ops.models import Alert, AlertNotice, JobRun

Row = tuple[Sequence[str], float | Decimal | None]
"""The labels' values, and the figure; None where there is none to tell."""


def gauge(name: str, help_text: str, rows: Iterable[Row], *, labels: Sequence[str] = ()) -> GaugeMetricFamily:
    """One figure for each set of labels. They are read by programs that know floats alone."""
    family = GaugeMetricFamily(f"panel_{name}", help_text, labels=labels)
    for values, figure in rows:
        if figure is not None:
            family.add_metric(values, float(figure))
    return family


def read_gauges(*, now: datetime) -> Iterator[GaugeMetricFamily]:
    """Three queries."""
    runs = {job_name(run.name): run for run in JobRun.objects.filter(finished_at__isnull=False)}
    jobs = [(name, runs[name]) for name in map(job_name, periods()) if name in runs]
    ages = [((name,), (now - run.finished_at).total_seconds()) for name, run in jobs if run.finished_at]
    yield gauge("job_age_seconds", "Since a job of the timetable last ended.", ages, labels=["job"])
    went = [((name,), float(run.ok)) for name, run in jobs]
    yield gauge("job_ok", "Whether its last run went through.", went, labels=["job"])
    alerts = Alert.objects.filter(closed_at__isnull=True)
    found = dict(alerts.values_list("level").annotate(Count("pk")).order_by())
    levels = [((level,), float(found.get(level, 0))) for level in Alert.Level.values]
    yield gauge("alerts_open", "Open alerts.", levels, labels=["level"])
    failing = AlertNotice.objects.filter(next_at__isnull=False).exclude(reason="").count()
    yield gauge("alert_messages_failing", "Messages about alerts that wait for another try.", [((), float(failing))])
