"""Reading an order's params: every type's charge and parameters, and everything that is refused."""

from decimal import Decimal
from typing import Any

import pytest
import time_machine

from orders.placing.validation import BadOrderError, OrderLimits, asks_the_same, validate_order
from orders.rules.service_types import SERVICE_TYPES, Shape
from panel.lib.money import charge_for

LINK = "https://www.instagram.com/natgeo"
ENOUGH: dict[str, dict[str, str]] = {
    "Default": {"link": LINK, "quantity": "100"},
    "Package": {"link": LINK},
    "SEO": {"link": LINK, "quantity": "100", "keywords": "shoes\nred shoes"},
    "Custom Comments": {"link": LINK, "comments": "one\ntwo\nthree"},
    "Custom Comments Package": {"link": LINK, "comments": "one\ntwo"},
    "Mentions": {"link": LINK, "quantity": "100", "usernames": "ann\nbob"},
    "Mentions with Hashtags": {"link": LINK, "quantity": "100", "usernames": "ann", "hashtags": "red\nblue"},
    "Mentions Custom List": {"link": LINK, "usernames": "ann\nbob\ncid"},
    "Mentions Hashtag": {"link": LINK, "quantity": "100", "hashtag": "#red"},
    "Mentions User Followers": {"link": LINK, "quantity": "100", "username": "@ann"},
    "Mentions Media Likers": {"link": LINK, "quantity": "100", "media": "https://www.instagram.com/p/1"},
    "Comment Likes": {"link": LINK, "quantity": "100", "username": "ann"},
    "Comment Replies": {"link": LINK, "username": "ann", "comments": "one\ntwo\nthree"},
    "Poll": {"link": LINK, "quantity": "100", "answer_number": "2"},
    "Invites from Groups": {"link": LINK, "quantity": "100", "groups": "one\ntwo"},
    "Subscriptions": {"username": "ann", "min": "50", "max": "80", "posts": "3", "delay": "0"},
    "Web Traffic": {"link": LINK, "quantity": "100", "country": "US", "device": "1", "type_of_traffic": "3"},
}
"""The least that an order of each type carries."""
UNITS = {
    "Package": 1,
    "Custom Comments": 3,
    "Custom Comments Package": 1,
    "Mentions Custom List": 3,
    "Comment Replies": 3,
}
UNITS |= {"Subscriptions": 240}


def limits_of(name: str, **given: Any) -> OrderLimits:
    counted = SERVICE_TYPES[name].counts
    minimum = 50 if counted in {"quantity", "posts"} else 1
    return OrderLimits(
        **{"service_type": SERVICE_TYPES[name], "min": minimum, "max": 10_000, "dripfeed": True, **given}
    )


def problems(name: str, params: dict[str, str], **given: Any) -> dict[str, tuple[str, str]]:
    with pytest.raises(BadOrderError) as refused:
        validate_order(limits=limits_of(name, **given), params=params)
    return {problem.field: (problem.text, problem.word) for problem in refused.value.problems}


@pytest.mark.parametrize("name", SERVICE_TYPES)
def test_what_is_asked_twice_is_the_same_and_any_other_word_is_not(name: str) -> None:
    params = ENOUGH[name]
    fields = validate_order(limits=limits_of(name), params=params).fields
    assert asks_the_same(limits=limits_of(name), params=params, fields=fields)
    for changed in params:
        assert not asks_the_same(limits=limits_of(name), params={**params, changed: "5"}, fields=fields), changed
        assert not asks_the_same(limits=limits_of(name), params={**params, changed: ""}, fields=fields), changed


def test_a_day_that_has_passed_is_compared_as_it_was_written() -> None:
    params = {**ENOUGH["Subscriptions"], "expiry": "31/12/2030"}
    with time_machine.travel("2030-12-30T12:00:00Z", tick=False):
        fields = validate_order(limits=limits_of("Subscriptions"), params=params).fields
    with time_machine.travel("2031-01-01T12:00:00Z", tick=False):
        assert asks_the_same(limits=limits_of("Subscriptions"), params=params, fields=fields)
        assert not asks_the_same(
            limits=limits_of("Subscriptions"), params=params | {"expiry": "30/12/2030"}, fields=fields
        )


@pytest.mark.parametrize("name", ["runs", "interval"])
def test_runs_and_intervals_have_a_bound(name: str) -> None:
    params = ENOUGH["Default"] | {"runs": "2", "interval": "2"} | {name: "999999999"}
    label, maximum = {"runs": ("Runs", "1,000"), "interval": ("Interval (minutes)", "43,200")}[name]
    assert problems("Default", params) == {name: (f"{label}: the maximum is {maximum}.", "Incorrect request")}


