"""What a running day's roll-up has counted already, so that a run adds only what came since. Called by roll_up.py.

Ids are given when transfers are written, and a transfer is seen when its transaction ends. So a roll-up remembers up to
which id it counted, and which ids before that were missing: one of those that appears is counted then. Ids that are
settled (panel/ops/jobs/settled_ids.py) are missing for good, and forgotten.
"""

from bisect import bisect_right
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from orders.reports.models import RolledDay
from panel.ops.jobs.settled_ids import settled_id
from panel.wallet.models import Transfer

MAX_LATE = 500
"""Where more than so many appear late, the day is added up anew."""

Ranges = list[list[int]]
"""Of ids, the first and the last of each, in order."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Which transfers are in a roll-up: those up to the id `upto` but for the `missing` ones, all after `settled`."""

    settled: int = 0
    upto: int = 0
    missing: Ranges | tuple[()] = ()

    @classmethod
    def of(cls, rolled: RolledDay | None) -> "Counted":
        """What the day's row says; of nothing where it is to be added up whole."""
        return cls(rolled.settled, rolled.upto, rolled.missing) if rolled and rolled.upto else cls()

    def note(self, rolled: RolledDay) -> None:
        """Keep it in the day's row."""
        rolled.settled, rolled.upto, rolled.missing = self.settled, self.upto, list(self.missing)


def count_new(counted: Counted) -> tuple[Counted, QuerySet[Transfer] | None]:
    """What is counted from here on, and the transfers which that adds; None where all have to be added up anew.

    Both are of the caller's snapshot. While no id is settled yet, everything is added up anew each time.
    """
    settled = settled_id(model=Transfer)
    if not settled:
        return Counted(), None
    ids = Transfer.objects.filter(pk__gt=min(counted.settled or settled, settled)).order_by("pk")
    there = list(ids.values_list("pk", flat=True))
    late = [pk for pk in there if pk <= counted.upto and _is_in(pk, counted.missing)]
    newest = max(there[-1] if there else 0, counted.upto, settled)
    after = Counted(settled, newest, _gaps(there, after=settled))
    if not counted.upto or len(late) > MAX_LATE:
        return after, None
    return after, Transfer.objects.filter(Q(pk__gt=counted.upto) | Q(pk__in=late))


def _gaps(ids: list[int], *, after: int) -> Ranges:
    """The ids between these that are not there."""
    gaps, last = [], after
    for pk in ids:
        if pk > last + 1:
            gaps.append([last + 1, pk - 1])
        last = max(pk, last)
    return gaps


def _is_in(pk: int, ranges: Ranges | tuple[()]) -> bool:
    place = bisect_right(ranges, pk, key=lambda one: one[0]) - 1
    return place >= 0 and pk <= ranges[place][1]
