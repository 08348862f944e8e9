"""Which services of a list have to be compared with what we knew, told by the rows' fingerprints. Pure; called by sync.

Nearly all rows of a list are as they were: those are only counted, and their values are not read from the database.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from providers.adapters.base import ServiceList
from providers.sync.diff import GONE, REJECTED, Values

SIEVED_BY = ("external_id", "missing", "doubt", "fingerprint")
"""The columns of a known row that decide, as a tuple."""


@dataclass(frozen=True, slots=True)
class Sieved:
    """What is left to compare: `listing` without the `same` rows that are as they were, and these known rows.

    `fingerprints` are the ones stored, by external id; `gone` counts the rows that are still as absent as they were.
    """

    listing: ServiceList
    fingerprints: Mapping[str, int | None]
    same: int
    gone: int


def sieve(*, known: Iterable[Values], listing: ServiceList) -> Sieved:
    """`known` are all rows of the provider, each with the columns of SIEVED_BY."""
    rows = {row.external_id: row for row in listing.services}
    spoiled = {row.external_id for row in listing.rejected}
    left: dict[str, int | None] = {}
    same = gone = 0
    for external_id, missing, doubt, stored in known:
        row = rows.get(external_id)
        if row is None and missing >= GONE and external_id not in spoiled:
            gone += 1
        elif row is not None and row.fingerprint == stored and missing == 0 and doubt != REJECTED:
            del rows[external_id]
            same += 1
        else:
            left[external_id] = stored
    return Sieved(listing=replace(listing, services=list(rows.values())), fingerprints=left, same=same, gone=gone)
