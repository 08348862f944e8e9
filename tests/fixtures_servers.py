"""Fixtures of throwaway PostgreSQL and Redis servers, one of each a session, started when first asked for."""

import os
from collections.abc import Iterator

import pytest

from tests import throwaway


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The DATABASE_URL of a PostgreSQL server of this session's own, with an empty database."""
    _need("postgres")
    with throwaway.postgres() as url:
        yield url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The REDIS_URL of a Redis server of this session's own."""
    _need("redis")
    with throwaway.redis(append_only=True) as url:
        yield url


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser for tests."""
    _need("browser")
    return throwaway.chromium_binary() or ""


def _need(mark: str) -> None:
    """Where what `mark` needs is not installed: leave the test out and say so; fail where all is required."""
    what = throwaway.missing().get(mark)
    if what is None:
        return
    if os.environ.get("REQUIRE_ALL") == "1":
        pytest.fail(f"{what} is not installed, and nothing may be left out.")
    pytest.skip(f"left out: {what} is not installed")
