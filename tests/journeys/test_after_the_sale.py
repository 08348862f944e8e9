"""From an order to its refill or its cancel, by command, against the provider over a real port, with exact money."""

import pytest

from orders.models import Cancellation, Refill
from providers.catalog.models import Service
from tests.fixtures_orders import LINK
from tests.fixtures_simulator import ORDER_SECONDS, Simulator
from tests.journeys.running import Run

ADA = "ada@example.com"


@pytest.fixture
def service(shop: None) -> Service:
    return Service.objects.get(upstream__external_id="1")


def place(manage: Run, service: Service, link: str = LINK) -> int:
    placed = manage("place_order", ADA, service.pk, "--link", link, "--quantity", 1000, "--json").json
    return int(placed["order"])


def stand(manage: Run, order: int) -> tuple[str, str]:
    shown = manage("show_order", order, "--json").json
    return shown["state"], shown["refunded"]


def test_ordered_canceled_and_given_back(manage: Run, simulator: Simulator, service: Service) -> None:
    waiting, running = place(manage, service, f"{LINK}/1"), place(manage, service, f"{LINK}/2")
    assert manage("request_cancels", waiting, "--json").json == {"done": [waiting], "refused": {}}
    assert stand(manage, waiting) == ("CANCELED", "1.35")
    assert manage("submit_orders", "--json").json["submitted"] == 1

    simulator.advance(ORDER_SECONDS * 0.55)  # half is delivered
    assert manage("request_cancels", running, "--json").json == {"done": [running], "refused": {}}
    again = manage("request_cancels", running, 999999, "--json")
    words = {str(running): "A cancellation was already requested.", "999999": "There is no such order."}
    assert (again[0], again.json) == (1, {"done": [], "refused": words})
    counts = manage("poll_cancels", "--json").json
    assert counts == {"requested": 1, "accepted": 1, "closed": 0, "failed_requests": 0}
    assert stand(manage, running) == ("ACTIVE", "0")

    manage("poll_orders", "--all")
    assert stand(manage, running) == ("PARTIAL", "0.675")
    assert manage("poll_cancels", "--json").json["closed"] == 1
    assert Cancellation.objects.get().state == "done"
    assert [row["status"] for row in simulator.orders()] == ["Partial"]
    assert manage("check_ledger", "--json").json == {"ok": True, "differences": []}


def test_ordered_completed_and_refilled(manage: Run, simulator: Simulator, service: Service) -> None:
    assert manage("set_refill_days", 30, "--named", "Real | 30 days refill", "--json").json == {"changed": 1}
    order = place(manage, service)
    manage("submit_orders")
    early = manage("request_refills", order)
    assert early == (1, f"{order}: You can request a refill once the order is completed.\n", "")

    simulator.advance(ORDER_SECONDS * 2)
    manage("poll_orders", "--all")
    assert stand(manage, order) == ("COMPLETED", "0")
    assert manage("request_refills", order) == (0, f"{order}: done\n", "")
    counts = manage("poll_refills", "--json").json
    assert counts == {"requested": 1, "read": 0, "changed": 0, "failed_requests": 0}
    simulator.advance(ORDER_SECONDS * 2)
    counts = manage("poll_refills", "--all", "--json").json
    assert counts == {"requested": 0, "read": 1, "changed": 1, "failed_requests": 0}
    assert Refill.objects.get().state == "completed"
    assert stand(manage, order) == ("COMPLETED", "0")
    assert manage("check_ledger", "--json").json == {"ok": True, "differences": []}


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("request_refills", "x"), "argument ORDER: invalid int value: 'x'"),
        (("request_cancels",), "the following arguments are required: ORDER"),
        (("set_refill_days", "many", "--named", "R30"), "argument days: “many” is not a number of days up to 3,650."),
        (("set_refill_days", "9999", "--named", "R30"), "argument days: “9999” is not a number of days up to 3,650."),
        (("set_refill_days", "30", "--named", " "), "Enter a part of the services' names."),
    ],
)
def test_bad_input_is_one_line(manage: Run, arguments: tuple[object, ...], line: str) -> None:
    assert manage(*arguments) == (2, "", f"{line}\n")
    assert Service.objects.exclude(refill_days=None).count() == 0
