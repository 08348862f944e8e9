"""Migrations of tables that grow with every order hold nobody up: what would look at each row has to be done online."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.db import connection, migrations, models
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

from orders.webhooks.models import Delivery, Webhook
from panel.customers.models import User
from panel.lib.database.large_tables import AddIndexOnline, OnlineStep

LARGE = {
    "orders": {"order", "orderevent", "attempt", "refill", "cancellation"},
    "wallet": {"transfer"},
    "webhooks": {"delivery"},
    "ops": {"auditevent"},
}
BASE = {"orders": "0005", "wallet": "0003", "webhooks": "0001", "ops": "0002"}
"""Up to here the tables were made; no shop runs on less."""
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


UNSEEN = migrations.RunPython | migrations.RunSQL
"""What cannot be judged from outside."""


def looks_at_rows(operation: Operation) -> bool:
    """Whether it reads or writes every row, under a lock that keeps others from writing."""
    if isinstance(operation, AddIndexOnline | OnlineStep):
        return False
    if isinstance(operation, migrations.AddField):
        field = operation.field
        is_plain = field.null or field.has_default() or field.has_db_default() or field.blank
        return isinstance(field, models.GeneratedField) or not is_plain or field.unique
    if isinstance(operation, migrations.AlterField):
        return isinstance(operation.field, models.GeneratedField)  # SQLite rebuilds the table, even for a text
    return isinstance(operation, migrations.AddIndex | migrations.AddConstraint | UNSEEN)


def later() -> Iterator[tuple[migrations.Migration, Operation]]:
    """Every operation on a large table that came after it was made."""
    for (app, name), migration in MigrationLoader(connection).disk_migrations.items():
        if app in BASE and name[:4] > BASE[app]:
            for operation in migration.operations:
                model = getattr(operation, "model_name", "").lower()
                if model in LARGE[app] or isinstance(operation, UNSEEN):
                    yield migration, operation


@pytest.mark.django_db
def test_no_migration_looks_at_every_row_of_a_large_table() -> None:
    found = list(later())
    assert [f"{migration}: {operation.describe()}" for migration, operation in found if looks_at_rows(operation)] == []
    online = [migration for migration, operation in found if isinstance(operation, AddIndexOnline | OnlineStep)]
    assert len(online) >= 7
    assert not any(migration.atomic for migration in online)


def test_what_looks_at_every_row_is_noticed() -> None:
    index = models.Index(fields=["x"], name="x")
    assert looks_at_rows(migrations.AddIndex("order", index))
    assert looks_at_rows(migrations.AddField("order", "x", models.IntegerField()))
    assert looks_at_rows(migrations.AddField("order", "x", models.IntegerField(null=True, unique=True)))
    generated = models.GeneratedField(expression=models.F("y"), output_field=models.IntegerField(), db_persist=True)
    assert looks_at_rows(migrations.AlterField("order", "x", generated))
    assert looks_at_rows(migrations.RunPython(migrations.RunPython.noop))
    assert not looks_at_rows(migrations.AlterField("order", "x", models.IntegerField(help_text="Text.")))
    assert not looks_at_rows(migrations.AddField("order", "x", models.IntegerField(default=0)))
    assert not looks_at_rows(OnlineStep(lambda database: None))
    assert not looks_at_rows(AddIndexOnline("order", index))


@pytest.mark.django_db(transaction=True)
def test_a_change_of_texts_alone_runs_no_sql() -> None:
    loader = MigrationLoader(connection, replace_migrations=False)
    plans = {key: migration for key, migration in loader.disk_migrations.items() if key[1].endswith("_plain_texts")}
    assert {"orders", "reports", "webhooks"} <= {app for app, _name in plans}
    sql = {key: [line for line in loader.collect_sql([(plans[key], False)]) if is_sql(line)] for key in plans}
    assert {key: lines for key, lines in sql.items() if lines} == {}


def is_sql(line: str) -> bool:
    """Whether a line of `sqlmigrate` does something."""
    return bool(line) and not line.startswith("--") and line not in {"BEGIN;", "COMMIT;"}


@pytest.mark.django_db(transaction=True)
def test_renamed_columns_of_webhooks_keep_their_values(rows: tuple[int, int]) -> None:
    webhook, delivery = rows
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    try:
        MigrationExecutor(connection).migrate([("webhooks", "0003_open_deliveries")])
        assert stored("SELECT paused_why, rests_until IS NULL FROM webhooks_webhook ORDER BY id") == [
            ("Paused.", False),
            ("", True),
        ]
        assert stored("SELECT why FROM webhooks_delivery") == [("HTTP 500",)]
        with connection.cursor() as cursor:
            cursor.execute("UPDATE webhooks_webhook SET paused_why = 'Full.' WHERE id = %s", [webhook])
            cursor.execute("UPDATE webhooks_delivery SET why = 'HTTP 404' WHERE id = %s", [delivery])
    finally:
        MigrationExecutor(connection).migrate(newest)
    webhooks = Webhook.objects.order_by("pk").values_list("url", "pause_reason", "retry_at")
    assert list(webhooks) == [("https://a.example/", "Full.", NOON), ("https://b.example/", "", None)]
    assert Delivery.objects.values_list("reason", "tries", "payload").get() == ("HTTP 404", 2, {"order": 1})


@pytest.fixture
def rows(transactional_db: None) -> tuple[int, int]:
    """A paused webhook with a failed message, and one that works."""
    ada, bob = (User.objects.create(email=f"{name}@example.com") for name in ("ada", "bob"))
    paused = Webhook.objects.create(customer=ada, url="https://a.example/", pause_reason="Paused.", retry_at=NOON)
    Webhook.objects.create(customer=bob, url="https://b.example/")
    failed = Delivery.objects.create(
        webhook=paused, event="order.changed", payload={"order": 1}, tries=2, reason="HTTP 500"
    )
    return paused.pk, failed.pk


def stored(sql: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return [(row[0], *map(bool, row[1:])) for row in cursor.fetchall()]
