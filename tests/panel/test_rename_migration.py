"""A filled database of the version before keeps suspensions and failed notifications under the new names, and back."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from panel.customers.models import User
from panel.ops.models import AlertNotice

BEFORE = [("customers", "0010_hash_recovery_codes"), ("ops", "0007_alert_subject")]
SINCE = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)


def values() -> list[object]:
    users = User.objects.order_by("pk").values_list("email", "suspended_at", "suspension_reason")
    return [*users, *AlertNotice.objects.values_list("event", "reason")]


@pytest.mark.django_db(transaction=True)
def test_rows_are_kept_under_the_new_names() -> None:
    User.objects.create(email="ada@example.com")
    User.objects.create(email="bob@example.com", suspended_at=SINCE, suspension_reason="chargeback")
    AlertNotice.objects.create(event="test", channel="email", reason="not connected")
    filled = values()
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    try:
        MigrationExecutor(connection).migrate(BEFORE)
        with connection.cursor() as cursor:
            cursor.execute("SELECT frozen_why FROM customers_user WHERE frozen_at IS NOT NULL")
            assert cursor.fetchall() == [("chargeback",)]
            cursor.execute("SELECT why FROM ops_alertnotice")
            assert cursor.fetchall() == [("not connected",)]
    finally:
        MigrationExecutor(connection).migrate(newest)
    assert values() == filled
    assert filled == [
        ("ada@example.com", None, ""),
        ("bob@example.com", SINCE, "chargeback"),
        ("test", "not connected"),
    ]
