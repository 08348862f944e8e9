"""The status of orders, in all the shapes it comes in."""

from decimal import Decimal
from typing import Any

import pytest

from providers.adapters.base import ItemError, OrderStatus, ReportedStatus
from providers.adapters.errors import RetryLater
from tests.providers.adapters.answers import adapter_with

ENTRY = {"charge": "0.27819", "start_count": "3572", "status": "Partial", "remains": "157", "currency": "USD"}


def status(external_id: str = "1", **changes: Any) -> OrderStatus:
    values: dict[str, Any] = {
        "word": ReportedStatus.PARTIAL,
        "raw": "Partial",
        "charge": Decimal("0.27819"),
        "start_count": 3572,
        "remains": 157,
        "currency": "USD",
    }
    return OrderStatus(external_id=external_id, **(values | changes))


def one(body: Any, order_id: str = "1") -> OrderStatus | ItemError:
    return adapter_with(body)[0].status(order_id=order_id)


def many(body: Any, *ids: str) -> dict[str, OrderStatus | ItemError]:
    return adapter_with(body)[0].statuses(order_ids=ids)


def read(**changes: Any) -> OrderStatus:
    found = one(ENTRY | changes)
    assert isinstance(found, OrderStatus)
    return found


def test_what_is_asked() -> None:
    adapter, way = adapter_with(ENTRY)
    adapter.status(order_id="5")
    adapter.statuses(order_ids=["5"])
    assert [question["form"] for question in way.asked] == [
        {"action": "status", "order": "5"},
        {"action": "status", "orders": "5"},
    ]
    assert [question["fresh"] for question in way.asked] == [False, False]


def test_the_document_s_example_of_one() -> None:
    assert one(ENTRY) == status()


def test_the_document_s_example_of_many() -> None:
    other = {"charge": "1.44219", "start_count": "234", "status": "In progress", "remains": "10", "currency": "USD"}
    assert many({"1": ENTRY, "10": {"error": "Incorrect order ID"}, "100": other}, "1", "10", "100") == {
        "1": status(),
        "10": ItemError("Incorrect order ID"),
        "100": status(
            "100",
            word=ReportedStatus.IN_PROGRESS,
            raw="In progress",
            charge=Decimal("1.44219"),
            start_count=234,
            remains=10,
        ),
    }


@pytest.mark.parametrize(
    "body",
    [
        [ENTRY | {"order": 1}, ENTRY | {"order": "2"}],
        [ENTRY | {"id": 2}, ENTRY | {"id": 1}],
        {"2": ENTRY, "1": ENTRY},
        {"1": ENTRY, "2": ENTRY, "3": ENTRY},
        [ENTRY | {"order": 1}, ENTRY | {"order": 2}, ENTRY | {"order": 3}, ENTRY | {"order": None}],
        b'\xef\xbb\xbf{"1":{"status":"x"},"1":%s,"2":%s}' % ((str(ENTRY).replace("'", '"').encode(),) * 2),
        b"<b>Notice</b>: x[0] {1} in <b>a.php</b>\n" + str({"1": ENTRY, "2": ENTRY}).replace("'", '"').encode(),
    ],
)
def test_shapes_of_many(body: Any) -> None:
    assert many(body, "1", "2") == {"1": status("1"), "2": status("2")}


@pytest.mark.parametrize("body", [ENTRY, {"1": ENTRY}, [ENTRY | {"order": 1}]])
def test_shapes_of_one(body: Any) -> None:
    assert one(body) == status()
    assert many(body, "1") == {"1": status()}


@pytest.mark.parametrize(
    "body", [{"error": "Incorrect order ID"}, {"1": {"error": "Incorrect order ID"}}, {"1": "Incorrect order ID"}]
)
def test_an_unknown_order(body: Any) -> None:
    assert one(body) == ItemError("Incorrect order ID")
    assert many(body, "1") == {"1": ItemError("Incorrect order ID")}


def test_a_bare_text_for_one() -> None:
    assert one(b'"Incorrect order ID"') == ItemError("Incorrect order ID")


def test_texts_per_id_and_missing_ids() -> None:
    body = {"1": "Incorrect order ID", "2": {"error": {"message": "<i>No</i>"}}, "3": None, "4": [], "5": 7, "7": ENTRY}
    assert many(body, "1", "2", "3", "4", "5", "6", "7") == {
        "1": ItemError("Incorrect order ID"),
        "2": ItemError("No"),
        "7": status("7"),
    }


@pytest.mark.parametrize("body", [{}, []])
def test_nothing_for_anyone(body: Any) -> None:
    assert many(body, "1", "2") == {}


