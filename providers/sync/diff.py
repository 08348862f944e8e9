"""Compares a provider's list with the stored services: new, changed, missing, removed and back. Pure."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from panel.lib.money import MAX_AMOUNT, plain, round_up
from providers.adapters.base import SERVICE_FIELDS, ServiceList, ServiceRow, service_values

KNOWN = ("external_id", "pk", "missing", "review_reason", "rate_before", *SERVICE_FIELDS)
"""The columns of a known row, as a tuple. A row to write is (pk, missing, review_reason, rate_before, *values)."""
MAX_LENGTHS = {"name": 300, "type": 40, "raw_type": 100, "category": 300, "description": 20_000, "average_time": 100}
RATE, TYPE, RAW_TYPE, NAME, CATEGORY = (
    SERVICE_FIELDS.index(name) for name in ("rate", "type", "raw_type", "name", "category")
)
MAX_ID_LENGTH = 64
GONE = 2
REJECTED, PRICE, MEANING = "rejected", "price", "meaning"
LOGGED_REASON = "doubt"
"""The name of `review_reason` in the change log, which keeps the lines of earlier versions."""
MIN_NAME_SIMILARITY, MIN_CATEGORY_SIMILARITY = 0.6, 0.5
"""Below either share of common words, an ID with another name counts as reused for another service."""

Values = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """By how many percent a rate may rise or fall at once. Larger changes, and those from or to zero, need review."""

    rise: int = 50
    fall: int = 50


@dataclass(frozen=True, slots=True)
class Change:
    """One row for the change log. `kind` is one of ServiceChange.Kind."""

    external_id: str
    kind: str
    name: str
    fields: Mapping[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class Diff:
    """`writes` are known rows in their new form; `new` are (external id, review_reason, *values) in list order."""

    new: list[Values] = field(default_factory=list)
    writes: list[Values] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    touched: list[str] = field(default_factory=list)
    unchanged: int = 0
    known: int = 0
    listed: int = 0
    lost: int = 0
    rejected: int = 0

    @property
    def lost_digest(self) -> str:
        """A digest of the services that are missing or invalid, so that staff accept only the list that they saw."""
        lost = (line.external_id for line in self.changes if line.kind in {"missing", "gone"} or "why" in line.fields)
        return hashlib.sha256("\n".join(sorted(lost)).encode()).hexdigest()[:32]

    def count(self, kind: str) -> int:
        return sum(1 for change in self.changes if change.kind == kind)

    @property
    def is_suddenly_small(self) -> bool:
        """Whether more than half of the listed services are missing or invalid, or a fifth and at least five."""
        return self.lost * 2 > self.listed or (self.lost >= 5 and self.lost * 5 > self.listed)


def diff_services(
    *,
    known: Iterable[Values],
    listing: ServiceList,
    limits: Limits,
    same: int = 0,
    gone: int = 0,
    accepts_missing: bool = False,
) -> Diff:
    """Compare `known`, the provider's stored rows with the columns of KNOWN, with its list.

    Rows that the prefilter found unchanged are left out of `known`; `same` of them are listed and `gone` are removed.
    A service is removed when it is missing for the second time, or at once if staff accepted the list.
    """
    diff = Diff(rejected=len(listing.rejected), unchanged=same, listed=same)
    old = {row[0]: row for row in known}
    diff.known = len(old) + same + gone
    invalid = {row.external_id: row.reason for row in listing.rejected}
    seen = set()
    for row in listing.services:
        seen.add(row.external_id)
        before = old.get(row.external_id)
        if before is None:
            _add_new(diff, row)
        elif before[2] == 0 and before[3] != REJECTED and before[5:] == service_values(row):
            diff.unchanged += 1
        else:
            _compare_row(diff, before, row, limits)
    for external_id, before in old.items():
        diff.listed += before[2] < GONE
        if external_id in seen:
            continue
        if external_id in invalid:
            _mark_invalid(diff, before, invalid[external_id])
        elif before[2] < GONE:
            _mark_missing(diff, before, GONE if accepts_missing else before[2] + 1)
    return diff


def _add_new(diff: Diff, row: ServiceRow) -> None:
    values = _storable(row)
    if values is None or len(row.external_id) > MAX_ID_LENGTH:
        diff.rejected += 1
        return
    review_reason = "" if values[RATE] > 0 else PRICE
    diff.new.append((row.external_id, review_reason, *values))
    diff.touched.append(row.external_id)
    diff.changes.append(Change(row.external_id, "new", values[NAME]))


def _compare_row(diff: Diff, before: Values, row: ServiceRow, limits: Limits) -> None:
    external_id, pk, missing, review_reason, rate_before, *_ = before
    old, new = before[5:], _storable(row)
    if new is None:
        diff.rejected += 1
        _mark_invalid(diff, before, "rate too large")
        return
    is_same = old == new and review_reason != REJECTED
    if is_same and missing == 0:
        diff.unchanged += 1
        return
    if review_reason == MEANING or is_other_service(old, new, was_absent=missing > 0):
        new_reason, now_rate_before = MEANING, None
    else:
        new_reason, now_rate_before = _judge_rate(old, new, review_reason, rate_before, limits)
    changes = _changes(old, new) | ({LOGGED_REASON: [review_reason, new_reason]} if review_reason != new_reason else {})
    diff.writes.append((pk, 0, new_reason, now_rate_before, *new))
    diff.touched.append(external_id)
    diff.changes.append(Change(external_id, "back" if missing else "changed", new[NAME], changes))


def _mark_invalid(diff: Diff, before: Values, problem: str) -> None:
    external_id, pk, missing, review_reason, rate_before, *old = before
    if review_reason in {REJECTED, MEANING} and missing == 0:
        diff.unchanged += 1
        return
    new_reason = MEANING if review_reason == MEANING else REJECTED
    diff.lost += missing < GONE
    diff.writes.append((pk, 0, new_reason, rate_before, *old))
    diff.touched.append(external_id)
    diff.changes.append(
        Change(external_id, "changed", old[NAME], {LOGGED_REASON: [review_reason, new_reason], "why": problem[:200]})
    )


def _mark_missing(diff: Diff, before: Values, absences: int) -> None:
    external_id, pk, _, review_reason, rate_before, *old = before
    diff.lost += 1
    diff.writes.append((pk, absences, review_reason, rate_before, *old))
    diff.touched.append(external_id)
    diff.changes.append(Change(external_id, "gone" if absences >= GONE else "missing", old[NAME]))


def _storable(row: ServiceRow) -> Values | None:
    """The row's values as the database can store them; None if its rate is too large."""
    if row.rate >= MAX_AMOUNT:
        return None
    values = list(service_values(row))
    for index, name in enumerate(SERVICE_FIELDS):
        if name in MAX_LENGTHS:
            values[index] = values[index][: MAX_LENGTHS[name]]
    values[RATE] = round_up(row.rate)
    return tuple(values)


