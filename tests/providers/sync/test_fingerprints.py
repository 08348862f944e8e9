"""The stored fingerprints: right after every writing, set once where they are not, and never in a change's way."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from providers.adapters.base import SERVICE_FIELDS
from providers.adapters.fingerprint import fingerprint
from providers.catalog.models import Service
from providers.catalog.publishing.unpublish import unpublish_service
from providers.catalog.review.pending_review import confirm_services
from providers.models import ServiceChange, UpstreamService
from providers.sync import service_sync
from providers.sync.service_sync import SyncReport
from tests.fixtures_shop import Shop

SIEVED, WHOLE = "changed_rows", "whole"


def wrong_rows() -> list[str]:
    """The external ids of rows whose fingerprint is not that of their values."""
    rows = UpstreamService.objects.order_by("position").values_list("external_id", "fingerprint", *SERVICE_FIELDS)
    return [external_id for external_id, stored, *values in rows if stored != fingerprint(values)]


def reorder(shop: Shop, number: int = 1) -> None:
    """Other bytes that say the same: this service at the list's end."""
    shop.simulator.remove_service(number)
    shop.simulator.restore_service(number)


def sync_counted(shop: Shop) -> tuple[SyncReport, int, list[str]]:
    """The report, how many queries it took, and how the mirror's rows were read in them."""
    with CaptureQueriesContext(connection) as queries:
        report = service_sync.sync_provider(provider_id=shop.provider.pk, now=timezone.now())
    texts = [query["sql"] for query in queries if query["sql"].startswith("SELECT")]
    read = [WHOLE if '"average_time" AS' in text else SIEVED for text in texts if '"missing" AS' in text]
    return report, len(queries), read


def contents() -> list[dict[str, Any]]:
    names = [field.attname for field in UpstreamService._meta.fields if field.name != "fingerprint"]
    return list(UpstreamService.objects.order_by("pk").values(*names))


def test_every_row_is_written_with_its_fingerprint(shop: Shop) -> None:
    assert wrong_rows() == []
    shop.simulator.set_service(1, rate="0.95", name="Instagram Followers | Real | 40 days refill")
    shop.simulator.set_service(2, min="-1")
    shop.simulator.add_service(77, name="é ⚡ 'quoted' \\", category="Pinterest", rate="0")
    shop.simulator.remove_service(4)
    report = shop.sync()
    assert (report.changed, report.added, report.missing) == (2, 1, 1)
    assert wrong_rows() == []
    shop.simulator.restore_service(4)
    assert shop.sync().back == 1
    assert wrong_rows() == []


def test_a_list_that_says_the_same_takes_two_queries_and_no_whole_row(shop: Shop) -> None:
    reorder(shop)
    report, queries, read = sync_counted(shop)
    assert (report.unchanged, report.rows_written, queries, read) == (20, 0, 2, [SIEVED])


def test_only_the_rows_that_differ_are_read_whole(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[list[str]] = []
    real = service_sync.diff_services

    def watched(**given: Any) -> Any:
        compared.append([row[0] for row in given["known"]])
        return real(**given)

    monkeypatch.setattr(service_sync, "diff_services", watched)
    shop.simulator.set_service(3, max="999")
    shop.simulator.add_service(77, name="Pinterest Saves", category="Pinterest", rate="0.5")
    shop.simulator.remove_service(4)
    report, _, read = sync_counted(shop)
    assert (report.changed, report.added, report.missing, report.unchanged, read) == (1, 1, 1, 18, [SIEVED, WHOLE])
    assert [sorted(ids) for ids in compared] == [["3", "4"]]


def test_where_many_differ_the_whole_table_is_read_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_sync, "IDS_PER_QUERY", 2)
    for number in (1, 2, 3):
        shop.simulator.set_service(number, max="999")
    report, _, read = sync_counted(shop)
    assert (report.changed, report.unchanged, read, list(report.touched)) == (3, 17, [SIEVED, WHOLE], ["1", "2", "3"])
    assert wrong_rows() == []


def test_the_third_sync_without_a_service_reads_no_whole_row(shop: Shop) -> None:
    shop.simulator.remove_service(4)
    assert (shop.sync().missing, shop.sync().removed) == (1, 1)
    reorder(shop)
    report, queries, read = sync_counted(shop)
    assert (report.rows_written, report.unchanged, queries, read) == (0, 19, 2, [SIEVED])


@pytest.mark.parametrize("stored", [None, 5])
def test_fingerprints_that_are_not_right_are_set_with_the_next_change(shop: Shop, stored: int | None) -> None:
    UpstreamService.objects.update(fingerprint=stored)
    before, shelf, lines = contents(), list(Service.objects.values()), ServiceChange.objects.count()
    reorder(shop)
    report, queries, read = sync_counted(shop)
    assert (report.unchanged, report.rows_written, report.touched, queries, read) == (20, 0, [], 3, [SIEVED, WHOLE])
    assert (contents(), set(UpstreamService.objects.values_list("fingerprint", flat=True))) == (before, {stored})

    shop.simulator.set_service(1, max="999")
    report = shop.sync()
    assert (report.changed, report.unchanged, report.rows_written, list(report.touched)) == (1, 19, 1, ["1"])
    assert wrong_rows() == []
    assert ServiceChange.objects.count() == lines + 1
    moved = [row["external_id"] for row, was in zip(contents(), before, strict=True) if row != was]
    assert moved == ["1"]
    assert [row for row in Service.objects.values() if row not in shelf] == list(
        Service.objects.filter(upstream__external_id="1").values()
    )
    reorder(shop, 2)
    report, queries, read = sync_counted(shop)
    assert (report.unchanged, report.rows_written, queries, read) == (20, 0, 2, [SIEVED])


def test_a_change_is_seen_through_a_fingerprint_that_is_not_right(shop: Shop) -> None:
    UpstreamService.objects.filter(external_id__in=["1", "2"]).update(fingerprint=None)
    shop.simulator.set_service(1, rate="0.95")
    report = shop.sync()
    assert (report.changed, report.unchanged, list(report.touched)) == (1, 19, ["1"])
    assert shop.upstream("1").rate == Decimal("0.95")
    assert wrong_rows() == []


def test_doubts_come_and_go_and_the_fingerprint_stays_right(shop: Shop) -> None:
    service = shop.service("1")
    assert unpublish_service(provider_id=shop.provider.pk, external_id="1")
    assert (shop.upstream("1").review_reason, wrong_rows()) == ("refused", [])
    reorder(shop)
    assert (shop.sync().unchanged, shop.upstream("1").review_reason) == (20, "refused")
    assert confirm_services(service_ids=[service.pk], actor="ann@example.com", now=timezone.now()) == 1
    assert (shop.upstream("1").review_reason, wrong_rows()) == ("", [])
