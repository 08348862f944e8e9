"""The catalogue's tables as a migration left them, for tests of the migrations after it."""

from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def catalog_at(name: str) -> Any:
    """The models after that migration of the catalogue; all other apps stay as they are now."""
    executor = MigrationExecutor(connection)
    executor.migrate([("catalog", name)])
    loader = MigrationExecutor(connection).loader
    return loader.project_state([("catalog", name), *loader.graph.leaf_nodes("providers")]).apps
