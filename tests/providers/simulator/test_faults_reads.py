"""Every failure of the other actions: what the client sees."""

import http.client
from collections.abc import Callable
from typing import Any

import pytest

from providers.simulator.faults import KNOWN, MANY, READS, SERVICES, STATUS
from tests.fixtures_simulator import Simulator
from tests.providers.simulator.client import add, call, post, status

ASKED: dict[str, dict[str, object]] = {
    "services": {},
    "status": {"orders": "1,2,3"},
    "refill": {"orders": "1,2"},
    "refill_status": {"refills": "1,2"},
    "cancel": {"orders": "3"},
    "balance": {},
}
SAID = {
    "maintenance": {"error": "The service is under maintenance, try again later"},
    "invalid_key": {"error": "Invalid API key"},
    "whole_error": {"error": "Something went wrong"},
    "null": None,
}
PAGES = {"html": 200, "html403": 403, "error500": 500, "error503": 503}
SENT = ("hang", "reset", "redirect", "empty_body", "truncated", "cut", "busy429", "php_notice", "bom", "slow_drip")


@pytest.fixture
def busy(simulator: Simulator) -> Simulator:
    """Two orders that are done, a third that runs, and the clock after them."""
    add(simulator)
    add(simulator, link="b")
    simulator.advance(100)
    add(simulator, link="c")
    return simulator


def test_every_fault_that_all_reads_know_is_tested_here() -> None:
    assert {*SAID, *PAGES, *SENT, "not_json"} == READS


@pytest.mark.parametrize("action", ASKED)
@pytest.mark.parametrize("fault", SAID)
def test_answers_in_json(busy: Simulator, action: str, fault: str) -> None:
    busy.next(action, fault)

    assert call(busy, action=action, **ASKED[action]) == SAID[fault]
    assert busy.played == {f"{action}.{fault}": 1}
    assert status(busy, "3")["status"] == "Pending"


@pytest.mark.parametrize("action", ASKED)
@pytest.mark.parametrize("fault", PAGES)
def test_pages(busy: Simulator, action: str, fault: str) -> None:
    busy.next(action, fault)

    answer = post(busy, action=action, **ASKED[action])

    assert (answer.status, answer.type) == (PAGES[fault], "text/html; charset=utf-8")


