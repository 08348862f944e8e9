"""A job's runs and pauses are kept when the job is renamed, and on the way back."""

from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

BEFORE, AFTER = [("providers", "0019_plain_texts")], [("providers", "0020_unmatched_orders_job")]
OLD, NEW = "look_for_strays", "search_unmatched_orders"


def migrate(targets: list[tuple[str, str]]) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return executor.loader.project_state([*targets, ("ops", "0008_notice_reason")]).apps


def rows(models: Any) -> list[tuple[str, Any]]:
    runs = models.get_model("ops", "JobRun").objects.order_by("name").values_list("name", "summary")
    return [*runs, *models.get_model("providers", "Backoff").objects.values_list("job", "failures")]


@pytest.mark.django_db(transaction=True)
def test_runs_and_pauses_are_kept_under_the_new_name() -> None:
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    try:
        old = migrate(BEFORE)
        provider = old.get_model("providers", "Provider").objects.create(name="North", url="https://x.example/")
        for name, summary in ((OLD, {"asked": 1}), (f"{OLD}:{provider.pk}", {"asked": 2}), ("check_books", {})):
            old.get_model("ops", "JobRun").objects.create(name=name, summary=summary)
        old.get_model("providers", "Backoff").objects.create(provider=provider, job=OLD, failures=3)
        before = rows(old)

        new = migrate(AFTER)
        assert rows(new) == [
            ("check_books", {}),
            (NEW, {"asked": 1}),
            (f"{NEW}:{provider.pk}", {"asked": 2}),
            (NEW, 3),
        ]
        new.get_model("ops", "JobRun").objects.create(name=OLD)  # by a worker of the earlier version

        assert rows(migrate(BEFORE)) == before
    finally:
        migrate(newest)
