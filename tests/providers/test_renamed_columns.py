"""A filled database keeps its values when columns and tables get plain names, and on the way back."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

BEFORE = [("providers", "0017_shelved_margin"), ("catalog", "0018_places_are_bounded")]
AFTER = [("providers", "0018_plain_names"), ("catalog", "0019_plain_names")]
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def migrate(targets: list[tuple[str, str]]) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return executor.loader.project_state(targets).apps


@pytest.mark.django_db(transaction=True)
def test_renamed_columns_and_tables_keep_their_values() -> None:
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    old_provider = {"shelve": "review", "shelved_at": NOON, "shelved_margin": 7, "closed_until": NOON}
    new_provider = {"new_services": "review", "published_at": NOON, "published_margin": 7, "breaker_open_until": NOON}
    try:
        old = migrate(BEFORE)
        provider = old.get_model("providers", "Provider").objects.create(
            name="North", url="https://x.example/", **old_provider
        )
        old.get_model("providers", "UpstreamService").objects.create(
            provider=provider, external_id="1", name="Likes", category="All", rate=1, min=1, max=10, doubt="price"
        )
        old.get_model("catalog", "Shelf").objects.create(pk=1, version="v1")
        old.get_model("catalog", "ShelfChange").objects.create(kind="new", count=3, at=NOON)

        new = migrate(AFTER)
        assert new.get_model("providers", "Provider").objects.values(*new_provider).get() == new_provider
        assert new.get_model("providers", "UpstreamService").objects.get().review_reason == "price"
        assert new.get_model("catalog", "CatalogVersion").objects.values_list("pk", "version").get() == (1, "v1")
        updates = new.get_model("catalog", "CatalogUpdate").objects
        assert updates.values_list("kind", "count", "at").get() == ("new", 3, NOON)

        back = migrate(BEFORE)
        assert back.get_model("providers", "Provider").objects.values(*old_provider).get() == old_provider
        assert back.get_model("providers", "UpstreamService").objects.get().doubt == "price"
        assert back.get_model("catalog", "Shelf").objects.get().version == "v1"
        assert back.get_model("catalog", "ShelfChange").objects.get().count == 3
    finally:
        migrate(newest)


@pytest.mark.django_db(transaction=True)
def test_stored_reasons_are_reworded_and_come_back() -> None:
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    try:
        old = migrate([*AFTER[:1], ("catalog", "0020_plain_texts")])
        provider = old.get_model("providers", "Provider").objects.create(name="North", url="https://x.example/")
        category = old.get_model("catalog", "Category").objects.create(name="All")
        for number, reason in enumerate(("The rate is below the smallest margin.", "Its words of its own.", "")):
            upstream = old.get_model("providers", "UpstreamService").objects.create(
                provider=provider, external_id=str(number), name="Likes", category="All", rate=1, min=1, max=10
            )
            old.get_model("catalog", "Service").objects.create(
                upstream=upstream, provider=provider, category=category, name="Likes", min=1, max=10, cost=1, rate=2,
                unavailable_reason=reason,
            )  # fmt: skip

        def reasons(models: Any) -> list[str]:
            services = models.get_model("catalog", "Service").objects.order_by("pk")
            return list(services.values_list("unavailable_reason", flat=True))

        new = migrate([("catalog", "0021_plain_reasons")])
        assert reasons(new) == ["The rate is below the minimum margin.", "Its words of its own.", ""]
        back = migrate([("catalog", "0020_plain_texts")])
        assert reasons(back) == ["The rate is below the smallest margin.", "Its words of its own.", ""]
    finally:
        migrate(newest)
