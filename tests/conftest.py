"""What every test may use. The simulator's fixtures are in fixtures_simulator, the shop's in fixtures_shop."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.backends.base.operations import BaseDatabaseOperations

from orders.core import high_water, safe_mode
from panel.customers import sessions
from panel.wallet.triggers import lay_triggers, lift_triggers
from tests import extent, template

pytest_plugins = [
    "tests.fixtures_servers",
    "tests.fixtures_simulator",
    "tests.fixtures_shop",
    "tests.fixtures_orders",
]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what a run of this extent does not take, and put the rest in order."""
    chosen, left_out = extent.choose(items, is_sqlite=connection.vendor == "sqlite")
    items[:] = extent.waits_first(chosen)
    if left_out:
        config.hook.pytest_deselected(items=left_out)


def pytest_collection_finish() -> None:
    """What was imported stays: the collector of garbage need not walk it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """The database is there already; what is in it goes with the data directory or with the server."""
    return True


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    request: pytest.FixtureRequest, django_db_modify_db_settings_parallel_suffix: None
) -> None:
    """Give the run, or the worker, a clone of the migrated database; with --reuse-db it keeps the one that it has."""
    if request.config.getoption("reuse_db"):
        return
    name = connection.creation._get_test_db_name()
    if connection.vendor == "sqlite":
        template.copy_sqlite(Path(name))
    else:
        template.clone_postgres(f"{settings.DATABASE_URL.rpartition('/')[0]}/{name}")


@pytest.fixture(scope="session", autouse=True)
def _flush_lifts_the_triggers() -> Iterator[None]:
    """Transfers cannot be deleted, not even by the flush after a transactional test: there the triggers are lifted."""
    original = BaseDatabaseOperations.execute_sql_flush

    def flush(operations: BaseDatabaseOperations, sql_list: list[str]) -> None:
        lift_triggers(operations.connection)
        try:
            original(operations, sql_list)
        finally:
            lay_triggers(operations.connection)

    BaseDatabaseOperations.execute_sql_flush = flush
    yield
    BaseDatabaseOperations.execute_sql_flush = original


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


@pytest.fixture(autouse=True)
def _visits_are_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the session had been used a moment ago: tests that count queries count the page's own."""
    monkeypatch.setattr(sessions, "_is_due", lambda session_key: False)


@pytest.fixture(autouse=True)
def _no_memory_of_other_tests() -> None:
    """Each test has a database of its own; the data directory is not to remember a larger one."""
    (Path(settings.DATA_DIR) / high_water.FILE).unlink(missing_ok=True)
    safe_mode.clear_cache()
