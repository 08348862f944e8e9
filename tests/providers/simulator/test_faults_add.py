"""Every failure of `add`: what the client sees, and whether the order exists afterwards."""

import http.client
from collections.abc import Callable
from decimal import Decimal

import pytest

from providers.simulator.faults import ADD_AFTER, ADD_BEFORE, KNOWN
from providers.simulator.rules import LINK_BUSY
from tests.fixtures_simulator import Simulator
from tests.providers.simulator.client import Raw, add, call, post

LINK = "https://example.com/a"
SAID_BEFORE = {
    "funds": {"error": "Not enough funds on balance"},
    "refused": {"error": "Bad link"},
    "service_gone": {"error": "Incorrect service ID"},
    "invalid_key": {"error": "Invalid API key"},
    "unknown_error": {"error": "Unexpected condition E-4711"},
    "link_busy": {"error": LINK_BUSY},
    "maintenance": {"error": "The service is under maintenance, try again later"},
}
SAID_AFTER = {
    "unknown_error_after": {"error": "Unexpected condition E-4711"},
    "both_fields": {"order": 1, "error": "Something went wrong"},
    "null_order": {"order": None},
    "zero_order": {"order": 0},
    "empty_order": {"order": ""},
    "negative_order": {"order": -1},
    "list_order": {"order": [1]},
    "text_order": {"order": "1"},
    "status_success": {"status": "success", "order": 1},
}
PAGES = {
    "error500_before": 500,
    "error503_before": 503,
    "html200_before": 200,
    "html403_before": 403,
    "error500_after": 500,
    "error503_after": 503,
    "html200_after": 200,
}
SILENT = ("hang_before_create", "hang_after_create", "late_create", "slow_drip")
BROKEN = ("reset_before_create", "reset_after_create")
BODIES = {
    "empty_before": b"",
    "empty_after": b"",
    "truncated_after": b'{"ord',
    "bom": b'\xef\xbb\xbf{"order":1}',
}
OTHERS = ("busy429", "duplicate_id", "first_id", "redirect_after", "cut_after", "oversized", "php_notice")


def buy(simulator: Simulator, *, timeout: float = 5) -> Raw:
    return post(simulator, timeout=timeout, action="add", service=1, link=LINK, quantity=1000)


def assert_created(simulator: Simulator, fault: str) -> None:
    """Exactly one order and its charge for the faults after creation; nothing at all for those before."""
    is_created = fault in ADD_AFTER
    assert len(simulator.created(LINK)) == is_created
    assert simulator.spent == (Decimal("0.9") if is_created else Decimal(0))
    assert simulator.balance == 1000 - simulator.spent


def test_every_fault_of_add_is_tested_here() -> None:
    tested = {*SAID_BEFORE, *SAID_AFTER, *PAGES, *SILENT, *BROKEN, *BODIES, *OTHERS}

    assert tested == KNOWN["add"] == ADD_BEFORE | ADD_AFTER
    assert not ADD_BEFORE & ADD_AFTER


@pytest.mark.parametrize("fault", [*SAID_BEFORE, *SAID_AFTER])
def test_answers_in_json(simulator: Simulator, fault: str) -> None:
    simulator.next("add", fault)

    answer = buy(simulator)

    assert (answer.status, answer.json) == (200, {**SAID_BEFORE, **SAID_AFTER}[fault])
    assert_created(simulator, fault)


@pytest.mark.parametrize("fault", PAGES)
def test_pages(simulator: Simulator, fault: str) -> None:
    simulator.next("add", fault)

    answer = buy(simulator)

    assert (answer.status, answer.type) == (PAGES[fault], "text/html; charset=utf-8")
    assert answer.body.startswith(b"<!DOCTYPE html>")
    assert_created(simulator, fault)


@pytest.mark.parametrize("fault", SILENT)
def test_no_answer_in_time(make_simulator: Callable[..., Simulator], fault: str) -> None:
    simulator = make_simulator(hang_seconds=20)
    simulator.next("add", fault)

    if fault == "slow_drip":  # the bytes keep coming, so only a deadline for the whole answer ends it
        assert drip_of(simulator).startswith(b"  ")
    else:
        with pytest.raises(TimeoutError):
            buy(simulator, timeout=0.2)
    assert_created(simulator, fault)


