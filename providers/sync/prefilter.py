"""Which services of a list have to be compared with what we knew, told by the rows' fingerprints. Pure; called by sync.

Nearly all rows of a list are as they were: those are only counted, and their values are not read from the database.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from providers.adapters.base import ServiceList
from providers.sync.diff import GONE, REJECTED, Values

PREFILTER_COLUMNS = ("external_id", "missing", "review_reason", "fingerprint")
"""The columns of a known row that decide, as a tuple."""


@dataclass(frozen=True, slots=True)
class ChangedRows:
    """What is left to compare: `listing` without the `same` rows that are as they were, and these known rows.

    `fingerprints` are the ones stored, by external id; `gone` counts the rows that are still as absent as they were.
    """

    listing: ServiceList
    fingerprints: Mapping[str, int | None]
    same: int
    gone: int


def find_changed_rows(*, known: Iterable[Values], listing: ServiceList) -> ChangedRows:
    """`known` are all rows of the provider, each with the columns of PREFILTER_COLUMNS."""
    rows = {row.external_id: row for row in listing.services}
    spoiled = {row.external_id for row in listing.rejected}
    left: dict[str, int | None] = {}
    same = gone = 0
    for external_id, missing, review_reason, stored in known:
        row = rows.get(external_id)
        if row is None and missing >= GONE and external_id not in spoiled:
            gone += 1
        elif row is not None and row.fingerprint == stored and missing == 0 and review_reason != REJECTED:
            del rows[external_id]
            same += 1
        else:
            left[external_id] = stored
    return ChangedRows(listing=replace(listing, services=list(rows.values())), fingerprints=left, same=same, gone=gone)
