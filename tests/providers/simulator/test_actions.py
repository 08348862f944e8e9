"""Every action of the document, asked over HTTP."""

import http.client
import json
from collections.abc import Callable
from decimal import Decimal
from urllib.parse import urlencode, urlsplit

import pytest

from providers.simulator.rules import LINK_BUSY
from tests.fixtures_simulator import SIMULATOR_KEY, Simulator
from tests.providers.simulator.client import FORM, add, call, post, send, status


def test_services_are_listed_as_the_document_has_them(simulator: Simulator) -> None:
    rows = {row["service"]: row for row in call(simulator, action="services")}

    assert sorted(rows) == list(range(1, 21))
    assert rows[1] == {
        "service": 1,
        "name": "Instagram Followers | Real | 30 days refill",
        "type": "Default",
        "category": "Instagram Followers",
        "rate": "0.90",
        "min": "50",
        "max": "10000",
        "refill": True,
        "cancel": True,
        "dripfeed": True,
        "description": "Link: the profile\nStart: 0-1 hour",
        "average_time": "1 hour 12 minutes",
    }
    assert (rows[2]["type"], rows[2]["rate"]) == ("Package", "5")
    assert (rows[3]["type"], rows[3]["rate"], rows[3]["min"]) == ("Custom Comments", "8", "1")
    assert (rows[4]["refill"], rows[4]["cancel"], rows[4]["dripfeed"]) == (False, False, False)


def test_an_order_is_added_and_charged(simulator: Simulator) -> None:
    assert call(simulator, action="add", service=1, link="https://example.com/a", quantity=309) == {"order": 1}

    assert call(simulator, action="balance") == {"balance": "999.7219", "currency": "USD"}
    assert simulator.spent == Decimal("0.2781")
    [order] = simulator.created("https://example.com/a")
    assert (order["id"], order["service"], order["quantity"], order["taken"]) == ("1", "1", 309, "0.2781")


def test_a_status_is_that_of_the_document(simulator: Simulator) -> None:
    order = add(simulator)

    answer = status(simulator, order)

    assert answer == {
        "charge": "0.9",
        "start_count": answer["start_count"],
        "status": "Pending",
        "remains": "1000",
        "currency": "USD",
    }
    assert answer["start_count"].isdigit()


def test_statuses_of_many_are_keyed_by_id(simulator: Simulator) -> None:
    first, second = add(simulator), add(simulator, link="b")

    answer = call(simulator, action="status", orders=f"{first},999,{second},x")

    assert list(answer) == ["1", "999", "2", "x"]
    assert answer["1"]["status"] == answer["2"]["status"] == "Pending"
    assert answer["999"] == answer["x"] == {"error": "Incorrect order ID"}


def test_a_batch_has_a_hundred_ids_at_most(simulator: Simulator) -> None:
    add(simulator)

    assert len(call(simulator, action="status", orders=",".join(str(n) for n in range(1, 101)))) == 100
    for action, many in (
        ("status", "orders"),
        ("refill", "orders"),
        ("refill_status", "refills"),
        ("cancel", "orders"),
    ):
        ids = ",".join(str(n) for n in range(1, 102))
        assert call(simulator, action=action, **{many: ids}) == {"error": "Incorrect request"}
        assert call(simulator, action=action, **{many: " , "}) == {"error": "Incorrect request"}
    assert status(simulator, "1")["status"] == "Pending"


def test_a_refill_of_one_and_of_many(simulator: Simulator) -> None:
    done, other = add(simulator), add(simulator, link="b")
    simulator.advance(100)
    running = add(simulator, link="c")

    assert call(simulator, action="refill", order=done) == {"refill": "1"}
    assert call(simulator, action="refill", orders=f"{other},{running},77,{done}") == [
        {"order": 2, "refill": 2},
        {"order": 3, "refill": {"error": "Refill is not available for this order"}},
        {"order": 77, "refill": {"error": "Incorrect order ID"}},
        {"order": 1, "refill": {"error": "Refill is not available for this order"}},
    ]
    assert call(simulator, action="refill_status", refill=1) == {"status": "Pending"}
    simulator.advance(50)
    assert call(simulator, action="refill_status", refills="1,2,3") == [
        {"refill": 1, "status": "In progress"},
        {"refill": 2, "status": "In progress"},
        {"refill": 3, "status": {"error": "Refill not found"}},
    ]
    simulator.advance(50)
    assert call(simulator, action="refill_status", refill=2) == {"status": "Completed"}
    assert call(simulator, action="refill", order=done) == {"refill": "3"}
    assert call(simulator, action="refill", order=77) == {"error": "Incorrect order ID"}
    assert call(simulator, action="refill_status", refill="no") == {"error": "Refill not found"}


