"""Which fault a request meets: those asked for, those drawn by probability, and the names they go by."""

from collections.abc import Callable
from typing import Any

import pytest

from providers.simulator.faults import UnknownFaultError
from providers.simulator.rules import LINK_BUSY
from tests.fixtures_simulator import Simulator
from tests.providers.simulator.client import Raw, call, post, status


def buy(simulator: Simulator) -> Raw:
    return post(simulator, action="add", service=1, link="https://example.com/a", quantity=1000)


def test_a_queued_fault_is_met_once_and_in_turn(simulator: Simulator) -> None:
    simulator.next("add", "funds", times=2)
    simulator.next("add", "ok")
    simulator.next("add", "refused")

    said = [next(iter(buy(simulator).json)) for _ in range(5)]

    assert said == ["error", "error", "order", "error", "order"]
    assert simulator.played == {"add.funds": 2, "add.refused": 1}


def test_drawn_faults_follow_the_seed_and_the_link(make_simulator: Callable[..., Simulator]) -> None:
    def said(seed: int) -> list[Any]:
        simulator = make_simulator(seed=seed, shares={"funds": 0.2, "add.error500_after": 0.1})
        answers = [
            post(simulator, action="add", service=1, link=f"l{number}", quantity=100).status for number in range(200)
        ]
        created = [len(simulator.created(f"l{number}")) for number in range(200)]
        assert simulator.played["add.funds"] == 200 - sum(created)
        assert simulator.played["add.error500_after"] == answers.count(500)
        return [answers, created]

    first = said(1)

    assert first == said(1)
    assert first != said(2)
    assert 10 <= first[0].count(500) <= 35
    assert 140 <= sum(first[1]) <= 180


def test_an_order_sent_again_throws_the_dice_again(make_simulator: Callable[..., Simulator]) -> None:
    simulator = make_simulator(shares={"funds": 0.5})

    said = {next(iter(buy(simulator).json)) for _ in range(20)}

    assert said == {"error", "order"}


def test_faults_can_be_ended(make_simulator: Callable[..., Simulator]) -> None:
    simulator = make_simulator(shares={"funds": 1.0})
    assert buy(simulator).json == {"error": "Not enough funds on balance"}
    simulator.next("add", "refused")

    simulator.set_faults({})

    assert buy(simulator).json == {"order": 1}
    assert status(simulator, "1")["status"] == "Pending"


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({"nonsense": 0.1}, "no fault named nonsense"),
        ({"add.missing_ids": 0.1}, "add has no fault named missing_ids"),
        ({"sell.funds": 0.1}, "no action named sell"),
        ({"funds": 1.5}, "a number from 0 to 1"),
        ({"funds": 0.6, "refused": 0.6}, "add has faults for more than all requests"),
    ],
)
def test_faults_that_do_not_exist_are_refused(simulator: Simulator, shares: dict[str, float], message: str) -> None:
    with pytest.raises(UnknownFaultError, match=message):
        simulator.set_faults(shares)
    assert buy(simulator).json == {"order": 1}


def test_a_fault_is_found_under_its_other_spellings(simulator: Simulator) -> None:
    simulator.next("add", "Link-Busy")
    simulator.next("services", "empty")
    simulator.next("status", "503")

    assert buy(simulator).json == {"error": LINK_BUSY}
    assert call(simulator, action="services") == []
    assert post(simulator, action="status", order=1).status == 503
    with pytest.raises(UnknownFaultError):
        simulator.next("add", "hang")
