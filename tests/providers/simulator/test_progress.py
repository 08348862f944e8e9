"""How orders go on with time, and how tests make them say something else."""

from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise

import pytest

from providers.simulator.control import ControlError
from tests.fixtures_simulator import Simulator
from tests.providers.simulator.client import add, call, status


def test_an_order_waits_then_is_delivered_evenly_then_is_done(simulator: Simulator) -> None:
    order = add(simulator)
    seen = []
    for seconds in (0, 9, 1, 45, 44, 1, 500):
        simulator.advance(seconds)
        answer = status(simulator, order)
        seen.append((answer["status"], answer["remains"]))

    assert seen == [
        ("Pending", "1000"),
        ("Pending", "1000"),
        ("In progress", "1000"),
        ("In progress", "500"),
        ("In progress", "12"),
        ("Completed", "0"),
        ("Completed", "0"),
    ]
    assert simulator.balance == Decimal("999.1")


def test_orders_may_be_done_at_once(make_simulator: Callable[..., Simulator]) -> None:
    simulator = make_simulator(order_seconds=0)

    assert status(simulator, add(simulator))["status"] == "Completed"
    runs = add(simulator, quantity=100, runs=3, interval=1)
    assert (status(simulator, runs)["status"], len(status(simulator, runs)["orders"])) == ("Completed", 3)


def test_the_seed_decides_how_orders_end(make_simulator: Callable[..., Simulator]) -> None:
    def endings(seed: int) -> list[str]:
        simulator = make_simulator(partial_share=0.3, canceled_share=0.2, seed=seed)
        for number in range(200):
            add(simulator, link=f"l{number}", quantity=100)
        simulator.advance(100)
        return [order["status"] for order in simulator.orders()]

    first = endings(1)

    assert first == endings(1)
    assert first != endings(2)
    assert 40 <= first.count("Partial") <= 80
    assert 20 <= first.count("Canceled") <= 60


def test_drip_feed_tells_of_its_runs(simulator: Simulator) -> None:
    order = add(simulator, quantity=100, runs=3, interval=10)
    assert (status(simulator, order)["runs"], status(simulator, order)["orders"]) == ("3", [2])
    assert status(simulator, order)["remains"] == "300"

    simulator.advance(100)
    assert status(simulator, order)["orders"] == [2, 3]
    assert (status(simulator, "2")["status"], status(simulator, "2")["charge"]) == ("Completed", "0.09")
    simulator.advance(200)

    answer = status(simulator, order)
    assert (answer["status"], answer["remains"], answer["orders"]) == ("Completed", "0", [2, 3, 4])
    assert [view["parent"] for view in simulator.orders()] == ["", "1", "1", "1"]
    assert len(simulator.created("https://example.com/a")) == 1
    assert simulator.spent == Decimal("0.27")


def test_a_canceled_drip_feed_begins_no_more_runs(simulator: Simulator) -> None:
    order = add(simulator, quantity=100, runs=3, interval=10)
    simulator.advance(165)  # 30 of waiting, 135 of 270 of delivering

    call(simulator, action="cancel", orders=order)
    simulator.advance(1000)

    answer = status(simulator, order)
    assert (answer["status"], answer["remains"], answer["orders"]) == ("Partial", "150", [2, 3])
    assert (answer["charge"], simulator.balance) == ("0.135", Decimal("999.865"))


def test_a_subscription_tells_of_its_posts(simulator: Simulator) -> None:
    simulator.set_service(5, type="Subscriptions", rate="1")
    order = add(simulator, service=5, link="", quantity="", username="x", min=10, max=20, posts=4, delay=0)

    assert (status(simulator, order)["status"], status(simulator, order)["posts"]) == ("Active", "0")
    simulator.advance(100)
    assert (status(simulator, order)["status"], status(simulator, order)["posts"]) == ("Completed", "4")


def test_a_new_order_may_be_unknown_for_a_while(make_simulator: Callable[..., Simulator]) -> None:
    simulator = make_simulator(index_seconds=5)
    order = add(simulator)

    assert status(simulator, order) == {"error": "Incorrect order ID"}
    simulator.advance(5)
    assert status(simulator, order)["status"] == "Pending"


