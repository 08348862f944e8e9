"""Keeps `SearchEntry` and the index of its texts in step with the orders, on both databases. Used by migrations.

PostgreSQL finds parts of texts by the extension pg_trgm, SQLite by the trigram tokenizer of FTS5. A migration that has
SQLite rebuild the table of orders drops the triggers there: it has to call `lay_triggers` again.
"""

from django.core.management.base import CommandError
from django.db import DatabaseError, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

from panel.lib.database.large_tables import without_timeouts
from panel.lib.database.sqlite.base import LOWERED

EXTENSIONS = ("pg_trgm", "btree_gin")
BATCH = 20_000
NEEDED = """The search of orders needs PostgreSQL's extension {name}, and the panel's role may not create it or it is
not installed: {error}
Run this in the panel's database as a superuser, then migrate again:
    {statements}"""

_BLOCK = 65_536  # models.search_entry.BLOCK; not imported, so that an old migration stays what it was
_ENTRY = "orders_searchentry"
_INTO = f"INSERT INTO {_ENTRY} (order_id, customer, service, block, text)"
_UPDATE = "AFTER UPDATE OF id, customer_id, service_id, link ON orders_order"
_OLD, _NEW = (f"({row}.id, {row}.customer_id, {row}.service_id, {row}.link)" for row in ("OLD", "NEW"))

_POSTGRESQL_FUNCTION = f"""
CREATE OR REPLACE FUNCTION orders_search_entry() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
IF TG_OP <> 'INSERT' THEN DELETE FROM {_ENTRY} WHERE order_id = OLD.id; END IF;
IF TG_OP <> 'DELETE' THEN
    {_INTO} VALUES (NEW.id, NEW.customer_id, NEW.service_id, NEW.id / {_BLOCK}, UPPER(NEW.link))
    ON CONFLICT (order_id) DO UPDATE
    SET customer = EXCLUDED.customer, service = EXCLUDED.service, block = EXCLUDED.block, text = EXCLUDED.text;
END IF;
RETURN NULL; END $$
"""
_EACH = "FOR EACH ROW {when} EXECUTE FUNCTION orders_search_entry()"
_POSTGRESQL = {
    "orders_search_insert": f"AFTER INSERT ON orders_order {_EACH.format(when='')}",
    "orders_search_update": f"{_UPDATE} {_EACH.format(when=f'WHEN ({_OLD} IS DISTINCT FROM {_NEW})')}",
    "orders_search_delete": f"AFTER DELETE ON orders_order {_EACH.format(when='')}",
}
_INDEX = f"""
CREATE INDEX CONCURRENTLY orders_search_text ON {_ENTRY} USING gin (customer, block, text gin_trgm_ops)
WITH (gin_pending_list_limit = 64)
"""

_ADD = f"{_INTO} VALUES (NEW.id, NEW.customer_id, NEW.service_id, NEW.id / {_BLOCK}, {LOWERED}(NEW.link));"
_DROP = f"DELETE FROM {_ENTRY} WHERE order_id = OLD.id;"
_ADD_TEXT = """INSERT INTO orders_searchtext (rowid, customer, text)
VALUES (NEW.order_id, 'c' || NEW.customer || 'c', NEW.text);"""
_DROP_TEXT = """INSERT INTO orders_searchtext (orders_searchtext, rowid, customer, text)
VALUES ('delete', OLD.order_id, 'c' || OLD.customer || 'c', OLD.text);"""
_SQLITE = {
    "orders_search_insert": f"AFTER INSERT ON orders_order BEGIN {_ADD} END",
    "orders_search_update": f"{_UPDATE} WHEN {_OLD} IS NOT {_NEW} BEGIN {_DROP} {_ADD} END",
    "orders_search_delete": f"AFTER DELETE ON orders_order BEGIN {_DROP} END",
}
_SQLITE_TEXTS = {
    "orders_searchtext_insert": f"AFTER INSERT ON {_ENTRY} BEGIN {_ADD_TEXT} END",
    "orders_searchtext_update": f"AFTER UPDATE ON {_ENTRY} BEGIN {_DROP_TEXT} {_ADD_TEXT} END",
    "orders_searchtext_delete": f"AFTER DELETE ON {_ENTRY} BEGIN {_DROP_TEXT} END",
}
_SQLITE_TABLE = """
CREATE VIRTUAL TABLE IF NOT EXISTS orders_searchtext
USING fts5(customer, text, content='', columnsize=0, tokenize='trigram case_sensitive 1')
"""


