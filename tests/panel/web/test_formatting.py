"""How numbers and times are written for people."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from panel.web import formatting

NOW = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("0", "USD", "$0.00"),
        ("0.0004", "USD", "$0.0004"),
        ("12.5", "USD", "$12.50"),
        ("12.500000", "USD", "$12.50"),
        ("0.000001", "EUR", "€0.000001"),
        ("1234567.1", "USD", "$1,234,567.10"),
        ("-1234.5", "USD", "−$1,234.50"),
        ("99", "RUB", "99.00\N{NO-BREAK SPACE}RUB"),
        ("-0.0000001", "USD", "$0.00"),
        ("1.23456789", "USD", "$1.234568"),
    ],
)
def test_an_amount_has_the_decimals_it_needs(amount: str, currency: str, text: str) -> None:
    assert formatting.money_text(Decimal(amount), currency=currency) == text


def test_a_plus_stands_before_what_comes_in() -> None:
    assert formatting.money_text(Decimal("3"), currency="USD", plus=True) == "+$3.00"
    assert formatting.money_text(Decimal("0"), currency="USD", plus=True) == "$0.00"
    assert formatting.money_text(Decimal("-3"), currency="USD", plus=True) == "−$3.00"


def test_the_exact_value_hides_nothing() -> None:
    assert formatting.exact_text(Decimal("-1234.5"), currency="USD") == "−1,234.500000 USD"
    assert formatting.exact_text(Decimal("1.23456789"), currency="USD") == "1.23456789 USD"


@pytest.mark.parametrize(
    ("back", "text"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(seconds=60), "1 min ago"),
        (timedelta(minutes=59, seconds=59), "59 min ago"),
        (timedelta(hours=23), "23 h ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=29), "29 days ago"),
        (timedelta(days=70), "2 mo ago"),
        (timedelta(days=800), "2 y ago"),
        (timedelta(minutes=-5), "in 5 min"),
        (timedelta(days=-2), "in 2 days"),
    ],
)
def test_how_long_ago(back: timedelta, text: str) -> None:
    assert formatting.ago_text(NOW - back, now=NOW) == text


@pytest.mark.parametrize(
    ("part", "whole", "percent"),
    [(0, 10, 0), (437, 1000, 43), (999, 1000, 99), (1000, 1000, 100), (1100, 1000, 100), (3, 0, 0), (-1, 5, 0)],
)
def test_a_hundred_means_all_of_it(part: int, whole: int, percent: int) -> None:
    assert formatting.percent_of(part, whole) == percent
