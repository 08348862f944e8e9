"""What orders cost and what comes back, to the millionth."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from providers.simulator import amounts
from tests.fixtures_simulator import Simulator
from tests.providers.simulator.client import add, call, status

OTHERS = {
    "SEO": ({"quantity": 200, "keywords": "a\nb"}, "0.2"),
    "Custom Comments Package": ({"comments": "one\ntwo"}, "1"),
    "Mentions": ({"quantity": 300, "usernames": "a\nb"}, "0.3"),
    "Mentions with Hashtags": ({"quantity": 300, "usernames": "a", "hashtags": "b"}, "0.3"),
    "Mentions Custom List": ({"usernames": "\n".join("abcdefghijkl")}, "0.012"),
    "Mentions Hashtag": ({"quantity": 10, "hashtag": "x"}, "0.01"),
    "Mentions User Followers": ({"quantity": 11, "username": "x"}, "0.011"),
    "Mentions Media Likers": ({"quantity": 12, "media": "x"}, "0.012"),
    "Comment Likes": ({"quantity": 13, "username": "x"}, "0.013"),
    "Comment Replies": ({"username": "x", "comments": "\n".join("abcdefghijk")}, "0.011"),
    "Poll": ({"quantity": 14, "answer_number": 2}, "0.014"),
    "Invites from Groups": ({"quantity": 15, "groups": "a"}, "0.015"),
    "Subscriptions": ({"username": "x", "min": 10, "max": 20, "delay": 0, "posts": 3, "link": ""}, "0.06"),
    "Web Traffic": ({"quantity": 16, "country": "US", "device": 1, "type_of_traffic": 3}, "0.016"),
    "custom_comments": ({"comments": "\n".join("abcdefghijkl")}, "0.012"),
}


def test_a_package_costs_its_rate(simulator: Simulator) -> None:
    call(simulator, action="add", service=2, link="a")

    assert simulator.balance == Decimal(995)


def test_comments_are_counted_by_their_lines(simulator: Simulator) -> None:
    order = add(simulator, service=3, comments="Nice!\r\n\r\nLovely\n  \nWow")

    assert status(simulator, order)["remains"] == "3"
    assert simulator.balance == Decimal("999.976")
    assert simulator.created("https://example.com/a")[0]["comments"] == "Nice!\r\n\r\nLovely\n  \nWow"


def test_drip_feed_is_charged_for_all_its_runs(simulator: Simulator) -> None:
    order = add(simulator, quantity=100, runs=5, interval=10)

    assert status(simulator, order)["charge"] == "0.45"
    assert simulator.balance == Decimal("999.55")


@pytest.mark.parametrize("kind", OTHERS)
def test_each_other_type_is_sold_and_charged(simulator: Simulator, kind: str) -> None:
    fields, charge = OTHERS[kind]
    simulator.set_service(5, type=kind, rate="1", min="1", max="1000")

    order = add(simulator, **{"service": 5, "quantity": "", **fields})

    assert status(simulator, order)["charge"] == charge
    assert simulator.balance == 1000 - Decimal(charge)


def test_each_other_type_needs_its_fields(simulator: Simulator) -> None:
    for kind, (fields, _) in OTHERS.items():
        simulator.set_service(5, type=kind, rate="1", min="1", max="1000")
        for missing in fields.keys() - {"posts", "link"}:
            asked = {"action": "add", "service": 5, "link": "a", **fields, missing: ""}
            assert call(simulator, **asked) == {"error": "Incorrect request"}
    assert simulator.balance == Decimal(1000)


def test_an_unknown_type_or_a_rate_that_is_none_is_not_sold(simulator: Simulator) -> None:
    simulator.set_service(1, type="Teleportation")
    simulator.set_service(4, rate="free")

    for service in (1, 4):
        answer = call(simulator, action="add", service=service, link="a", quantity=100)
        assert answer == {"error": "Incorrect service ID"}
    assert simulator.orders() == []


def test_a_partial_returns_the_exact_share(make_simulator: Callable[..., Simulator]) -> None:
    simulator = make_simulator(partial_share=1.0, seed=3)
    order = add(simulator, quantity=777)
    assert simulator.balance == Decimal("999.3007")

    simulator.advance(100)

    answer = status(simulator, order)
    left = int(answer["remains"])
    back = Decimal(699_300 * left // 777).scaleb(-6)
    assert answer["status"] == "Partial"
    assert 0 < left < 777
    assert Decimal(answer["charge"]) == Decimal("0.6993") - back
    assert simulator.balance == Decimal("999.3007") + back
    assert simulator.spent == Decimal("0.6993") - back


def test_a_canceled_order_returns_all(make_simulator: Callable[..., Simulator]) -> None:
    simulator = make_simulator(canceled_share=1.0)
    order = add(simulator)

    simulator.advance(99)
    assert (status(simulator, order)["remains"], simulator.balance) == ("1000", Decimal("999.1"))
    simulator.advance(1)

    answer = status(simulator, order)
    assert (answer["status"], answer["charge"], answer["remains"]) == ("Canceled", "0", "1000")
    assert (simulator.balance, simulator.spent) == (Decimal(1000), Decimal(0))


def test_a_cancel_midway_becomes_a_partial(simulator: Simulator) -> None:
    order = add(simulator)
    simulator.advance(55)  # 10 of waiting, 45 of 90 of delivering

    call(simulator, action="cancel", orders=order)

    answer = status(simulator, order)
    assert (answer["status"], answer["remains"], answer["charge"]) == ("Partial", "500", "0.45")
    assert simulator.balance == Decimal("999.55")
    simulator.advance(1000)
    assert (status(simulator, order), simulator.balance) == (answer, Decimal("999.55"))


def test_a_cancel_may_take_its_time(make_simulator: Callable[..., Simulator]) -> None:
    simulator = make_simulator(cancel_seconds=45)
    order = add(simulator)
    simulator.advance(10)

    assert call(simulator, action="cancel", orders=order) == [{"order": 1, "cancel": 1}]
    assert (status(simulator, order)["status"], simulator.balance) == ("In progress", Decimal("999.1"))
    simulator.advance(45)

    assert (status(simulator, order)["status"], simulator.balance) == ("Partial", Decimal("999.55"))


@pytest.mark.parametrize(
    ("rate", "units", "per_package", "expected"),
    [
        (900_000, 309, False, 278_100),
        (1, 499, False, 0),
        (1, 500, False, 1),
        (17_000, 1, False, 17),
        (12_345, 100, False, 1_235),
        (5_000_000, 1, True, 5_000_000),
    ],
)
def test_prices_are_whole_millionths(rate: int, units: int, per_package: bool, expected: int) -> None:
    assert amounts.price(rate=rate, units=units, per_package=per_package) == expected


@pytest.mark.parametrize(
    ("value", "millionths", "text"),
    [
        ("0.90", 900_000, "0.9"),
        ("5", 5_000_000, "5"),
        (3, 3_000_000, "3"),
        (Decimal("100.842920"), 100_842_920, "100.84292"),
        (Decimal("1E+2"), 100_000_000, "100"),
        ("-0.000001", -1, "-0.000001"),
    ],
)
def test_amounts_are_read_and_written_plainly(value: object, millionths: int, text: str) -> None:
    assert amounts.to_millionths(value) == millionths
    assert amounts.to_text(millionths) == text


@pytest.mark.parametrize("value", ["", "x", "1e3", "NaN", "0.0000001", True, None, "１", Decimal("Infinity")])
def test_what_is_no_amount_is_none(value: object) -> None:
    assert amounts.to_millionths(value) is None
