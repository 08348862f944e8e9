"""What outlives a restart, and what many threads at once may do."""

import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures_simulator import Simulator
from tests.providers.simulator.client import add, call, status

Make = Callable[..., Simulator]


@pytest.fixture
def restart(make_simulator: Make, tmp_path: Path) -> Callable[..., Simulator]:
    """Starts a provider on one file; the one before it is stopped."""
    running: list[Simulator] = []

    def start(**settings: Any) -> Simulator:
        if running:
            running[-1].server.stop()
        running.append(make_simulator(state=tmp_path / "deep" / "state.sqlite3", **settings))
        return running[-1]

    return start


def test_ids_money_and_time_go_on_after_a_restart(restart: Make) -> None:
    before = restart()
    add(before)
    before.advance(55)
    add(before, link="b", service=3, comments="one\ntwo")
    call(before, action="refill", order=1)
    seen = before.orders()
    assert seen[0]["status"] == "In progress"

    after = restart(balance=5)

    assert after.orders() == seen
    assert (after.balance, after.spent) == (Decimal("999.084"), Decimal("0.916"))
    assert add(after, link="c") == "3"
    after.advance(45)
    assert status(after, "1")["status"] == "Completed"
    assert call(after, action="refill", order=1) == {"refill": "1"}

    again = restart()
    assert call(again, action="refill_status", refill=1) == {"status": "Pending"}
    assert call(again, action="refill", order=1) == {"error": "Refill is not available for this order"}
    again.advance(100)
    assert call(again, action="refill", order=1) == {"refill": "2"}


def test_what_was_planned_still_happens_once_after_a_restart(restart: Make) -> None:
    before = restart(canceled_share=1.0)
    add(before)
    before.advance(50)
    restart(canceled_share=1.0)

    after = restart(canceled_share=1.0)
    assert after.balance == Decimal("999.1")
    after.advance(50)
    assert (status(after, "1")["status"], after.balance) == ("Canceled", Decimal(1000))

    again = restart()
    again.advance(100)
    assert (again.balance, again.spent) == (Decimal(1000), Decimal(0))


def test_drip_feed_goes_on_after_a_restart(restart: Make) -> None:
    before = restart()
    add(before, quantity=100, runs=3, interval=1)
    before.advance(100)
    assert status(before, "1")["orders"] == [2, 3]

    after = restart()
    assert status(after, "1")["orders"] == [2, 3]
    after.advance(200)
    assert status(after, "1")["orders"] == [2, 3, 4]
    assert len(after.orders()) == 4


def test_what_was_set_by_hand_outlives_a_restart(restart: Make) -> None:
    before = restart()
    add(before)
    before.set_order(1, status="Partial", remains=500)
    before.set_service(1, rate="1.50")
    before.remove_service(2)
    before.add_service("x", rate="3")
    before.balance = Decimal(77)

    after = restart()

    assert (status(after, "1")["status"], status(after, "1")["charge"]) == ("Partial", "0.45")
    rows = {row["service"]: row for row in call(after, action="services")}
    assert (rows[1]["rate"], rows["x"]["rate"], 2 in rows) == ("1.50", "3", False)
    assert after.balance == Decimal(77)
    after.restore_service(2)
    again = restart()
    assert len(call(again, action="services")) == 21


def test_the_file_is_its_owner_s_alone(restart: Make, tmp_path: Path) -> None:
    restart()

    assert stat.S_IMODE((tmp_path / "deep" / "state.sqlite3").stat().st_mode) == 0o600


@pytest.mark.parametrize("is_file", [False, True])
def test_many_threads_never_overdraw_the_balance(make_simulator: Make, tmp_path: Path, is_file: bool) -> None:
    simulator = make_simulator(balance="0.9", state=tmp_path / "state.sqlite3" if is_file else None)

    def buy(number: int) -> Any:
        return call(simulator, action="add", service=1, link=f"l{number}", quantity=100)

    with ThreadPoolExecutor(16) as pool:
        said = list(pool.map(buy, range(60)))

    assert sorted(answer["order"] for answer in said if "order" in answer) == list(range(1, 11))
    assert said.count({"error": "Not enough funds on balance"}) == 50
    assert (simulator.balance, simulator.spent) == (Decimal(0), Decimal("0.9"))


def test_a_hundred_thousand_orders_can_be_made_at_once(make_simulator: Make) -> None:
    simulator = make_simulator()

    ids = simulator.fill(count=100_000, status="In progress", remains="400", start_count="7")

    assert (len(ids), ids[0], ids[-1]) == (100_000, 1, 100_000)
    assert (simulator.balance, simulator.spent) == (Decimal(1000), Decimal(90_000))
    answer = call(simulator, action="status", orders=",".join(str(number) for number in ids[-100:]))
    assert len(answer) == 100
    expected = {"charge": "0.9", "start_count": "7", "status": "In progress", "remains": "400", "currency": "USD"}
    assert answer["100000"] == expected
    simulator.advance(10_000)
    assert status(simulator, "100000") == expected
    simulator.set_orders(ids[:10], status="Partial", remains=500)
    assert simulator.balance == Decimal("1004.5")
