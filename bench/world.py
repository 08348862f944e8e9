"""What the parts share once Django is up: the stub as a provider of the panel, counting statements, emptying tables."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from django.apps import apps
from django.db import connection

from orders.listing import search_triggers
from panel.lib.secret import Secret
from panel.wallet.triggers import lay_triggers, lift_triggers
from providers.models import Provider

KEY = "0123456789abcdef0123456789abcdef"
KEPT = {"django_migrations"}
IS_POSTGRESQL = connection.vendor == "postgresql"


def stub_url(*, variant: str, milliseconds: int = 0) -> str:
    """Where the stub provider answers like `variant`, after a wait."""
    return f"{os.environ['STUB_URL']}/{milliseconds}/{variant}"


def stub_counts() -> dict[str, int]:
    """How many requests the stub had, and how many at once, since this was asked last."""
    counts: dict[str, int] = requests.get(f"{os.environ['STUB_URL']}/counts", timeout=10).json()
    return counts


def new_provider(*, url: str) -> Provider:
    """The stub, connected under a key."""
    provider = Provider.objects.create(name=f"Stub {Provider.objects.count() + 1}", url=url)
    provider.set_key(Secret(KEY))
    provider.save()
    return provider


def empty_tables() -> None:
    """Take every row of the panel's own tables away, the ledger's too, and have the planner know."""
    tables = [model._meta.db_table for model in apps.get_models(include_auto_created=True)]
    lift_triggers(connection)
    with connection.cursor() as cursor:
        if IS_POSTGRESQL:
            cursor.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")
        else:
            cursor.execute("PRAGMA foreign_keys = OFF")
            for table in tables:
                cursor.execute(f'DELETE FROM "{table}"')
            cursor.execute("PRAGMA foreign_keys = ON")
    lay_triggers(connection)


def tidy_tables() -> None:
    """What autovacuum would have done by now, so that it does not run in the middle of a measurement."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if IS_POSTGRESQL else "ANALYZE")
        if IS_POSTGRESQL:
            cursor.execute("CHECKPOINT")


@contextmanager
def texts_indexed_later() -> Iterator[None]:
    """Orders that are written here in bulk get their entries for searches, and these their index, at the end."""
    search_triggers.lift_triggers(connection)
    if IS_POSTGRESQL:
        search_triggers.drop_text_index(connection)
    yield
    search_triggers.lay_triggers(connection)
    search_triggers.add_missing_entries(connection)
    search_triggers.add_text_index(connection)


class Statements:
    """What was executed while it was counted."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    @property
    def count(self) -> int:
        return len(self.texts)

    @property
    def writes(self) -> int:
        """Those that are not plain reading."""
        return sum(1 for text in self.texts if not text.lstrip().upper().startswith("SELECT"))

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.texts.append(sql)
        return execute(sql, params, many, context)


@contextmanager
def counted() -> Iterator[Statements]:
    """Count the statements of this thread's connection, without transactions' begin and end."""
    statements = Statements()
    with connection.execute_wrapper(statements):
        yield statements
