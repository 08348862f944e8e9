"""The figures of a run: what was ordered, what was in doubt for how long, what staff and evidence decided."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Count, Sum

from orders.models import Attempt, OrderEvent, Probe
from orders.rules.states import State
from panel.wallet.models import Transfer
from providers.models import Provider

SURFACE_LIMIT = 60
"""Seconds until a doubt is on the staff's page, of 99 in a hundred."""
DECIDE_LIMIT = 600
"""Seconds beyond the time to settle until it is decided or before a person, of 95 in a hundred."""


def times_of_doubts() -> tuple[list[float], list[float]]:
    """Seconds from sending until the doubt showed, and from there until it was decided or before a person."""
    sent: dict[int, datetime] = {}
    doubted: dict[int, datetime] = {}
    surface, decide = [], []
    rows = OrderEvent.objects.exclude(new="").order_by("pk").values_list("order", "new", "at")
    for order, new, at in rows:
        if order in doubted and new != State.UNCONFIRMED:
            decide.append((at - doubted.pop(order)).total_seconds())
        if new == State.SENDING:
            sent[order] = at
        elif new == State.UNCONFIRMED:
            doubted[order] = at
            surface.append((at - sent[order]).total_seconds())
    return surface, decide


def percentile(numbers: Sequence[float], part: float) -> float:
    """The nearest rank; 0 of nothing."""
    ordered = sorted(numbers)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0


def lines_of_doubts() -> Iterable[str]:
    """For people: how many doubts there were, how they were decided, how long that took."""
    surface, decide = times_of_doubts()
    attempts = Attempt.objects.count()
    probes = Probe.objects.aggregate(calls=Sum("calls"), looks=Sum("scans"), count=Count("pk"))
    verdicts = Counter(Probe.objects.values_list("verdict", flat=True))
    actors = _actors()
    yield f"attempts {attempts}, in doubt {len(surface)}: by evidence {actors['evidence']}, by staff {actors['staff']}"
    named = ", ".join(f"{word or 'none yet'} {count}" for word, count in sorted(verdicts.items()))
    yield f"verdicts of the evidence: {named}"
    yield f"undecided since: {_reasons()}"
    yield f"shared by staff {_graded('probes_right')}, contradicted {_graded('probes_wrong')}"
    yield f"calls to look into doubts {probes['calls'] or 0} for {probes['count']} of them"
    for name, numbers in (("until a doubt shows", surface), ("until it is decided", decide)):
        shown = ", ".join(f"{word} {percentile(numbers, part):.1f}" for word, part in PARTS)
        yield f"seconds {name}: {shown}, max {max(numbers, default=0):.1f}"


PARTS = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))


def _reasons() -> str:
    """The most frequent ones, without the numbers in them."""
    whys = Probe.objects.filter(verdict=Probe.Verdict.UNDECIDED).values_list("reason", flat=True)
    counted = Counter(re.sub(r"[\d,]*\d", "N", why) for why in whys)
    return "; ".join(f"{count} {why}" for why, count in counted.most_common(8))


def debits() -> int:
    return Transfer.objects.filter(key__startswith="charge:").count()


def contradicted() -> int:
    """Verdicts of the evidence that were wrong."""
    return _graded("probes_wrong")


def _graded(column: str) -> int:
    return sum(Provider.objects.values_list(column, flat=True))


def _actors() -> dict[str, int]:
    """Doubts that ended without a person, and by one."""
    found: defaultdict[str, int] = defaultdict(int)
    decided = OrderEvent.objects.filter(what__in=["confirmed", "not placed"]) | OrderEvent.objects.filter(
        what="rejected", old=State.REVIEW
    )
    for actor in decided.values_list("actor", flat=True):
        found["staff" if actor else "evidence"] += 1
    return {"staff": 0, "evidence": 0, **found}
