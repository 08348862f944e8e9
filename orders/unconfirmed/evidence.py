"""What the ids at a provider say of an order whose `add` got no clear answer. Pure; called by probe.

Most providers number the orders of all their customers in one row and answer for our own alone. So the ids between one
that was ours before the attempt and one that was ours after it hold the doubtful order, or they do not. An id there
that answers under our key, belongs to no order of ours and has exactly the expected cost is it: while it was in doubt,
no other of that cost was sent, and none before it that is in doubt still (the caller sees to that).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Literal

from providers.adapters.base import ItemError, OrderStatus, ReportedStatus

MOST_IDS = 1900
"""A wider window is not asked through: it would take more than about twenty calls."""
AHEAD = 95
"""So many ids are looked at where no later order of ours bounds the window yet: to find it, never to rule it out."""
SCANS_TO_RULE_OUT = 3

Word = Literal["placed", "absent", "undecided", "wait"]
WEAK = frozenset({ReportedStatus.PARTIAL, ReportedStatus.CANCELED})
"""Words with which the charge is no longer what the order cost."""


@dataclass(frozen=True, slots=True)
class Landmark:
    """An order of ours that was placed without doubt: when its attempt ran, and its id there."""

    started_at: datetime
    ended_at: datetime
    number: int


@dataclass(frozen=True, slots=True)
class Window:
    """The ids strictly between `low` and `high`; without `high` those just above `low`.

    `is_settled`: an attempt that began long after the doubtful one bounds it, so nothing can still appear inside.
    """

    low: int
    high: int | None
    is_settled: bool

    def numbers(self) -> range:
        return range(self.low + 1, self.high if self.high is not None else self.low + 1 + AHEAD)


@dataclass(frozen=True, slots=True)
class Judgement:
    """`wait` asks for another look later, or when it `settled`; the others end it. `why` is for people."""

    word: Word
    why: str
    candidate: str = ""
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Scan:
    """What a look at the whole window brought: `found` are ids that answered and belong to no order of ours.

    It is complete when every id was answered for and our own ones, asked in between, were known.
    """

    asked: int
    found: Sequence[OrderStatus]
    is_complete: bool


def window_of(
    *, before: Collection[Landmark], after: Collection[Landmark], settled: Collection[Landmark]
) -> Window | Judgement:
    """Where the order's id would be, or why that cannot be told."""
    if not before:
        return Judgement("undecided", "No order of ours was placed there before it, so there is no id to look from.")
    known = sorted({*before, *after, *settled}, key=lambda mark: mark.started_at)
    for earlier, later in pairwise(known):
        if earlier.ended_at <= later.started_at and earlier.number >= later.number:
            return Judgement("undecided", f"Its ids do not grow with time: {later.number} came after {earlier.number}.")
    low = max(mark.number for mark in before)
    highs = settled or after
    window = Window(low, min((mark.number for mark in highs), default=None), is_settled=bool(settled))
    if len(window.numbers()) > MOST_IDS:
        return Judgement("undecided", f"{len(window.numbers()):,} ids lie in question: too many to ask for.")
    return window


def judge(
    *,
    window: Window,
    scan: Scan,
    expected_cost: Decimal,
    currency: str,
    clean_scans: int,
    other_costs: Collection[Decimal] = (),
) -> Judgement:
    """What a scan says; `clean_scans` are the complete ones before it that found nothing.

    An id that costs one of `other_costs`, those of other orders in doubt there, may be theirs: it speaks against
    nothing that is found, but while it is there nothing is ruled out. Some providers tell a charge only after a while:
    until then nothing is concluded.
    """
    clear = [row for row in scan.found if row.currency == currency and row.word not in WEAK]
    strong = [row for row in clear if row.charge == expected_cost]
    untold = [row for row in clear if not row.charge]
    explained = [row for row in clear if row.charge and row.charge != expected_cost and row.charge in other_costs]
    if len(scan.found) > len(strong) + len(untold) + len(explained) or len(strong) > 1:
        ids = ", ".join(row.external_id for row in scan.found[:10])
        return Judgement("undecided", f"Ids that no order of ours explains answered: {ids}.")
    if not scan.is_complete:
        return Judgement("wait", "The provider did not answer for every id, or did not know orders that are ours.")
    if untold:
        return Judgement("wait", f"{untold[0].external_id} answers, but not what it costs.")
    if strong:
        found = strong[0].external_id
        return Judgement("placed", f"{found} alone answers of {_words(window)}, and costs as much.", found)
    if explained:
        return Judgement("wait", f"Of {_words(window)} only such answer as other orders in doubt explain.")
    if not window.is_settled:
        return Judgement("wait", f"None of {_words(window)} is ours; it may still appear.", settled=True)
    if clean_scans + 1 < SCANS_TO_RULE_OUT:
        return Judgement("wait", f"None of {_words(window)} is ours. Looked {clean_scans + 1} times.")
    return Judgement("absent", f"None of {_words(window)} is ours, {SCANS_TO_RULE_OUT} looks in a row.")


def read_scan(*, asked: Sequence[str], controls: Sequence[str], answers: Mapping[str, OrderStatus | ItemError]) -> Scan:
    """One call's answers: `controls` are ids that are ours without doubt."""
    found = [row for name in asked if isinstance(row := answers.get(name), OrderStatus)]
    is_known = all(isinstance(answers.get(name), OrderStatus) for name in controls)
    return Scan(len(asked), found, is_known and all(name in answers for name in asked))


def joined(scans: Sequence[Scan]) -> Scan:
    """Several calls as one look."""
    found = [row for scan in scans for row in scan.found]
    return Scan(sum(scan.asked for scan in scans), found, all(scan.is_complete for scan in scans))


def _words(window: Window) -> str:
    numbers = window.numbers()
    if not numbers:
        return f"the ids between {window.low} and {window.high}"
    return f"the ids {numbers.start} to {numbers.stop - 1}"
