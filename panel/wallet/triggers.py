"""Database triggers that keep transfers unchanged, on both databases. Set by a migration, lifted when tests flush."""

from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = "wallet_transfer"

_POSTGRESQL_LAY = f"""
CREATE OR REPLACE FUNCTION transfers_stay() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'transfers are never changed or deleted'; END $$;
CREATE TRIGGER transfers_stay BEFORE UPDATE OR DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION transfers_stay();
CREATE TRIGGER transfers_stay_whole BEFORE TRUNCATE ON {TABLE} FOR EACH STATEMENT EXECUTE FUNCTION transfers_stay();
"""
_POSTGRESQL_LIFT = f"""
DROP TRIGGER IF EXISTS transfers_stay ON {TABLE};
DROP TRIGGER IF EXISTS transfers_stay_whole ON {TABLE};
"""
_SQLITE_LAY = [
    f"CREATE TRIGGER transfers_stay_{verb.lower()} BEFORE {verb} ON {TABLE} "
    "BEGIN SELECT RAISE(ABORT, 'transfers are never changed or deleted'); END"
    for verb in ("UPDATE", "DELETE")
]
_SQLITE_LIFT = [f"DROP TRIGGER IF EXISTS transfers_stay_{verb}" for verb in ("update", "delete")]


def lay_triggers(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers that refuse UPDATE, DELETE and TRUNCATE of transfers."""
    _run(connection, [_POSTGRESQL_LAY] if connection.vendor == "postgresql" else _SQLITE_LAY)


def lift_triggers(connection: BaseDatabaseWrapper) -> None:
    """Undo `lay_triggers`."""
    _run(connection, [_POSTGRESQL_LIFT] if connection.vendor == "postgresql" else _SQLITE_LIFT)


def _run(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
