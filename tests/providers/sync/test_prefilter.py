"""A row's fingerprint tells any change of it, and leaving out what is as it was changes no result of comparing."""

import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from providers.adapters.base import SERVICE_FIELDS, RejectedRow, ServiceList, ServiceRow, service_values
from providers.adapters.fingerprint import fingerprint
from providers.sync.diff import KNOWN, Limits, diff_services
from providers.sync.prefilter import PREFILTER_COLUMNS, ChangedRows, find_changed_rows

D = Decimal

ROW = ServiceRow(
    external_id="1",
    name="Followers",
    type="Default",
    raw_type="default",
    category="Instagram",
    rate=D("0.900000"),
    min=50,
    max=10000,
    refill=True,
    cancel=False,
    dripfeed=False,
    description="Line 1\nLine 2 ⚡",
    average_time="1 hour",
)
OTHERWISE: dict[str, Any] = {
    "name": "Followers ",
    "type": "Package",
    "raw_type": "Default",
    "category": "instagram",
    "rate": D("0.900001"),
    "min": 51,
    "max": 10001,
    "refill": False,
    "cancel": True,
    "dripfeed": True,
    "description": "Line 1 Line 2 ⚡",
    "average_time": "",
}


def known(row: ServiceRow, *, pk: int = 1, missing: int = 0, review_reason: str = "") -> dict[str, Any]:
    values = {name: getattr(row, name) for name in ("external_id", "fingerprint", *SERVICE_FIELDS)}
    return values | {"pk": pk, "missing": missing, "review_reason": review_reason, "rate_before": None}


def columns(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


def listing(*rows: ServiceRow, spoiled: Sequence[str] = ()) -> ServiceList:
    return ServiceList(services=rows, rejected=[RejectedRow(one, "nonsense") for one in spoiled], digest="d")


def changed_rows(row: dict[str, Any], *rows: ServiceRow, spoiled: Sequence[str] = ()) -> ChangedRows:
    return find_changed_rows(known=columns([row], PREFILTER_COLUMNS), listing=listing(*rows, spoiled=spoiled))


def test_equal_rows_have_one_fingerprint_which_is_the_same_everywhere() -> None:
    assert replace(ROW).fingerprint == ROW.fingerprint == fingerprint(service_values(ROW)) == 3537135028407137643
    assert replace(ROW, external_id="2").fingerprint == ROW.fingerprint
    assert 0 <= ROW.fingerprint < 2**63


@pytest.mark.parametrize("name", SERVICE_FIELDS)
def test_every_mirrored_field_changes_the_fingerprint(name: str) -> None:
    other = replace(ROW, **{name: OTHERWISE[name]})
    assert other.fingerprint != ROW.fingerprint
    left = changed_rows(known(ROW), other)
    assert (left.listing.services, left.fingerprints, left.same, left.gone) == ([other], {"1": ROW.fingerprint}, 0, 0)


def test_values_that_change_places_or_types_have_another_fingerprint() -> None:
    assert replace(ROW, name=ROW.category, category=ROW.name).fingerprint != ROW.fingerprint
    assert replace(ROW, name="ab", type="c").fingerprint != replace(ROW, name="a", type="bc").fingerprint
    assert len({fingerprint([value]) for value in (1, True, "1", "True", D(1), None, "", "\ud800", "?")}) == 9


@pytest.mark.parametrize("review_reason", ["", "price", "meaning", "refused"])
def test_a_row_that_says_what_it_did_is_only_counted(review_reason: str) -> None:
    left = changed_rows(known(ROW, review_reason=review_reason), ROW)
    assert left == ChangedRows(listing=replace(listing(), services=[]), fingerprints={}, same=1, gone=0)


@pytest.mark.parametrize("state", [{"missing": 1}, {"missing": 2}, {"review_reason": "rejected"}])
def test_a_row_that_was_absent_or_made_no_sense_is_compared(state: dict[str, Any]) -> None:
    left = changed_rows(known(ROW, **state), ROW)
    assert (left.listing.services, left.fingerprints, left.same) == ([ROW], {"1": ROW.fingerprint}, 0)


@pytest.mark.parametrize("stored", [None, 0, ROW.fingerprint + 1])
def test_a_row_under_another_fingerprint_or_none_is_compared(stored: int | None) -> None:
    left = changed_rows(known(ROW) | {"fingerprint": stored}, ROW)
    assert (left.listing.services, left.fingerprints, left.same) == ([ROW], {"1": stored}, 0)


@pytest.mark.parametrize(
    ("missing", "spoiled", "compared"), [(0, (), 1), (1, (), 1), (2, (), 0), (2, ("1",), 1), (0, ("1",), 1)]
)
def test_absent_rows_are_compared_until_they_are_gone(missing: int, spoiled: Sequence[str], compared: int) -> None:
    new = replace(ROW, external_id="2")
    left = changed_rows(known(ROW, missing=missing), new, spoiled=spoiled)
    assert (left.listing.services, list(left.fingerprints), left.gone) == ([new], ["1"] * compared, 1 - compared)
    assert left.listing.rejected == listing(spoiled=spoiled).rejected


def test_comparing_what_the_sieve_leaves_finds_what_comparing_all_finds() -> None:
    chance = random.Random(11)
    seen = 0
    for _ in range(300):
        rows = [replace(ROW, external_id=str(number)) for number in range(chance.randrange(12))]
        before = [
            known(
                row,
                pk=pk,
                missing=chance.choice((0, 0, 0, 1, 2, 3)),
                review_reason=chance.choice(("", "", "rejected", "price")),
            )
            for pk, row in enumerate(rows, start=1)
        ]
        for row in before:
            row["fingerprint"] = chance.choice((row["fingerprint"], row["fingerprint"], None, 5))
        now = listing(*_turned(chance, rows), spoiled=chance.sample(["3", "5", "50"], chance.randrange(3)))
        found = find_changed_rows(known=columns(before, PREFILTER_COLUMNS), listing=now)
        left = columns([row for row in before if row["external_id"] in found.fingerprints], KNOWN)
        diff = diff_services(known=left, listing=found.listing, limits=Limits(), same=found.same, gone=found.gone)
        assert diff == diff_services(known=columns(before, KNOWN), listing=now, limits=Limits())
        seen += found.same > 0 and found.gone > 0 and diff.count("changed") > 0
    assert seen > 20


def _turned(chance: random.Random, rows: Sequence[ServiceRow]) -> list[ServiceRow]:
    """Some left out, some changed, some new, in another order; none that the spoiled ids name."""
    kept = [row for row in rows if chance.random() < 0.8 and row.external_id not in {"3", "5"}]
    now = [_changed(chance, row) if chance.random() < 0.3 else row for row in kept]
    new = [replace(ROW, external_id=f"new-{number}") for number in range(chance.randrange(3))]
    return chance.sample([*now, *new], len(now) + len(new))


def _changed(chance: random.Random, row: ServiceRow) -> ServiceRow:
    name = chance.choice(SERVICE_FIELDS)
    return replace(row, **{name: OTHERWISE[name]})
