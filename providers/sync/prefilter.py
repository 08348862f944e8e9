"""Finds the rows of a list that changed since the last sync, by their fingerprints. Pure; called by service_sync.

Nearly all rows are unchanged: those are only counted, and their values are not read from the database.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from providers.adapters.base import ServiceList
from providers.sync.diff import GONE, REJECTED, Values

PREFILTER_COLUMNS = ("external_id", "missing", "review_reason", "fingerprint")
"""The columns of a stored row that decide, as a tuple."""


@dataclass(frozen=True, slots=True)
class ChangedRows:
    """What is left to compare: `listing` without the `same` unchanged rows, and the stored rows that may have changed.

    `fingerprints` are their stored fingerprints by external ID; `gone` counts rows that are still removed.
    """

    listing: ServiceList
    fingerprints: Mapping[str, int | None]
    same: int
    gone: int


def find_changed_rows(*, known: Iterable[Values], listing: ServiceList) -> ChangedRows:
    """Filter the list. `known` are all stored rows of the provider, with the columns of PREFILTER_COLUMNS."""
    rows = {row.external_id: row for row in listing.services}
    invalid = {row.external_id for row in listing.rejected}
    remaining: dict[str, int | None] = {}
    same = gone = 0
    for external_id, missing, review_reason, stored in known:
        row = rows.get(external_id)
        if row is None and missing >= GONE and external_id not in invalid:
            gone += 1
        elif row is not None and row.fingerprint == stored and missing == 0 and review_reason != REJECTED:
            del rows[external_id]
            same += 1
        else:
            remaining[external_id] = stored
    return ChangedRows(
        listing=replace(listing, services=list(rows.values())), fingerprints=remaining, same=same, gone=gone
    )
