"""Decide by the order IDs at a provider whether it placed an unconfirmed order. Pure; called by probe.

Most providers number the orders of all their customers in one sequence and answer only for our own. So the unconfirmed
order is among the IDs between our last order before the attempt and our first one after it, or it does not exist. An ID
there that answers under our key, belongs to no order of ours and has exactly the expected cost is the order: the caller
makes sure that no other unconfirmed order has the same cost.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Literal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from providers.adapters.base import ItemError, OrderStatus, ReportedStatus

MAX_IDS = 1900
"""A wider window is not scanned: it would take more than about twenty calls."""
AHEAD = 95
"""IDs scanned where no later order of ours bounds the window yet: enough to find the order, never to rule it out."""
SCANS_TO_RULE_OUT = 3

Outcome = Literal["placed", "absent", "undecided", "wait"]
WEAK = frozenset({ReportedStatus.PARTIAL, ReportedStatus.CANCELED})
"""Statuses with which the charge may differ from the original cost."""


@dataclass(frozen=True, slots=True)
class ReferenceOrder:
    """A confirmed order of ours: when its attempt ran, and its ID at the provider."""

    started_at: datetime
    ended_at: datetime
    number: int


@dataclass(frozen=True, slots=True)
class Window:
    """The IDs strictly between `low` and `high`; without `high` those just above `low`.

    `is_settled`: an attempt long after the unconfirmed one bounds it, so nothing can still appear inside.
    """

    low: int
    high: int | None
    is_settled: bool

    def numbers(self) -> range:
        return range(self.low + 1, self.high if self.high is not None else self.low + 1 + AHEAD)


@dataclass(frozen=True, slots=True)
class Decision:
    """`wait` asks for another check, later or once `settled`; the other outcomes end it. `reason` is for people."""

    outcome: Outcome
    reason: str
    candidate: str = ""
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Scan:
    """The result of scanning a window: `found` are IDs that answered and belong to no order of ours.

    It is complete when every ID got an answer and the controls among them, our own, were known.
    """

    asked: int
    found: Sequence[OrderStatus]
    is_complete: bool


def window_of(
    *, before: Collection[ReferenceOrder], after: Collection[ReferenceOrder], settled: Collection[ReferenceOrder]
) -> Window | Decision:
    """The window in which the order's ID would be, or the decision that there is none."""
    if not before:
        return Decision("undecided", _("No earlier order of yours at this provider shows where its ID would be."))
    known = sorted({*before, *after, *settled}, key=lambda reference: reference.started_at)
    for earlier, later in pairwise(known):
        if earlier.ended_at <= later.started_at and earlier.number >= later.number:
            text = _("The provider's order IDs do not grow with time: %(later)s came after %(earlier)s.")
            return Decision("undecided", text % {"later": later.number, "earlier": earlier.number})
    low = max(reference.number for reference in before)
    highs = settled or after
    window = Window(low, min((reference.number for reference in highs), default=None), is_settled=bool(settled))
    if len(window.numbers()) > MAX_IDS:
        text = _("%(count)s IDs are possible, too many to check.")
        return Decision("undecided", text % {"count": f"{len(window.numbers()):,}"})
    return window


def decide_by_scan(
    *,
    window: Window,
    scan: Scan,
    expected_cost: Decimal,
    currency: str,
    clean_scans: int,
    other_costs: Collection[Decimal] = (),
) -> Decision:
    """What a scan proves; `clean_scans` is the number of complete scans before it that found nothing.

    An ID that costs one of `other_costs`, those of other unconfirmed orders there, may be theirs: it does not weaken a
    match, but while it exists nothing is ruled out. Some providers report a charge only after a while: until then the
    result is to wait.
    """
    clear = [row for row in scan.found if row.currency == currency and row.word not in WEAK]
    strong = [row for row in clear if row.charge == expected_cost]
    uncharged = [row for row in clear if not row.charge]
    explained = [row for row in clear if row.charge and row.charge != expected_cost and row.charge in other_costs]
    if len(scan.found) > len(strong) + len(uncharged) + len(explained) or len(strong) > 1:
        text = _("The provider has orders that match none of yours: %(ids)s.")
        return Decision("undecided", text % {"ids": ", ".join(row.external_id for row in scan.found[:10])})
    if not scan.is_complete:
        return Decision("wait", _("The provider did not answer for every ID, or did not know orders of yours."))
    if uncharged:
        text = _("Order %(id)s exists, but the provider does not report its cost yet.")
        return Decision("wait", text % {"id": uncharged[0].external_id})
    values = {"ids": _id_range(window)}
    if strong:
        match = strong[0].external_id
        text = _("Order %(id)s is the only match among the IDs %(ids)s, and its cost is equal.")
        return Decision("placed", text % {**values, "id": match}, match)
    if explained:
        text = _("Among the IDs %(ids)s only orders exist that other unconfirmed orders explain.")
        return Decision("wait", text % values)
    if not window.is_settled:
        return Decision("wait", _("No match among the IDs %(ids)s; the order may still appear.") % values, settled=True)
    return _no_match(_id_range(window), clean_scans + 1)


def _no_match(ids: str, checks: int) -> Decision:
    text = ngettext(
        "No match among the IDs %(ids)s in %(count)s check.",
        "No match among the IDs %(ids)s in %(count)s checks.",
        checks,
    )
    return Decision("absent" if checks >= SCANS_TO_RULE_OUT else "wait", text % {"ids": ids, "count": checks})


def read_scan(*, asked: Sequence[str], controls: Sequence[str], answers: Mapping[str, OrderStatus | ItemError]) -> Scan:
    """Read one call's answers; `controls` are known IDs of ours."""
    found = [row for name in asked if isinstance(row := answers.get(name), OrderStatus)]
    is_known = all(isinstance(answers.get(name), OrderStatus) for name in controls)
    return Scan(len(asked), found, is_known and all(name in answers for name in asked))


def join_scans(scans: Sequence[Scan]) -> Scan:
    """Join several calls into one scan."""
    found = [row for scan in scans for row in scan.found]
    return Scan(sum(scan.asked for scan in scans), found, all(scan.is_complete for scan in scans))


def _id_range(window: Window) -> str:
    numbers = window.numbers()
    first, last = (numbers.start, numbers.stop - 1) if numbers else (window.low, window.high)
    return f"{first}–{last}"