def has_text_index(database: BaseDatabaseWrapper) -> bool:
    """Whether parts of texts are found by an index. Migrations see to it on PostgreSQL; an old SQLite has none."""
    if database.vendor == "postgresql":
        return True
    with database.cursor() as cursor:
        cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'orders_searchtext'")
        return cursor.fetchone() is not None


def add_extensions(database: BaseDatabaseWrapper) -> None:
    """What the index of texts is made with. CommandError where PostgreSQL does not let the panel have it."""
    if database.vendor != "postgresql":
        _add_sqlite_table(database)
        return
    for name in EXTENSIONS:
        try:
            _run(database, f"CREATE EXTENSION IF NOT EXISTS {name}")
        except DatabaseError as error:
            statements = " ".join(f"CREATE EXTENSION IF NOT EXISTS {one};" for one in EXTENSIONS)
            raise CommandError(NEEDED.format(name=name, error=str(error).strip(), statements=statements)) from error


def lay_triggers(database: BaseDatabaseWrapper) -> None:
    """From now on every order has its entry."""
    lift_triggers(database)
    if database.vendor == "postgresql":
        _run(database, _POSTGRESQL_FUNCTION)
        triggers = _POSTGRESQL
    else:
        triggers = _SQLITE | (_SQLITE_TEXTS if has_text_index(database) else {})
    for name, body in triggers.items():
        _run(database, f"CREATE TRIGGER {name} {body}")


def lift_triggers(database: BaseDatabaseWrapper) -> None:
    """Undo `lay_triggers`."""
    if database.vendor == "postgresql":
        for name in _POSTGRESQL:
            _run(database, f"DROP TRIGGER IF EXISTS {name} ON orders_order")
        return
    for name in _SQLITE | _SQLITE_TEXTS:
        _run(database, f"DROP TRIGGER IF EXISTS {name}")


def add_missing_entries(database: BaseDatabaseWrapper) -> None:
    """Entries of orders that were there before the triggers, BATCH ids at a time. May be called again at any time."""
    case = "UPPER" if database.vendor == "postgresql" else LOWERED
    fill = f"""{_INTO} SELECT id, customer_id, service_id, id / {_BLOCK}, {case}(link) FROM orders_order
        WHERE id > %s AND id <= %s ON CONFLICT (order_id) DO NOTHING"""
    with database.cursor() as cursor:
        last = 0
        while True:
            cursor.execute(
                "SELECT MAX(id) FROM (SELECT id FROM orders_order WHERE id > %s ORDER BY id LIMIT %s) AS batch",
                [last, BATCH],
            )
            (end,) = cursor.fetchone()
            if end is None:
                return
            cursor.execute(fill, [last, end])
            last = end


def add_text_index(database: BaseDatabaseWrapper) -> None:
    """PostgreSQL's index, built while orders are written. On SQLite the triggers filled it with the entries."""
    if database.vendor != "postgresql":
        return
    drop_text_index(database)
    with without_timeouts(database):
        _run(database, _INDEX)
        _run(database, f"ANALYZE {_ENTRY}")


def drop_text_index(database: BaseDatabaseWrapper) -> None:
    """Undo `add_text_index`, on SQLite `add_extensions` too."""
    if database.vendor != "postgresql":
        _run(database, "DROP TABLE IF EXISTS orders_searchtext")
        return
    with without_timeouts(database):
        _run(database, "DROP INDEX CONCURRENTLY IF EXISTS orders_search_text")


def _add_sqlite_table(database: BaseDatabaseWrapper) -> None:
    """Without FTS5 and its trigrams (SQLite 3.34) there is no index, and a search goes so far and says so."""
    try:
        _run(database, _SQLITE_TABLE)
    except OperationalError as error:
        if "no such module" not in str(error) and "no such tokenizer" not in str(error):
            raise


def _run(database: BaseDatabaseWrapper, statement: str) -> None:
    with database.cursor() as cursor:
        cursor.execute(statement)
