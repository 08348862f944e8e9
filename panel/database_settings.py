"""How the database is set, SQLite or PostgreSQL, and the cache: Redis with the database behind it, or this process."""

from typing import Any

SQLITE = "panel.lib.database.sqlite"


def database(config: dict[str, Any]) -> dict[str, Any]:
    """The entry of DATABASES for what DATABASE_URL says: durable commits on SQLite, bounded waits on PostgreSQL."""
    if config["ENGINE"] == "django.db.backends.sqlite3":
        pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;"
        options = {"timeout": 20, "transaction_mode": "IMMEDIATE", "init_command": pragmas}
        return config | {"ENGINE": SQLITE, "OPTIONS": options}
    limits = "-c lock_timeout=5s -c statement_timeout=60s -c idle_in_transaction_session_timeout=60s"
    options = config.get("OPTIONS", {}) | {"options": limits}  # what the address says, such as sslmode, holds
    return config | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True, "OPTIONS": options}


def caches(redis_url: str) -> dict[str, dict[str, Any]]:
    """CACHES: "default" is in Redis, without it in this process; "database" is where "default" goes without Redis."""
    redis = {
        "BACKEND": "panel.lib.degrading_cache.DegradingRedisCache",
        "LOCATION": redis_url,
        "KEY_PREFIX": "panel",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }
    memory = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 20_000}}
    return {
        "default": redis if redis_url else memory,
        "database": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "ops_cacheentry",
            "OPTIONS": {"MAX_ENTRIES": 100_000},
        },
    }