def test_a_drip_feed_takes_at_most_a_year() -> None:
    params = ENOUGH["Default"] | {"quantity": "100", "runs": "12", "interval": "43200"}
    assert validate_order(limits=limits_of("Default"), params=params).quantity == 1200
    text = "A drip-feed can last up to a year. Enter fewer runs or a shorter interval."
    assert problems("Default", params | {"runs": "13"}) == {"interval": (text, "Incorrect request")}


def test_there_is_an_example_of_every_type() -> None:
    assert set(ENOUGH) == set(SERVICE_TYPES)
    assert len(SERVICE_TYPES) == 17


@pytest.mark.parametrize("name", SERVICE_TYPES)
def test_what_is_charged_for_and_sent(name: str) -> None:
    request = validate_order(
        limits=limits_of(name), params={**ENOUGH[name], "surplus": "x", "service": "1", "action": "add"}
    )
    assert request.quantity == UNITS.get(name, 100)
    assert request.fields == ENOUGH[name]
    assert request.link == ENOUGH[name].get("link", "")


@pytest.mark.parametrize(
    ("name", "more", "quantity", "charge"),
    [
        ("Default", {"runs": "3", "interval": "60"}, 300, "0.405"),
        ("Web Traffic", {"runs": "2", "interval": "5"}, 200, "0.27"),
        ("Package", {}, 1, "1.35"),
        ("Custom Comments Package", {}, 1, "1.35"),
        ("Custom Comments", {"comments": "a\r\nb\rc\n\n  \nd"}, 4, "0.0054"),
        ("Subscriptions", {"posts": "7"}, 560, "0.756"),
        ("Subscriptions", {"old_posts": "2"}, 400, "0.54"),
        ("Subscriptions", {"old_posts": "0"}, 240, "0.324"),
    ],
)
def test_the_charge(name: str, more: dict[str, str], quantity: int, charge: str) -> None:
    request = validate_order(limits=limits_of(name), params={**ENOUGH[name], **more})
    row = SERVICE_TYPES[name]
    found = charge_for(rate=Decimal("1.35"), quantity=request.quantity, per_package=row.is_per_package)
    assert (request.quantity, found) == (quantity, Decimal(charge))


@pytest.mark.parametrize(
    ("name", "field"),
    [
        (name, field.name)
        for name, row in SERVICE_TYPES.items()
        for field in row.fields
        if field.is_required and not field.when
    ],
)
def test_what_is_missing_is_named(name: str, field: str) -> None:
    label = next(one.label for one in SERVICE_TYPES[name].fields if one.name == field)
    for empty in ("", "   ", "\n"):
        found = problems(name, {**ENOUGH[name], field: empty})
        assert found == {field: (f"{label} is required.", "Bad link" if field == "link" else "Incorrect request")}


BAD: dict[Shape, list[str]] = {
    Shape.LINK: ["nonsense", "javascript:alert(1)", "https://", "https://host", "😀", "https://a.b/😀",
                 "https://a.b/ c", "https://a.b/<b>", "https://a.b/\x00", "ftp://a.b", "https://a.b/" + "x" * 2000, "https://[a.b"],
    Shape.COUNT: ["-1", "1.5", "1e3", "1_000", "１００", "abc", "99999999999", "1000000001", "<b>1</b>", "1\x00"],
    Shape.LINES: ["a\x00b", "a\u202eb", "x" * 100_001, "a\n" * 10_001, "a\ud800"],
    Shape.NAME: ["two params", "a<b", 'a"b', "a\x00", "a\u202eb", "x" * 201],
    Shape.TEXT: ["a<b>", "a\nb", "a\x00", "x" * 201],
    Shape.CHOICE: ["0", "6", "x", "-1"],
    Shape.COUNTRY: ["U", "USA", "U1", "ÜS", "<b"],
    Shape.DATE: ["2030", "31/02/2030", "1/1/2030", "2020-01-01", "01/01/2020", "nonsense", "2030-13-01"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "field", "text"),
    [
        pytest.param(name, field.name, text, id=f"{name}-{field.name}-{number}")
        for name, row in SERVICE_TYPES.items()
        for field in row.fields
        if not field.when
        for number, text in enumerate(BAD[field.shape])
    ],
)
def test_nonsense_is_refused_beside_its_field(name: str, field: str, text: str) -> None:
    params = {**ENOUGH[name], field: text}
    if field in {"runs", "interval"}:
        params = {"runs": "2", "interval": "2", **params}
    assert list(problems(name, params)) == [field]