@pytest.mark.parametrize("action", ASKED)
def test_what_happens_on_the_way(busy: Simulator, action: str) -> None:
    asked = {"action": action, **ASKED[action]}
    changes_something = action in ("refill", "cancel")
    honest = b"" if changes_something else post(busy, **asked).body
    busy.forget_requests()

    busy.next(action, "hang")
    with pytest.raises(TimeoutError):
        post(busy, timeout=0.2, **asked)
    busy.next(action, "reset")
    with pytest.raises(ConnectionResetError):
        post(busy, **asked)
    busy.next(action, "busy429")
    assert (post(busy, **asked).status, len(busy.requests(action))) == (429, 3)
    busy.next(action, "redirect")
    assert post(busy, **asked).status == 302
    busy.next(action, "empty_body")
    assert post(busy, **asked).body == b""
    busy.next(action, "not_json")
    assert post(busy, **asked).body == b'{"balance": NaN, "currency": }'
    if honest:
        busy.next(action, "truncated")
        assert post(busy, **asked).body == honest[: len(honest) // 2]
        busy.next(action, "bom")
        assert post(busy, **asked).body == b"\xef\xbb\xbf" + honest
        busy.next(action, "php_notice")
        assert post(busy, **asked).body.endswith(b"<br />\n" + honest)
    busy.next(action, "cut")
    with pytest.raises(http.client.IncompleteRead):
        post(busy, **asked)


def test_a_slow_drip_of_a_read(make_simulator: Callable[..., Simulator]) -> None:
    simulator = make_simulator(hang_seconds=0.5, drip_seconds=0.01)
    simulator.next("balance", "slow_drip")

    answer = post(simulator, action="balance")

    assert answer.body == b" " * 15 + b'{"balance":"1000","currency":"USD"}'


ENTRY_FAULTS: dict[str, dict[str, Any]] = {
    "null_remains": {"remains": None},
    "empty_remains": {"remains": ""},
    "unknown_remains": {"remains": "Unknown"},
    "negative_remains": {"remains": "-7"},
    "remains_over_quantity": {"remains": "1000000000"},
    "unknown_word": {"status": "Teleporting"},
    "number_word": {"status": 1},
    "weak_charge": {"charge": "0"},
    "null_charge": {"charge": None},
    "null_start_count": {"start_count": None},
    "text_numbers": {"charge": "0.9", "remains": "1000"},
    "json_numbers": {"charge": 0.9, "remains": 1000},
    "wrong_currency": {"currency": "INR"},
}
SHAPES = ("missing_ids", "error_entries", "bare_strings", "array_shape")


def test_every_fault_of_a_status_is_tested_here() -> None:
    assert {*ENTRY_FAULTS, *SHAPES} == STATUS


@pytest.mark.parametrize("fault", ENTRY_FAULTS)
def test_entries_that_say_something_odd(simulator: Simulator, fault: str) -> None:
    add(simulator)
    honest = status(simulator, "1")
    simulator.next("status", fault, times=2)

    many = call(simulator, action="status", orders="1,9")

    assert many == {"1": {**honest, **many["1"]}, "9": {"error": "Incorrect order ID"}}
    assert {name: many["1"][name] for name in ENTRY_FAULTS[fault]} == ENTRY_FAULTS[fault]
    assert status(simulator, "1") == many["1"]
    assert status(simulator, "1") == honest


def test_batches_with_a_half_that_is_not_there(busy: Simulator) -> None:
    honest = call(busy, action="status", orders="1,2,3")

    busy.next("status", "missing_ids")
    assert call(busy, action="status", orders="1,2,3") == {"3": honest["3"]}
    busy.next("status", "error_entries")
    error = {"error": "Incorrect order ID"}
    assert call(busy, action="status", orders="1,2,3") == {"1": error, "2": error, "3": honest["3"]}
    busy.next("status", "bare_strings")
    text = "Incorrect order ID"
    assert call(busy, action="status", orders="1,2,3") == {"1": text, "2": text, "3": honest["3"]}
    busy.next("status", "array_shape")
    assert call(busy, action="status", orders="1,2,3") == [{"order": int(n), **honest[n]} for n in "123"]


def test_the_same_of_one_order(busy: Simulator) -> None:
    honest = status(busy, "1")

    for fault, said in {
        "missing_ids": {},
        "error_entries": {"error": "Incorrect order ID"},
        "bare_strings": "Incorrect order ID",
        "array_shape": [{"order": 1, **honest}],
    }.items():
        busy.next("status", fault)
        assert call(busy, action="status", order=1) == said


def test_a_whole_error_stays_what_it_is(simulator: Simulator) -> None:
    for fault in (*ENTRY_FAULTS, *SHAPES):
        simulator.next("status", fault)
        assert call(simulator, action="status", order=9) == {"error": "Incorrect order ID"}


REFILLS = {
    "missing_ids": [{"order": 2, "refill": 2}],
    "error_entries": [{"order": 1, "refill": {"error": "Incorrect order ID"}}, {"order": 2, "refill": 2}],
    "bare_strings": [{"order": 1, "refill": "Incorrect order ID"}, {"order": 2, "refill": 2}],
    "object_shape": {"1": {"refill": 1}, "2": {"refill": 2}},
}
LOST = ("hang_after", "reset_after", "error500_after")


def test_every_fault_of_refills_and_cancels_is_tested_here() -> None:
    assert {*REFILLS, *LOST} == MANY
    assert KNOWN["refill_status"] == READS | MANY | {"unknown_word"}
    assert KNOWN["cancel"] == READS | MANY | {"single_true"}


@pytest.mark.parametrize("fault", REFILLS)
def test_refills_of_many(busy: Simulator, fault: str) -> None:
    busy.next("refill", fault)

    assert call(busy, action="refill", orders="1,2") == REFILLS[fault]
    assert call(busy, action="refill_status", refills="1,2") == [
        {"refill": 1, "status": "Pending"},
        {"refill": 2, "status": "Pending"},
    ]


def test_a_refill_of_one_and_its_status(busy: Simulator) -> None:
    for fault, said in {"missing_ids": {}, "bare_strings": {"refill": "Incorrect order ID"}}.items():
        busy.next("refill", fault)
        assert call(busy, action="refill", order=1) == said
        busy.advance(100)
    busy.next("refill_status", "unknown_word")
    assert call(busy, action="refill_status", refill=1) == {"status": "Teleporting"}
    busy.next("refill_status", "error_entries")
    assert call(busy, action="refill_status", refill=1) == {"status": {"error": "Refill not found"}}
    busy.next("refill_status", "object_shape")
    assert call(busy, action="refill_status", refills="1,2") == {
        "1": {"status": "Completed"},
        "2": {"status": "Completed"},
    }


def test_cancels_of_many(busy: Simulator) -> None:
    busy.next("cancel", "single_true")
    assert call(busy, action="cancel", orders="3") == {"cancel": True}
    assert status(busy, "3")["status"] == "Pending"

    busy.next("cancel", "object_shape")
    assert call(busy, action="cancel", orders="3,9") == {
        "3": {"cancel": 1},
        "9": {"cancel": {"error": "Incorrect order ID"}},
    }
    assert status(busy, "3")["status"] == "Canceled"


@pytest.mark.parametrize("fault", LOST)
def test_a_cancel_whose_answer_is_lost_was_taken(busy: Simulator, fault: str) -> None:
    busy.next("cancel", fault)

    if fault == "error500_after":
        assert post(busy, action="cancel", orders="3").status == 500
    else:
        with pytest.raises((TimeoutError, ConnectionResetError)):
            post(busy, timeout=0.2, action="cancel", orders="3")
    assert status(busy, "3")["status"] == "Canceled"


def test_balances_that_say_something_odd(simulator: Simulator) -> None:
    for fault, said in {
        "wrong_currency": {"balance": "1000", "currency": "INR"},
        "json_numbers": {"balance": 1000, "currency": "USD"},
        "null_balance": {"balance": None, "currency": None},
    }.items():
        simulator.next("balance", fault)
        assert call(simulator, action="balance") == said
    assert {"wrong_currency", "json_numbers", "null_balance"} == KNOWN["balance"] - READS


def test_price_lists_that_are_odd(simulator: Simulator) -> None:
    honest = call(simulator, action="services")
    first = honest[0]
    said = {}
    for fault in sorted(SERVICES):
        simulator.next("services", fault)
        said[fault] = call(simulator, action="services")

    assert said.pop("empty_list") == []
    assert said.pop("tiny") == [first]
    assert said.pop("duplicate_ids") == [*honest, {**first, "name": f"{first['name']} (again)"}]
    assert said.pop("min_over_max") == [{**first, "min": "10001"}, *honest[1:]]
    assert said.pop("error_object") == {"error": "Something went wrong"}
    assert [row["rate"] for row in said.pop("odd_rates")[:7]] == [
        "0", "100000000000", "-1", "NaN", "1e3", "", honest[6]["rate"],
    ]  # fmt: skip
    assert said.pop("html_names")[0]["name"].startswith(f"<b onclick=alert(1)>{first['name']}</b> &amp; <script>")
    assert said.pop("single_object") == first
    assert said.pop("own_currency") == [{**row, "currency": "usd"} for row in honest]
    assert said.pop("wrong_currency") == [*honest[:-1], {**honest[-1], "currency": "INR"}]
    assert (said["json_numbers"][0]["rate"], said["json_numbers"][0]["min"]) == (0.9, 50)
    del said["json_numbers"]
    assert said == {}
    assert call(simulator, action="services") == honest


def test_drawn_faults_hit_their_share_of_reads(make_simulator: Callable[..., Simulator]) -> None:
    simulator = make_simulator(shares={"error503": 0.25, "balance.html": 0.25})

    seen = [post(simulator, action="balance") for _ in range(200)]
    pages = [answer.status for answer in seen if answer.type != "application/json"]

    assert 30 <= pages.count(503) <= 70
    assert 30 <= pages.count(200) <= 70
    assert simulator.played == {"balance.error503": pages.count(503), "balance.html": pages.count(200)}
