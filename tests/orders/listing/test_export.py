"""The CSV file of orders: exact, and nothing in it that a spreadsheet would run."""

import csv
import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from orders.listing.export import HEAD, csv_lines
from orders.models import Order
from panel.lib.spreadsheet import BOM
from tests.fixtures_orders import LINK, Store
from tests.fixtures_simulator import PACKAGE_SERVICE


def lines_of(*orders: Order, zone: str = "UTC") -> list[dict[str, str]]:
    text = "".join(csv_lines([orders], zone=ZoneInfo(zone)))
    assert text.startswith(BOM + '"Order ID","Placed","Service ID","Service",')
    return list(csv.DictReader(text.removeprefix(BOM).splitlines()))


def test_a_line_says_all_of_an_order(store: Store) -> None:
    order = store.active()
    store.simulator.set_order(order.provider_order_id, status="Partial", remains=437, start_count=3572)
    store.poll()
    made, ended = datetime(2026, 3, 1, 23, 30, tzinfo=UTC), datetime(2026, 7, 1, 12, 0, 5, tzinfo=UTC)
    Order.objects.filter(pk=order.pk).update(created_at=made, finished_at=ended)
    assert lines_of(store.fresh(order), zone="Europe/Berlin") == [
        {
            "Order ID": str(order.pk),
            "Placed": "2026-03-02 00:30:00",
            "Service ID": str(order.service_id),
            "Service": order.service.name,
            "Link": LINK,
            "Quantity": "1000",
            "Delivered": "563",
            "Start count": "3572",
            "Remaining": "437",
            "Status": "Partial",
            "Charge": "1.35",
            "Refunded": "0.58995",
            "Currency": "USD",
            "Finished": "2026-07-01 14:00:05",
            "Time zone": "Europe/Berlin",
        }
    ]


def test_what_is_not_known_is_empty(store: Store) -> None:
    (line,) = lines_of(store.place(PACKAGE_SERVICE))
    assert {name for name in HEAD if not line[name]} == {"Delivered", "Start count", "Remaining", "Finished"}
    assert (line["Quantity"], line["Charge"], line["Refunded"]) == ("1", "7.5", "0")


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "\x00", "＝", "＋", "－", "＠"])
def test_no_cell_begins_like_a_formula(store: Store, sign: str) -> None:
    order = store.place()
    order.service.name = order.link = f'{sign}HYPERLINK("https://example.com",1)'
    text = "".join(csv_lines([[order]], zone=UTC))
    assert text.count(f"'{sign}HYPERLINK") == 2
    assert text.count(f"{sign}HYPERLINK") == 2


@pytest.mark.parametrize("inside", ["a;=1+1", "a; =1+1", "a\t@SUM(1)", "a;b;-2", "a;＝1"])
def test_no_part_behind_another_separator_begins_like_a_formula(store: Store, inside: str) -> None:
    order = store.place()
    order.link = f"https://example.com/{inside}"
    text = "".join(csv_lines([[order]], zone=UTC))
    assert re.search(r"[;\t]\s*[=+\-@＝＋－＠]", text) is None
    (line,) = lines_of(order)
    assert line["Link"].replace("'", "") == order.link


def test_every_cell_is_quoted(store: Store) -> None:
    text = "".join(csv_lines([[store.place()]], zone=UTC))
    assert all(re.fullmatch(r'"[^"]*"(,"[^"]*")*', line) for line in text.removeprefix(BOM).splitlines())


def test_commas_quotes_and_breaks_stay_in_their_cell(store: Store) -> None:
    order = store.place()
    order.service.name = 'a,"b"; c'
    (line,) = lines_of(order)
    assert (line["Service"], line["Link"]) == ('a,"b"; c', LINK)
