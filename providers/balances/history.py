"""Balance readings for charts, one for each bucket of time, and the thinning of old readings.

Called by the staff's pages and by a daily job. The last reading of a bucket represents it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import BigIntegerField, Func, Max, OuterRef, QuerySet, Subquery

from providers.models import BalanceReading, Provider

HOURLY_AFTER, DAILY_AFTER = timedelta(days=30), timedelta(days=365)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Bucket(Func):
    """SQL: the number of the bucket of `seconds` that a time belongs to."""

    output_field = BigIntegerField()

    def __init__(self, moment: str, *, seconds: int, **extra: Any) -> None:
        super().__init__(moment, seconds=int(seconds), **extra)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "FLOOR(EXTRACT(EPOCH FROM %(expressions)s) / %(seconds)s)::bigint"
        return self.as_sql(compiler, connection, template=template, **context)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "CAST(strftime('%%%%s', %(expressions)s) AS INTEGER) / %(seconds)s"
        return self.as_sql(compiler, connection, template=template, **context)


def last_reading_per_bucket(
    *, provider_ids: Iterable[int], since: datetime, bucket: timedelta, with_latest: bool = False
) -> Sequence[BalanceReading]:
    """The last reading of every bucket since `since`, oldest first; `with_latest` adds each provider's latest.

    One query.
    """
    ids = list(provider_ids)
    rows = BalanceReading.objects.filter(provider__in=ids, at__gte=since)
    found = BalanceReading.objects.filter(pk__in=_last_ids(rows, bucket))
    if with_latest:
        newest = BalanceReading.objects.filter(provider=OuterRef("pk")).order_by("-at", "-pk").values("pk")[:1]
        latest = Provider.objects.filter(pk__in=ids).values(newest=Subquery(newest))
        found = found.union(BalanceReading.objects.filter(pk__in=latest))
    return list(found.order_by("at", "id"))


def thin_readings(*, now: datetime) -> int:
    """Thin readings: after 30 days keep one an hour, after a year one a day; readings with drift are kept."""
    hourly, daily = now - HOURLY_AFTER, now - DAILY_AFTER
    return _thin(after=daily, before=hourly, bucket=HOUR) + _thin(after=None, before=daily, bucket=DAY)


def _thin(*, after: datetime | None, before: datetime, bucket: timedelta) -> int:
    """Delete for one provider at a time, so that statements do not grow with their number."""
    deleted = 0
    for provider_id in BalanceReading.objects.order_by().values_list("provider", flat=True).distinct():
        old = BalanceReading.objects.filter(provider=provider_id, at__lt=before)
        if after is not None:
            old = old.filter(at__gte=after)
        deleted += old.filter(drift=0).exclude(pk__in=_last_ids(old, bucket)).delete()[0]
    return deleted


def _last_ids(rows: QuerySet[BalanceReading], bucket: timedelta) -> QuerySet[BalanceReading, Any]:
    """The last primary key of each bucket: keys grow with time."""
    number = Bucket("at", seconds=int(bucket.total_seconds()))
    grouped = rows.order_by().annotate(bucket=number).values("provider", "bucket")
    return grouped.annotate(last=Max("pk")).values("last")