def test_cancels_end_what_runs(simulator: Simulator) -> None:
    pending, other = add(simulator), add(simulator, service=4, link="b")

    assert call(simulator, action="cancel", orders=f"{pending},{other},9") == [
        {"order": 1, "cancel": 1},
        {"order": 2, "cancel": {"error": "Cancel is not available for this order"}},
        {"order": 9, "cancel": {"error": "Incorrect order ID"}},
    ]
    assert status(simulator, pending)["status"] == "Canceled"
    assert status(simulator, other)["status"] == "Pending"
    assert call(simulator, action="cancel", orders=pending) == [
        {"order": 1, "cancel": {"error": "Cancel is not available for this order"}}
    ]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"service": 999}, "Incorrect service ID"),
        ({"service": ""}, "Incorrect service ID"),
        ({"link": ""}, "Bad link"),
        ({"link": "  "}, "Bad link"),
        ({"quantity": 49}, "Quantity less than minimal 50"),
        ({"quantity": 10001}, "Quantity more than maximum 10000"),
        ({"quantity": ""}, "Incorrect request"),
        ({"quantity": "1_000"}, "Incorrect request"),
        ({"quantity": "１００"}, "Incorrect request"),
        ({"quantity": "-100"}, "Incorrect request"),
        ({"runs": 2}, "Incorrect request"),
        ({"runs": "x", "interval": 5}, "Incorrect request"),
        ({"service": 4, "runs": 2, "interval": 5}, "Incorrect request"),
        ({"service": 3, "comments": ""}, "Incorrect request"),
        ({"service": 3, "comments": "\r\n \n"}, "Incorrect request"),
    ],
)
def test_a_wrong_order_is_refused_and_nothing_is_taken(
    simulator: Simulator, fields: dict[str, object], error: str
) -> None:
    asked = {"service": 1, "link": "https://example.com/a", "quantity": 100, **fields}

    assert call(simulator, action="add", **asked) == {"error": error}

    assert simulator.balance == Decimal(1000)
    assert simulator.orders() == []


def test_funds_must_suffice_to_the_millionth(simulator: Simulator) -> None:
    simulator.balance = Decimal("0.899999")

    assert call(simulator, action="add", service=1, link="a", quantity=1000) == {"error": "Not enough funds on balance"}
    assert (simulator.balance, simulator.orders()) == (Decimal("0.899999"), [])

    simulator.balance = Decimal("0.9")
    assert call(simulator, action="add", service=1, link="a", quantity=1000) == {"order": 1}
    assert call(simulator, action="balance") == {"balance": "0", "currency": "USD"}


def test_one_order_per_link_is_a_switch(make_simulator: Callable[..., Simulator]) -> None:
    simulator = make_simulator(one_order_per_link=True)
    add(simulator, link="same")

    assert call(simulator, action="add", service=4, link="same", quantity=100) == {"error": LINK_BUSY}
    assert len(simulator.created("same")) == 1

    simulator.advance(100)
    assert call(simulator, action="add", service=4, link="same", quantity=100) == {"order": 2}


@pytest.mark.parametrize("key", ["", "wrong", "simulator-key-for-tests-012345678", "ключ"])
def test_a_wrong_key_learns_and_does_nothing(simulator: Simulator, key: str) -> None:
    for action in ("services", "balance", "add", "status", "nonsense"):
        answer = send(
            simulator.url,
            body=urlencode({"key": key, "action": action, "service": 1, "link": "a", "quantity": 100}),
        )
        assert (answer.status, answer.json) == (200, {"error": "Invalid API key"})
    assert simulator.orders() == []


def test_a_request_that_is_none_of_the_document_s(simulator: Simulator) -> None:
    assert call(simulator, action="nonsense") == {"error": "Incorrect request"}
    assert call(simulator) == {"error": "Incorrect request"}
    assert call(simulator, action="status") == {"error": "Incorrect order ID"}
    assert send(simulator.url, body="", method="GET").status == 405
    assert send(simulator.url + "/else", body="").status == 404
    in_query = send(f"{simulator.url}?key={SIMULATOR_KEY}&action=balance", body="")
    assert in_query.json == {"error": "Invalid API key"}


def test_json_bodies_and_a_trailing_slash_are_taken(simulator: Simulator) -> None:
    body = json.dumps({"key": SIMULATOR_KEY, "action": "balance"})

    answer = send(simulator.url + "/", body=body, type="application/json")

    assert answer.json == {"balance": "1000", "currency": "USD"}
    assert send(simulator.url, body="{", type="application/json").json == {"error": "Invalid API key"}


def test_a_connection_is_kept_for_many_requests(simulator: Simulator) -> None:
    parts = urlsplit(simulator.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    connection.connect()
    socket = connection.sock
    for _ in range(5):
        body = urlencode({"key": SIMULATOR_KEY, "action": "balance"})
        connection.request("POST", parts.path, body, {"Content-Type": FORM})
        assert json.loads(connection.getresponse().read())["balance"] == "1000"
    assert connection.sock is socket
    connection.close()


def test_requests_are_counted_with_their_ids(simulator: Simulator) -> None:
    add(simulator)
    call(simulator, action="status", order=1)
    call(simulator, action="status", orders="1,2,3")
    simulator.next("status", "html")
    post(simulator, action="status", orders="1,2")
    call(simulator, action="balance")

    assert simulator.requests("status") == [1, 3, 2]
    assert simulator.requests("add") == [1]
    assert simulator.requests("balance") == [1]
    assert simulator.requests("services") == []
    simulator.forget_requests()
    assert simulator.requests("status") == []
