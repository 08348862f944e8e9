"""The price list that is grown from a seed, and changing it by hand."""

import re
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise

import pytest

from providers.simulator.catalogue import make_services
from providers.simulator.pricelist import PriceListError
from providers.simulator.service_types import KINDS, kind_of
from tests.fixtures_simulator import Simulator
from tests.providers.simulator.client import add, call, status


def test_the_same_seed_gives_the_same_list_and_a_longer_one_only_adds() -> None:
    short, long = make_services(count=50, seed=7), make_services(count=500, seed=7)

    assert make_services(count=50, seed=7) == short
    assert make_services(count=50, seed=8) != short
    assert sorted((s for s in long if int(s.id) <= 50), key=lambda s: int(s.id)) == sorted(
        short, key=lambda s: int(s.id)
    )


def test_ten_thousand_services_all_make_sense() -> None:
    services = make_services(count=10_000, seed=1)

    assert sorted(int(service.id) for service in services) == list(range(1, 10_001))
    for service in services:
        assert re.fullmatch(r"[0-9]{1,2}\.[0-9]{2,3}", service.rate), service
        assert Decimal("0.01") <= Decimal(service.rate) <= 50
        assert 1 <= int(service.min) <= int(service.max)
        assert len(service.name) <= 150
        assert service.description
        assert service.average_time
        assert "refill" in service.description.casefold() or not service.refill
    kinds = Counter(service.type for service in services)
    assert set(kinds) == set(KINDS)
    assert kinds["Default"] > 7_500
    assert min(kinds.values()) >= 20
    assert len({service.category for service in services}) > 40
    assert len({service.name for service in services}) > 9_500
    assert 1_000 < sum(service.dripfeed for service in services) < 5_000
    assert not any(service.dripfeed for service in services if service.type != "Default")


def test_services_are_grouped_by_category() -> None:
    categories = [service.category for service in make_services(count=2_000, seed=1)]
    changes = sum(1 for before, after in pairwise(categories) if before != after)

    assert changes == len(set(categories)) - 1


@pytest.mark.parametrize("word", ["default", "DEFAULT", "Custom_Comments", "custom comments", "CustomComments"])
def test_types_are_known_however_they_are_spelt(word: str) -> None:
    assert kind_of(word) is not None
    assert kind_of(f"{word}s?") is None


def test_a_list_can_have_any_length(make_simulator: Callable[..., Simulator]) -> None:
    assert len(call(make_simulator(services=3_000), action="services")) == 3_000
    assert len(call(make_simulator(services=2), action="services")) == 2


def test_a_service_can_be_changed_removed_restored_and_added(simulator: Simulator) -> None:
    before = call(simulator, action="services")

    simulator.set_service(1, rate="1.25", name="Other", min=10)
    assert call(simulator, action="services")[0] == {**before[0], "rate": "1.25", "name": "Other", "min": 10}
    assert status(simulator, add(simulator, quantity=10))["charge"] == "0.0125"

    simulator.remove_service("1")
    assert call(simulator, action="services") == before[1:]
    assert call(simulator, action="add", service=1, link="a", quantity=100) == {"error": "Incorrect service ID"}
    assert call(simulator, action="cancel", orders="1") == [{"order": 1, "cancel": 1}]

    simulator.restore_service(1)
    assert call(simulator, action="services")[-1]["service"] == 1
    assert simulator.service(1).rate == "1.25"

    simulator.add_service("sv-9", rate="2", dripfeed=True)
    row = call(simulator, action="services")[-1]
    assert (row["service"], row["rate"], row["type"], row["dripfeed"]) == ("sv-9", "2", "Default", True)
    assert status(simulator, add(simulator, service="sv-9", quantity=10))["charge"] == "0.02"


def test_changes_that_make_no_sense_are_refused(simulator: Simulator) -> None:
    before = call(simulator, action="services")

    for wrong in (
        lambda: simulator.set_service(99, rate="1"),
        lambda: simulator.set_service(1, price="1"),
        lambda: simulator.set_service(1, id="7"),
        lambda: simulator.add_service(1),
        lambda: simulator.remove_service(99),
        lambda: simulator.restore_service(1),
    ):
        with pytest.raises(PriceListError):
            wrong()
    assert call(simulator, action="services") == before


def test_one_test_s_changes_do_not_reach_the_next(simulator: Simulator) -> None:
    assert simulator.service(1).rate == "0.90"