def drip_of(simulator: Simulator) -> bytes:
    address = simulator.url.split("/")[2]
    connection = http.client.HTTPConnection(address, timeout=5)
    body = f"key={simulator.key}&action=add&service=1&link={LINK}&quantity=1000"
    connection.request("POST", "/api/v2", body, {"Content-Type": "application/x-www-form-urlencoded"})
    answer = connection.getresponse()
    assert answer.headers["Content-Length"] == "200"  # 20 seconds, a byte every 0.1
    start = answer.read(3)
    connection.close()
    return start


@pytest.mark.parametrize("fault", BROKEN)
def test_connections_reset(simulator: Simulator, fault: str) -> None:
    simulator.next("add", fault)

    with pytest.raises(ConnectionResetError):
        buy(simulator)
    assert_created(simulator, fault)


@pytest.mark.parametrize("fault", BODIES)
def test_bodies_that_are_not_json(simulator: Simulator, fault: str) -> None:
    simulator.next("add", fault)

    answer = buy(simulator)

    assert (answer.status, answer.body) == (200, BODIES[fault])
    assert_created(simulator, fault)


def test_an_answer_cut_off_half_way(simulator: Simulator) -> None:
    simulator.next("add", "cut_after")

    with pytest.raises(http.client.IncompleteRead) as cut:
        buy(simulator)
    assert cut.value.partial == b'{"ord'
    assert_created(simulator, "cut_after")


def test_a_notice_before_the_json(simulator: Simulator) -> None:
    simulator.next("add", "php_notice")

    answer = buy(simulator)

    assert answer.type == "text/html; charset=utf-8"
    assert answer.body.startswith(b"<br />\n<b>Notice</b>")
    assert answer.body.endswith(b'<br />\n{"order":1}')
    assert_created(simulator, "php_notice")


def test_too_many_requests(simulator: Simulator) -> None:
    simulator.next("add", "busy429")

    answer = buy(simulator)

    assert (answer.status, answer.headers["Retry-After"]) == (429, "5")
    assert answer.json == {"error": "Too many requests"}
    assert_created(simulator, "busy429")


def test_a_redirect(simulator: Simulator) -> None:
    simulator.next("add", "redirect_after")

    answer = buy(simulator)

    assert (answer.status, answer.headers["Location"]) == (302, "/maintenance")
    assert_created(simulator, "redirect_after")


def test_an_answer_of_two_megabytes(simulator: Simulator) -> None:
    simulator.next("add", "oversized")

    answer = buy(simulator)

    assert len(answer.body) > 2_000_000
    assert answer.json["order"] == 1
    assert_created(simulator, "oversized")


def test_an_id_that_was_given_before(simulator: Simulator) -> None:
    earlier = add(simulator, link="earlier")
    simulator.next("add", "duplicate_id")

    assert str(buy(simulator).json["order"]) == earlier

    assert simulator.created(LINK) == []
    assert simulator.spent == Decimal("0.9")


def test_the_id_of_the_first_order(simulator: Simulator) -> None:
    first = add(simulator, link="first")
    add(simulator, link="second")
    simulator.next("add", "first_id")

    assert str(buy(simulator).json["order"]) == first

    assert simulator.created(LINK) == []


def test_the_very_first_order_has_no_earlier_id(simulator: Simulator) -> None:
    simulator.next("add", "duplicate_id")

    assert buy(simulator).json == {"order": 1}
    assert len(simulator.created(LINK)) == 1


def test_a_late_order_appears_after_the_client_gave_up(simulator: Simulator) -> None:
    simulator.next("add", "late_create")
    with pytest.raises(TimeoutError):
        buy(simulator, timeout=0.2)
    between = add(simulator, link="b")

    simulator.advance(59)
    assert simulator.created(LINK) == []
    simulator.advance(1)

    [late] = simulator.created(LINK)
    assert (between, late["id"], late["status"]) == ("1", "2", "Pending")
    assert simulator.spent == Decimal("1.8")


def test_a_late_order_may_still_be_refused(simulator: Simulator) -> None:
    simulator.next("add", "late_create")
    with pytest.raises(TimeoutError):
        buy(simulator, timeout=0.2)
    simulator.balance = Decimal("0.5")

    simulator.advance(60)

    assert (simulator.created(LINK), simulator.balance) == ([], Decimal("0.5"))


def test_an_order_that_is_wrong_anyway_stays_refused(simulator: Simulator) -> None:
    for fault in ("both_fields", "null_order", "php_notice", "truncated_after", "cut_after", "slow_drip"):
        simulator.next("add", fault)
        assert call(simulator, action="add", service=1, link=LINK, quantity=1) == {
            "error": "Quantity less than minimal 50"
        }
    assert simulator.orders() == []
