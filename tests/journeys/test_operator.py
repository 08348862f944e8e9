"""An operator runs a whole shop from the command line: every command, its JSON, and its one line for bad input."""

from decimal import Decimal
from pathlib import Path

import pytest

from orders.models import Order
from panel.customers.models import User
from panel.wallet.models import Account, Transfer
from providers.models import Provider
from tests.fixtures_orders import LINK
from tests.fixtures_simulator import ORDER_SECONDS, Simulator
from tests.journeys.running import Run


@pytest.mark.usefixtures("shop")
def test_an_order_from_the_command_line(manage: Run, simulator: Simulator) -> None:
    services = manage("list_services", "--search", "Followers | Real", "--json").json["services"]
    (service,) = [row for row in services if row["provider_service"] == "1"]
    assert (service["cost"], service["rate"], service["min"], service["max"]) == ("0.9", "1.35", 50, 10000)

    placed = manage("place_order", "ada@example.com", service["id"], "--link", LINK, "--quantity", 1000, "--json").json
    assert placed == {"order": Order.objects.get().pk, "charge": "1.35", "placed": True}
    assert manage("submit_orders", "--json").json == {"doubtful": 0, "expired": 0, "canceled": 0, "submitted": 1}

    (bought,) = simulator.created(LINK)
    simulator.set_order(bought["id"], status="Partial", remains=400, start_count=12)
    polled = manage("poll_orders", "--all", "--json").json
    assert (polled["orders"], polled["changed"], polled["refunded"], polled["requests"]) == (1, 1, 1, 1)
    assert manage("show_order", placed["order"], "--json").json == {
        "order": placed["order"],
        "state": "PARTIAL",
        "provider_status": "Partial",
        "charge": "1.35",
        "refunded": "0.54",
        "cost": "0.54",
        "cost_currency": "USD",
        "provider_order_id": bought["id"],
        "start_count": 12,
        "remains": 400,
        "attention": "",
    }
    assert manage("read_balances", "--json").json == {"read": 1, "failed": 0, "drifting": 0}
    assert manage("check_ledger", "--json").json == {"ok": True, "differences": []}
    assert manage("check_ledger") == (0, "The books add up.\n", "")


@pytest.mark.usefixtures("shop")
def test_comments_and_drip_feed(manage: Run, simulator: Simulator, tmp_path: Path) -> None:
    comments = tmp_path / "comments.txt"
    comments.write_text("Lovely\nGreat 🎉\n\nNice\n", encoding="utf-8")
    ids = {row["provider_service"]: row["id"] for row in manage("list_services", "--json").json["services"]}

    place = ("place_order", "ada@example.com")
    assert manage(*place, ids["3"], "--link", LINK, "--comments-file", comments, "--json").json["charge"] == "0.036"
    drip = ("--quantity", 100, "--runs", 3, "--interval", 60)
    assert manage(*place, ids["1"], "--link", LINK, *drip, "--json").json["charge"] == "0.405"
    assert manage("submit_orders", "--json").json["submitted"] == 2
    assert [order["quantity"] for order in simulator.created(LINK)] == [3, 300]


@pytest.mark.usefixtures("shop")
def test_refills(manage: Run, simulator: Simulator) -> None:
    service = manage("list_services", "--json").json["services"]
    service_id = next(row["id"] for row in service if row["provider_service"] == "1")
    manage("place_order", "ada@example.com", service_id, "--link", LINK, "--quantity", 50)
    manage("submit_orders")
    simulator.advance(ORDER_SECONDS * 2)
    manage("poll_orders", "--all")

    counts = manage("poll_refills", "--all", "--json").json
    assert counts == {"requested": 0, "read": 0, "changed": 0, "failed_requests": 0}


@pytest.mark.usefixtures("shop")
def test_a_damaged_book_is_told(manage: Run) -> None:
    Account.objects.filter(customer__isnull=False).update(balance=99)
    status, printed, _ = manage("check_ledger")

    assert status == 1
    assert printed.startswith("wallet ")


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("place_order", "bob@example.com", 1, "--link", LINK), "There is no customer bob@example.com."),
        (("place_order", "ada@example.com", 999999, "--link", LINK), "This service isn't available right now."),
        (("place_order", "ada@example.com", "x", "--link", LINK), "argument service: invalid int value: 'x'"),
        (("show_order", 999999), "There is no order 999999."),
        (("record_deposit", "South", "5"), "No provider is named “South”."),
        (("record_deposit", "North", "0"), "The amount must not be zero."),
        (("record_deposit", "North", "five"), "argument amount: “five” is not an amount. Enter it like 12.50."),
        (("add_customer", "ada@example.com"), "A customer with the email ada@example.com already exists."),
        (("add_customer", "Ada@Example.com"), "A customer with the email ada@example.com already exists."),
        (("add_customer", "no address"), "Enter a valid email address."),
        (("add_customer", "new@example.com", "--credit=-1"), "The credit must not be negative."),
        (("add_customer", "new@example.com", "--password", "short"), None),
    ],
)
def test_bad_input_is_one_line_and_changes_nothing(
    manage: Run, arguments: tuple[object, ...], line: str | None
) -> None:
    def everything() -> tuple[int, ...]:
        return tuple(model.objects.count() for model in (User, Order, Transfer, Provider))

    before = everything()
    status, printed, error = manage(*arguments)

    assert (status, printed) == (2, "")
    assert error.count("\n") == 1
    assert line is None or error == f"{line}\n"
    assert everything() == before


@pytest.mark.usefixtures("shop")
def test_a_deposit_is_booked(manage: Run) -> None:
    booked = manage("record_deposit", "North", "250.5", "--note", "invoice 7", "--json").json

    assert booked == {"provider": "North", "amount": "250.5", "expected": "1250.5", "booked": True}
    assert Transfer.objects.get(note="invoice 7").amount == Decimal("250.5")
