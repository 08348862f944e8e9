"""Orders as the lines of a CSV file that spreadsheets open as it is meant. Called by the customer's page."""

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo

from orders.kinds import KINDS
from orders.models import Order
from panel.lib.money import plain

MOST_EXPORTED = 100_000
BOM = "\ufeff"
"""Tells a spreadsheet that the text is UTF-8."""
_FORMULA = tuple("=+-@\t\r\n\x00＝＋－＠")
HEAD = (
    "Order", "Ordered", "Service", "Service name", "Link", "Quantity", "Delivered", "Start count", "Remains", "State",
    "Charge", "Given back", "Currency", "Ended", "Time zone",
)  # fmt: skip


class _Line:
    """What csv writes to: keeps the one line that was written last."""

    text = ""

    def write(self, text: str) -> None:
        self.text = text


def csv_lines(batches: Iterable[Iterable[Order]], *, zone: tzinfo) -> Iterator[str]:
    """The file's text, its head first, a part for each batch. Times are in `zone`, amounts in exact digits.

    No cell begins like a formula: those that would begin with an apostrophe, which spreadsheets read as "text".
    """
    line = _Line()
    writer = csv.writer(line)
    writer.writerow(HEAD)
    yield BOM + line.text
    for batch in batches:
        lines = []
        for order in batch:
            writer.writerow([_safe(cell) for cell in _cells(order, zone)])
            lines.append(line.text)
        yield "".join(lines)


def _cells(order: Order, zone: tzinfo) -> tuple[str, ...]:
    is_counted = order.type not in KINDS or not KINDS[order.type].is_per_package
    return (
        str(order.pk),
        _time(order.created_at, zone),
        str(order.service_id),
        order.service.name,
        order.link,
        str(order.quantity),
        str(order.delivered) if is_counted else "",
        "" if order.start_count is None else str(order.start_count),
        "" if order.remains is None or not is_counted else str(max(0, order.remains)),
        order.word,
        plain(order.charge),
        plain(order.refunded),
        order.currency,
        _time(order.finished_at, zone),
        str(zone),
    )


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _time(at: datetime | None, zone: tzinfo) -> str:
    return "" if at is None else f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
