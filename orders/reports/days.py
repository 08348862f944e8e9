"""The days of reports: they begin at midnight in the shop's own zone, and a report covers some of them. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

ONE = timedelta(days=1)
MAX_DAYS = 3660


def report_zone() -> ZoneInfo:
    """The zone by whose clock days begin."""
    return ZoneInfo(settings.REPORT_TIME_ZONE)


def midnight(day: date) -> datetime:
    """When the day begins."""
    return datetime.combine(day, time(), report_zone())


def day_of(moment: datetime) -> date:
    """The day that the moment is in."""
    return moment.astimezone(report_zone()).date()


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days, both ends included."""

    first: date
    last: date

    @property
    def length(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "Period":
        """As many days, just before these."""
        return Period(self.first - ONE * self.length, self.first - ONE)

    def days(self) -> Iterator[date]:
        """Every day, the first one first."""
        return (self.first + ONE * number for number in range(self.length))


def last_days(*, today: date, count: int) -> Period:
    """So many days, `today` the last of them."""
    return Period(today - ONE * (count - 1), today)
