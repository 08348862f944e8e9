"""Fixtures of throwaway PostgreSQL and Redis servers, one of each a session, started when first asked for."""

import os
import secrets
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from tests import throwaway


@pytest.fixture(scope="session")
def _postgres_server() -> Iterator[str]:
    """The DATABASE_URL of a PostgreSQL server of this session's own."""
    _need("postgres")
    with throwaway.postgres() as url:
        yield url


@pytest.fixture
def postgres_url(_postgres_server: str) -> str:
    """The DATABASE_URL of an empty database of the test's own."""
    name = f"panel_{secrets.token_hex(6)}"
    with psycopg.connect(_postgres_server, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return f"{_postgres_server.rpartition('/')[0]}/{name}"


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
