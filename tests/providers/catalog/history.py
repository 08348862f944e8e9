"""The catalog's tables as a migration left them, for tests of the migrations after it."""

from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def catalog_at(name: str) -> Any:
    """The models after that migration of the catalog, and the providers' as they are beside it."""
    executor = MigrationExecutor(connection)
    executor.migrate([("catalog", name)])
    loader = MigrationExecutor(connection).loader
    applied = [key for key in loader.applied_migrations if key[0] == "providers"]
    return loader.project_state([("catalog", name), max(applied)]).apps
