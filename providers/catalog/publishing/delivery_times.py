"""Stores how long orders of a service take, as measured from recent orders. Called by the measuring job."""

from collections.abc import Mapping

from django.db import transaction

from panel.lib.database.bulk import update_rows
from panel.web.formatting import duration_text
from providers.catalog.models import Service
from providers.catalog.publishing.publish import bump_catalog_version

ROWS_PER_STATEMENT = 500


def set_measured_times(*, seconds: Mapping[int, int]) -> int:
    """Store these times by service and clear all others. Returns how many services now show another time.

    A time that is shown as before is not written.
    """
    with transaction.atomic():
        known = dict(Service.objects.filter(measured_seconds__isnull=False).values_list("pk", "measured_seconds"))
        rows: list[tuple[int, int | None, int | None]] = [
            (pk, found, known.get(pk))
            for pk, found in seconds.items()
            if _displayed(found) != _displayed(known.get(pk))
        ]
        rows += [(pk, None, was) for pk, was in known.items() if pk not in seconds]
        for start in range(0, len(rows), ROWS_PER_STATEMENT):
            update_rows(
                Service,
                rows[start : start + ROWS_PER_STATEMENT],
                fields=["measured_seconds"],
                guard=["measured_seconds"],
            )
        if rows:
            bump_catalog_version()
    return len(rows)


def _displayed(seconds: int | None) -> str:
    return "" if seconds is None else duration_text(seconds)
