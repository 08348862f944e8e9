"""Many rows, each with its own values, in one statement."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import DataError, connection, transaction

from panel.customers.models import User
from panel.lib.database.bulk import update_rows
from panel.ops.models import Alert
from panel.wallet.models import Account

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def alert(subject: str) -> Alert:
    return Alert.objects.create(subject=subject, level=Alert.Level.WARNING, title="It is so", seen_at=NOON)


@pytest.mark.django_db
def test_every_row_gets_its_own_values() -> None:
    one, other = alert("one"), alert("other")
    level = Alert.Level.CRITICAL
    rows = [(one.pk, "a, {b} \"c\" 'd' \\ 100 % é\n", NOON, level), (other.pk, "NULL", None, level.value)]
    assert sorted(update_rows(Alert, rows, fields=["title", "closed_at", "level"], guard=[])) == [one.pk, other.pk]
    found = list(Alert.objects.order_by("pk").values_list("title", "closed_at", "level"))
    assert found == [("a, {b} \"c\" 'd' \\ 100 % é\n", NOON, level.value), ("NULL", None, level.value)]


@pytest.mark.django_db
def test_a_row_that_was_changed_is_left() -> None:
    one, other = alert("one"), alert("other")
    rows = [(one.pk, "new", "It is so", None), (other.pk, "new", "It was so", None)]
    assert update_rows(Alert, rows, fields=["title"], guard=["title", "closed_at"]) == [one.pk]
    assert list(Alert.objects.order_by("pk").values_list("title", flat=True)) == ["new", "It is so"]


@pytest.mark.django_db
def test_amounts_stay_exact() -> None:
    wallet = Account.objects.create(
        customer=User.objects.create_user("ada@example.com"), currency="USD", balance=Decimal("0.000001")
    )
    rows = [(wallet.pk, Decimal("999999999999.999999"), Decimal("0.000001"))]
    assert update_rows(Account, rows, fields=["balance"], guard=["balance"]) == [wallet.pk]
    wallet.refresh_from_db()
    assert wallet.balance == Decimal("999999999999.999999")


@pytest.mark.django_db
def test_what_is_too_long_is_refused_and_never_cut_off() -> None:
    if connection.vendor == "sqlite":  # it keeps what is longer than a column says
        return
    row = alert("one")
    with pytest.raises(DataError), transaction.atomic():
        update_rows(Alert, [(row.pk, "x" * 201)], fields=["title"], guard=[])
    row.refresh_from_db()
    assert row.title == "It is so"


@pytest.mark.django_db
def test_no_rows_are_no_statement(django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        assert update_rows(Alert, [], fields=["title"], guard=[]) == []
