"""Writes orders as a CSV file. Called by the customer's page."""

from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from orders.models import Order
from orders.rules.service_types import SERVICE_TYPES
from panel.lib import spreadsheet
from panel.lib.spreadsheet import Cell

MOST_EXPORTED = 100_000
HEAD = (
    _("Order ID"), _("Placed"), _("Service ID"), _("Service"), _("Link"), _("Quantity"), _("Delivered"),
    _("Start count"), _("Remaining"), _("Status"), _("Charge"), _("Refunded"), _("Currency"), _("Finished"),
    _("Time zone"),
)  # fmt: skip


def csv_lines(batches: Iterable[Iterable[Order]], *, zone: tzinfo) -> Iterator[str]:
    """The file's text in parts: the header, then each batch. Times are in `zone`, amounts with all digits."""
    rows = ((_cells(order, zone) for order in batch) for batch in batches)
    return spreadsheet.csv_lines(head=[gettext(name) for name in HEAD], batches=rows)


def _cells(order: Order, zone: tzinfo) -> tuple[Cell, ...]:
    is_counted = order.type not in SERVICE_TYPES or not SERVICE_TYPES[order.type].is_per_package
    return (
        order.pk,
        _time(order.created_at, zone),
        order.service_id,
        order.service.name,
        order.link,
        order.quantity,
        order.delivered if is_counted else None,
        order.start_count,
        None if order.remains is None or not is_counted else max(0, order.remains),
        order.word,
        order.charge,
        order.refunded,
        order.currency,
        _time(order.finished_at, zone),
        str(zone),
    )


def _time(at: datetime | None, zone: tzinfo) -> str:
    return "" if at is None else f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
