"""Times that a clock which was ahead for a moment has left in the database: they count as none.

Nothing of ours waits for longer than a known span, so what waits for longer was written by such a clock, and would
stand still until the time comes that this clock showed.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

SKEW = timedelta(minutes=5)
"""By so much the clocks of two hosts may differ."""


def is_future(moment: datetime | None, *, now: datetime) -> bool:
    """Whether the moment cannot have come yet, by whichever host's clock."""
    return moment is not None and moment > now + SKEW


def bring_back(rows: QuerySet[Any], field: str, *, max_ahead: timedelta, to: datetime, now: datetime) -> int:
    """Have those of the rows that would wait for longer than the `max_ahead` wait come `to` that time; how many."""
    ahead = rows.filter(**{f"{field}__gt": now + max_ahead + SKEW})
    return ahead.update(**{field: to}) if ahead.exists() else 0
