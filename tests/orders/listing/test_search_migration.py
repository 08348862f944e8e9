"""A filled database of the version before gets its entries and its index of texts, and takes orders as it did."""

import pytest
from django.core.management.base import CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from orders.listing import search_triggers
from orders.listing.order_list import Listing, Wanted
from orders.listing.search_triggers import add_extensions, add_missing_entries, has_text_index, lay_triggers
from orders.models import Order, SearchEntry
from tests.fixtures_orders import Store
from tests.orders.listing.test_text_search import make_orders

BEFORE = [("orders", "0011_ledger_check")]


def found(store: Store, text: str) -> list[int]:
    return [order.pk for order in Listing(Wanted(store.customer, search=text)).page().rows]


@pytest.mark.django_db(transaction=True)
def test_orders_of_the_version_before_are_found(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_triggers, "BATCH", 2)
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    ids = make_orders(store, ["https://x.example/Эхо", "https://x.example/b", "https://x.example/c"])
    try:
        MigrationExecutor(connection).migrate(BEFORE)
        Order.objects.filter(pk=ids[2]).update(link="https://x.example/changed")
    finally:
        MigrationExecutor(connection).migrate(newest)
    assert SearchEntry.objects.count() == 3
    assert (found(store, "эхо"), found(store, "changed"), found(store, "example/c")) == ([ids[0]], [ids[2]], [ids[2]])
    (new,) = make_orders(store, ["https://x.example/new"])
    assert found(store, "EXAMPLE/NEW") == [new]


@pytest.mark.django_db
def test_entries_may_be_added_again(store: Store) -> None:
    ids = make_orders(store, ["https://x.example/one", "https://x.example/two"])
    SearchEntry.objects.filter(order=ids[0]).delete()
    for _ in range(2):
        add_missing_entries(connection)
        assert [entry.order_id for entry in SearchEntry.objects.order_by("pk")] == ids
        assert found(store, "example/one") == [ids[0]]


@pytest.mark.django_db
def test_an_entry_is_written_only_when_what_is_searched_changes(store: Store) -> None:
    """Orders change often: the index of texts must not be written each time."""
    order = store.place()
    SearchEntry.objects.update(text="left alone")
    order.save()
    Order.objects.update(remains=3, link=order.link)
    assert SearchEntry.objects.get().text == "left alone"
    Order.objects.update(link="https://x.example/new")
    assert SearchEntry.objects.get().text.lower() == "https://x.example/new"


@pytest.mark.django_db
def test_what_a_superuser_has_to_run_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(database: object, statement: str) -> None:
        raise DatabaseError("permission denied")

    monkeypatch.setattr(search_triggers, "_run", refuse)
    monkeypatch.setattr(connection, "vendor", "postgresql")
    with pytest.raises(CommandError, match="CREATE EXTENSION IF NOT EXISTS btree_gin;") as said:
        add_extensions(connection)
    assert "pg_trgm" in str(said.value)
    assert "permission denied" in str(said.value)


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL always has its index")
def test_without_an_index_a_search_goes_so_far(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on an SQLite without FTS5."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE orders_searchtext")
    assert not has_text_index(connection)
    lay_triggers(connection)
    ids = make_orders(store, ["https://x.example/one", *["https://x.example/two"] * 3])
    monkeypatch.setattr("orders.listing.text_search.NEAR", 1)
    monkeypatch.setattr("orders.listing.text_search.REACH", 3)
    page = Listing(Wanted(store.customer, search="example/one")).page()
    assert (page.rows, page.older) == ([], ids[1])
    following = Listing(Wanted(store.customer, search="example/one")).page(before=page.searched_to)
    assert [order.pk for order in following.rows] == [ids[0]]
