"""Migrations of tables that grow with every order hold nobody up: what would look at each row has to be done online."""

from collections.abc import Iterator

import pytest
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

from panel.lib.database.large_tables import AddIndexOnline, OnlineStep

LARGE = {
    "orders": {"order", "orderevent", "attempt", "refill", "cancellation"},
    "wallet": {"transfer"},
    "webhooks": {"delivery"},
    "ops": {"auditevent"},
}
BASE = {"orders": "0005", "wallet": "0003", "webhooks": "0001", "ops": "0002"}
"""Up to here the tables were made; no shop runs on less."""


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
    assert looks_at_rows(migrations.RunPython(migrations.RunPython.noop))
    assert not looks_at_rows(migrations.AddField("order", "x", models.IntegerField(default=0)))
    assert not looks_at_rows(OnlineStep(lambda database: None))
    assert not looks_at_rows(AddIndexOnline("order", index))