@pytest.mark.parametrize(
    "body",
    [
        {"error": "Something"},
        {"error": "Incorrect order ID"},
        {"1": ENTRY, "error": "Something"},
        {"message": "Something"},
        {"3": ENTRY},
        [{"status": "Completed"}],
        [ENTRY, "Incorrect order ID"],
        ["Incorrect order ID"],
        ENTRY,
        b'"Incorrect order ID"',
        b"5",
        b"null",
        b"",
        b"<html>",
        b'{"1":{"status":"Completed"}',
        b'{"1":{"remains":NaN}}',
        b'{"1":' * 50_000,
    ],
)
def test_an_answer_that_speaks_of_none_of_them(body: Any) -> None:
    with pytest.raises(RetryLater) as caught:
        many(body, "1", "2")
    assert caught.value.reason == "broken"


@pytest.mark.parametrize("body", [{}, [], {"2": ENTRY}, b"null", b"5", b"", {"message": "x"}])
def test_an_answer_without_the_one(body: Any) -> None:
    with pytest.raises(RetryLater) as caught:
        one(body)
    assert caught.value.reason == "broken"


@pytest.mark.parametrize(
    ("value", "charge"),
    [
        ("0.27819", "0.27819"),
        (0.27819, "0.27819"),
        (1, "1"),
        ("0", "0"),
        ("0.12345678", "0.123457"),
        ("1E-7", "0.000000"),
        (None, None),
        ("", None),
        ("Unknown", None),
        ("-1", None),
        ("NaN", None),
        ("1e99", None),
        (10**15, None),
        (True, None),
        ({}, None),
    ],
)
def test_charges(value: Any, charge: str | None) -> None:
    assert read(charge=value).charge == (None if charge is None else Decimal(charge))


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("157", 157),
        (157, 157),
        (157.0, 157),
        ("157.00", 157),
        ("0", 0),
        ("-3", -3),
        (-3, -3),
        ("99999999", 99999999),
        (10**30, 10**18),
        (-(10**30), -(10**18)),
        ("1e30", 10**18),
        (None, None),
        ("", None),
        ("Unknown", None),
        ("157.5", None),
        (0.5, None),
        (True, None),
        ("1 000", None),
        ("1_000", None),
        ([], None),
    ],
)
def test_remains_and_start_count(value: Any, number: int | None) -> None:
    found = read(remains=value, start_count=value)
    assert (found.remains, found.start_count) == (number, number)


def test_entries_that_say_little() -> None:
    assert one({"status": "Pending"}) == OrderStatus("1", ReportedStatus.PENDING, "Pending", None, None, None, "")
    assert many({"1": {"remains": "5"}}, "1") == {"1": OrderStatus("1", ReportedStatus.UNKNOWN, "", None, None, 5, "")}


def test_words_we_do_not_know_are_kept() -> None:
    found = read(status="<b>Quantum</b> state")
    assert (found.word, found.raw) == (ReportedStatus.UNKNOWN, "Quantum state")


def test_an_error_beside_a_status_is_an_error() -> None:
    assert one(ENTRY | {"error": "Something"}) == ItemError("Something")
    assert one(ENTRY | {"error": ""}) == status()


@pytest.mark.parametrize(
    ("orders", "children"),
    [
        ([11, "12", None, "", 0, "a b", {"order": 1}], ("11", "12")),
        ("11, 12,", ("11", "12")),
        ([], ()),
        (None, ()),
        ({"1": 2}, ()),
    ],
)
def test_drip_feeds_name_their_runs_and_children(orders: Any, children: tuple[str, ...]) -> None:
    found = read(runs="2", orders=orders)
    assert (found.runs, found.children) == (2, children)


def test_subscriptions_may_add_what_they_like() -> None:
    assert read(posts="3", expiry="2026-01-01", orders=["5"]) == status(posts=3, children=("5",))


def test_batches() -> None:
    adapter, way = adapter_with({})
    ids = [str(n) for n in range(1, 101)]
    assert adapter.statuses(order_ids=ids) == {}
    assert way.asked[0]["form"]["orders"] == ",".join(ids)
    for ask in (adapter.statuses, adapter.refills, adapter.cancels):
        with pytest.raises(ValueError, match="101 ids"):
            ask(order_ids=[*ids, "101"])
        with pytest.raises(ValueError, match="comma"):
            ask(order_ids=["1,2"])
        assert ask(order_ids=[]) == {}
    with pytest.raises(ValueError, match="101 ids"):
        adapter.refill_statuses(refill_ids=[*ids, "101"])
    assert len(way.asked) == 1


@pytest.mark.parametrize(
    "written", ["\\u0043ANARY0key1for2tests", "CANARY0<b>key1for2tests", "&#67;ANARY0key1for2tests"]
)
def test_the_key_is_masked_where_only_reading_spells_it(written: str) -> None:
    error = one(f'{{"error":"no {written}!"}}'.encode())
    assert error == ItemError("no ****!")
    assert one(f'{{"status":"{written}"}}'.encode()) == status(
        word=ReportedStatus.UNKNOWN, raw="****", charge=None, start_count=None, remains=None, currency=""
    )