def _judge_rate(
    old: Values, new: Values, review_reason: str, rate_before: Decimal | None, limits: Limits
) -> tuple[str, Decimal | None]:
    """Whether the rate needs review before the service is sold again, and the rate it is compared with."""
    never_had_one = review_reason == PRICE and rate_before is None
    if never_had_one:
        return ("", None) if new[RATE] > 0 else (PRICE, None)
    base = old[RATE] if rate_before is None else rate_before
    return (PRICE, base) if _jumped(base, new[RATE], limits) else ("", None)


def _jumped(old: Decimal, new: Decimal, limits: Limits) -> bool:
    if old == new:
        return False
    if not old or not new:
        return True
    return new * 100 > old * (100 + limits.rise) or new * 100 < old * (100 - limits.fall)


def is_other_service(old: Values, new: Values, *, was_absent: bool) -> bool:
    """Whether an ID now stands for another service: another type, a very different name, another name in another
    category, or any other name after the ID had been missing.
    """
    if old[TYPE] != new[TYPE] and old[RAW_TYPE] != new[RAW_TYPE]:
        return True
    if _words(old[NAME]) == _words(new[NAME]):
        return False
    if was_absent or _similarity(old[NAME], new[NAME]) < MIN_NAME_SIMILARITY:
        return True
    return _similarity(old[CATEGORY], new[CATEGORY]) < MIN_CATEGORY_SIMILARITY


def _similarity(one: str, other: str) -> float:
    """The share of common words, from 0 to 1. Two texts without words are equal."""
    words, others = _words(one), _words(other)
    return len(words & others) / len(words | others) if words or others else 1.0


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


def _changes(old: Values, new: Values) -> dict[str, object]:
    return {
        name: [_short(was), _short(now)] for name, was, now in zip(SERVICE_FIELDS, old, new, strict=True) if was != now
    }


def _short(value: object) -> object:
    if isinstance(value, Decimal):
        return plain(value)
    return value[:200] if isinstance(value, str) else value
