"""A test run does not depend on the settings, make flags or proxies of whoever starts it."""

import os

from tests.environment import cleanse

KEPT = {
    "PATH": "/bin",
    "TZ": "Asia/Tokyo",
    "DATABASE_URL": "postgres://x",
    "REQUIRE_ALL": "1",
    "PYTEST_XDIST_WORKER": "gw0",
    "PYTHONWARNINGS": "error",
    "MUTANTS": "all",
}
REMOVED = {
    "MAKEFLAGS": "w",
    "MAKELEVEL": "1",
    "SITE_URL": "https://shop.example.com",
    "SECRET_KEY": "x",
    "REDIS_URL": "redis://x",
    "DATA_KEYS_FILE": "/k",
    "http_proxy": "http://127.0.0.1:9",
    "COLUMNS": "40",
}


def test_only_what_finds_things_is_kept() -> None:
    environment = KEPT | REMOVED
    cleanse(environment)
    assert environment == KEPT


def test_this_run_is_cleansed() -> None:
    assert (REMOVED.keys() - {"COLUMNS"}) & os.environ.keys() == set()  # pytest-xdist sets that one itself