def test_ids_may_go_to_others_in_between(make_simulator: Callable[..., Simulator]) -> None:
    simulator = make_simulator(foreign_orders=3, first_order=23_501)
    numbers = [int(add(simulator, link=f"l{n}")) for n in range(50)]
    steps = {later - earlier for earlier, later in pairwise(numbers)}

    assert numbers[0] == 23_501
    assert steps == {1, 2, 3, 4}
    assert status(simulator, "23500") == {"error": "Incorrect order ID"}


@pytest.mark.parametrize(
    ("fields", "said", "spent"),
    [
        ({"status": "Completed"}, {"status": "Completed", "remains": "0", "charge": "0.9"}, "0.9"),
        ({"status": "Canceled"}, {"status": "Canceled", "remains": "1000", "charge": "0"}, "0"),
        ({"status": "Partial", "remains": 157}, {"status": "Partial", "remains": 157, "charge": "0.7587"}, "0.7587"),
        ({"status": "Partial", "remains": None}, {"status": "Partial", "remains": None, "charge": "0.9"}, "0.9"),
        ({"status": "Partial", "remains": -7}, {"status": "Partial", "remains": -7, "charge": "0.9"}, "0.9"),
        ({"status": "Partial", "remains": 1001}, {"status": "Partial", "remains": 1001, "charge": "0.9"}, "0.9"),
        ({"status": "Canceled", "charge": "0.9"}, {"status": "Canceled", "charge": "0.9"}, "0.9"),
        ({"status": "In progress", "charge": Decimal("1.2")}, {"status": "In progress", "charge": "1.2"}, "1.2"),
        ({"status": "Teleporting", "charge": None}, {"status": "Teleporting", "charge": None}, "0.9"),
        ({"start_count": -3, "currency": "EUR"}, {"start_count": -3, "currency": "EUR", "status": "Pending"}, "0.9"),
    ],
)
def test_an_order_can_be_made_to_say_anything_and_the_money_follows(
    simulator: Simulator, fields: dict[str, object], said: dict[str, object], spent: str
) -> None:
    order = add(simulator)

    simulator.set_order(order, **fields)

    answer = status(simulator, order)
    assert {name: answer[name] for name in said} == said
    assert simulator.spent == Decimal(spent)
    assert simulator.balance == 1000 - Decimal(spent)


def test_what_was_said_can_change_again(simulator: Simulator) -> None:
    order = add(simulator)

    simulator.set_order(order, status="Completed")
    simulator.set_order(order, status="Partial", remains=500)
    assert (status(simulator, order)["charge"], simulator.balance) == ("0.45", Decimal("999.55"))
    simulator.set_order(order, status="In progress")
    assert (status(simulator, order)["charge"], simulator.balance) == ("0.45", Decimal("999.55"))
    simulator.advance(1000)
    simulator.set_order(order, status="Canceled")
    assert (status(simulator, order)["charge"], simulator.balance) == ("0", Decimal(1000))


def test_a_planned_ending_moves_no_money_after_another_was_said(
    make_simulator: Callable[..., Simulator],
) -> None:
    simulator = make_simulator(canceled_share=1.0)
    order = add(simulator)

    simulator.set_order(order, status="Completed")
    simulator.advance(1000)

    assert (status(simulator, order)["charge"], simulator.balance) == ("0.9", Decimal("999.1"))


def test_unknown_orders_refills_and_backward_time_are_refused(simulator: Simulator) -> None:
    with pytest.raises(ControlError, match="no order 5"):
        simulator.set_order(5, status="Completed")
    with pytest.raises(ControlError, match="no refill 5"):
        simulator.set_refill(5, "Rejected")
    with pytest.raises(ValueError, match="only goes forward"):
        simulator.advance(-1)


def test_refills_may_be_rejected(make_simulator: Callable[..., Simulator]) -> None:
    simulator = make_simulator(rejected_refill_share=1.0)
    order = add(simulator)
    simulator.advance(100)
    call(simulator, action="refill", order=order)

    simulator.advance(100)
    assert call(simulator, action="refill_status", refill=1) == {"status": "Rejected"}
    simulator.set_refill(1, "Awaiting")
    assert call(simulator, action="refill_status", refill=1) == {"status": "Awaiting"}
