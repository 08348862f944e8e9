"""A filled database of the version before keeps its pauses, and gets them back when it goes back."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import StateApps

BEFORE, AFTER = [("providers", "0010_ids_seen")], [("providers", "0013_without_paused_reason")]


def migrate(targets: list[tuple[str, str]]) -> StateApps:
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return executor.loader.project_state(targets).apps


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_reasons_become_rows_and_rows_become_reasons_again() -> None:
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    try:
        providers = migrate(BEFORE).get_model("providers", "Provider").objects
        for name, reason, held in (
            ("Open", "", ""),
            ("Poor", "funds", "small"),
            ("Euro", "currency", ""),
            ("Liste", "currency", "currency"),
        ):
            providers.create(name=name, url="https://x.example/", paused_reason=reason, held_list=held)

        pauses = migrate(AFTER).get_model("providers", "Pause").objects
        rows = pauses.order_by("provider__name").values_list("provider__name", "reason", "detail")
        assert list(rows) == [("Euro", "currency", ""), ("Liste", "list-currency", ""), ("Poor", "funds", "")]
        pauses.create(provider=pauses.get(reason="funds").provider, reason="key")

        providers = migrate(BEFORE).get_model("providers", "Provider").objects
        assert list(providers.order_by("name").values_list("name", "paused_reason", "held_list")) == [
            ("Euro", "currency", ""), ("Liste", "currency", "currency"), ("Open", "", ""), ("Poor", "funds", "small"),
        ]  # fmt: skip
    finally:
        migrate(newest)