@pytest.mark.parametrize("field", ["quantity", "runs", "interval", "answer_number", "min", "max", "posts"])
def test_nothing_is_counted_in_zeros(field: str) -> None:
    name = next(name for name, row in SERVICE_TYPES.items() if field in {one.name for one in row.fields})
    params = {"runs": "2", "interval": "2", **ENOUGH[name], field: "0"}
    text, word = problems(name, params)[field]
    assert (text.endswith(": enter a whole number of at least 1."), word) == (True, "Incorrect request")


@pytest.mark.parametrize(
    ("name", "params", "field", "text", "word"),
    [
        ("Default", {"quantity": "49"}, "quantity", "The minimum quantity is 50.",
         "less than minimal 50"),
        ("Default", {"quantity": "10001"}, "quantity", "The maximum quantity is 10,000.",
         "more than maximum 10000"),
        ("Default", {"runs": "2"}, "interval", "enter both the runs and the interval", "Incorrect request"),
        ("Default", {"interval": "2"}, "runs", "enter both the runs and the interval", "Incorrect request"),
        ("Default", {"runs": "1000000000", "interval": "1"}, "runs", "the maximum is 1,000.", "Incorrect request"),
        ("Custom Comments", {"comments": "a\n" * 101}, "comments", "Enter up to 100 lines, not 101.",
         "more than maximum 100"),
        ("Mentions Custom List", {"usernames": "a\n" * 101}, "usernames", "Enter up to 100 lines",
         "more than maximum 100"),
        ("Subscriptions", {"min": "81"}, "max", "maximum per post can't be below the minimum.", "Incorrect request"),
        ("Subscriptions", {"min": "10"}, "min", "The minimum quantity is 50", "less than minimal 50"),
        ("Subscriptions", {"max": "10001"}, "max", "The maximum quantity is 10,000", "more than maximum 10000"),
        ("Subscriptions", {"posts": "1000000000"}, "posts", "The total can't be above", "more than maximum"),
    ],
)  # fmt: skip
def test_limits(name: str, params: dict[str, str], field: str, text: str, word: str) -> None:
    limits = {"max": 100} if SERVICE_TYPES[name].counts in {"comments", "usernames"} else {}
    found = problems(name, {**ENOUGH[name], **params}, **limits)
    assert list(found) == [field]
    assert text in found[field][0]
    assert word in found[field][1]


def test_every_problem_is_told_at_once() -> None:
    found = problems("Default", {"link": "nonsense", "quantity": "49"})
    assert set(found) == {"link", "quantity"}


def test_traffic_asks_for_what_its_kind_needs() -> None:
    base = ENOUGH["Web Traffic"]
    assert set(problems("Web Traffic", {**base, "type_of_traffic": "1"})) == {"google_keyword"}
    assert set(problems("Web Traffic", {**base, "type_of_traffic": "2", "google_keyword": "x"})) == {"referring_url"}
    assert set(problems("Web Traffic", {**base, "type_of_traffic": "2", "referring_url": "x"})) == {"referring_url"}
    request = validate_order(
        limits=limits_of("Web Traffic"),
        params={**base, "country": "de", "type_of_traffic": "1", "google_keyword": "red shoes", "referring_url": LINK},
    )
    assert request.fields == {**base, "country": "DE", "type_of_traffic": "1", "google_keyword": "red shoes"}


def test_drip_feed_is_ignored_where_there_is_none() -> None:
    request = validate_order(
        limits=limits_of("Default", dripfeed=False), params={**ENOUGH["Default"], "runs": "nonsense", "interval": "5"}
    )
    assert (request.quantity, request.fields) == (100, ENOUGH["Default"])


@pytest.mark.parametrize(("text", "sent"), [("02/03/2026", "02/03/2026"), ("2026-03-02", "02/03/2026")])
def test_a_day_is_sent_as_the_protocol_writes_it(text: str, sent: str) -> None:
    with time_machine.travel("2026-03-01T12:00:00+00:00", tick=False):
        request = validate_order(limits=limits_of("Subscriptions"), params={**ENOUGH["Subscriptions"], "expiry": text})
        assert request.fields["expiry"] == sent
        today = {**ENOUGH["Subscriptions"], "expiry": "01/03/2026"}
        assert problems("Subscriptions", today)["expiry"][0] == "Expiry date: enter a date in the future."
