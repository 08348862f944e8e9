"""The mirror follows the provider's list, writes only what changed, and believes no nonsense."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from panel.ops.models import Alert
from providers.models import Provider, ServiceChange, UpstreamService
from providers.sync import service_sync
from providers.sync.diff import Diff, diff_services
from providers.sync.service_sync import SyncFailedError, SyncOvertakenError, sync_provider
from tests.fixtures_shop import Shop, connect
from tests.fixtures_simulator import Simulator

WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")


def written(queries: CaptureQueriesContext) -> list[str]:
    return [query["sql"] for query in queries if query["sql"].lstrip("( ").upper().startswith((*WRITES, "WITH V("))]


def log(shop: Shop, kind: str) -> list[tuple[str, str, dict[str, object]]]:
    lines = ServiceChange.objects.filter(provider=shop.provider, kind=kind).order_by("pk")
    return [(line.external_id, line.name, line.fields) for line in lines]


def test_the_first_list_is_mirrored_as_it_stands(provider: Provider) -> None:
    report = sync_provider(provider_id=provider.pk, now=timezone.now())
    assert (report.added, report.changed, report.unchanged, report.rows_written, report.held) == (20, 0, 0, 20, 0)
    row = UpstreamService.objects.get(provider=provider, external_id="1")
    assert (row.name, row.type, row.category) == (
        "Instagram Followers | Real | 30 days refill",
        "Default",
        "Instagram Followers",
    )
    assert (row.rate, row.min, row.max) == (Decimal("0.9"), 50, 10000)
    assert (row.refill, row.cancel, row.dripfeed) == (True, True, True)
    assert (row.description, row.average_time) == ("Link: the profile\nStart: 0-1 hour", "1 hour 12 minutes")
    assert (row.missing, row.review_reason, row.position) == (0, "", 0)
    assert list(ServiceChange.objects.values_list("kind", "external_id", "fields")) == [("new", "", {"services": 20})]


def test_a_sync_without_change_writes_nothing(shop: Shop) -> None:
    before = shop.everything()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        report = shop.sync()
    assert (report.added, report.changed, report.unchanged, report.rows_written) == (0, 0, 20, 0)
    assert written(queries) == []
    assert len(queries) == 2
    assert shop.everything() == before


def test_a_list_in_another_order_is_read_and_writes_nothing(shop: Shop) -> None:
    shop.simulator.remove_service(1)
    shop.simulator.restore_service(1)
    before = shop.everything()
    with CaptureQueriesContext(connection) as queries:
        report = shop.sync()
    assert (report.unchanged, report.rows_written, written(queries), len(queries)) == (20, 0, [], 2)
    assert shop.everything() == before


def test_only_changed_rows_are_written_in_a_constant_number_of_queries(shop: Shop) -> None:
    def sync_after(count: int, rate: str) -> int:
        for number in range(1, count + 1):
            shop.simulator.set_service(number, rate=rate)
        with CaptureQueriesContext(connection) as queries:
            report = sync_provider(provider_id=shop.provider.pk, now=timezone.now())
        assert (report.changed, report.rows_written, report.unchanged) == (count, count, 20 - count)
        return len(queries)

    assert sync_after(1, "0.91") == sync_after(3, "0.92")


def test_a_change_is_logged_with_what_was_and_what_is(shop: Shop) -> None:
    shop.simulator.set_service(1, rate="1.20", max="20000")
    report = shop.sync()
    assert (report.changed, report.unchanged, list(report.touched)) == (1, 19, ["1"])
    assert shop.upstream("1").rate == Decimal("1.2")
    assert log(shop, "changed") == [
        ("1", "Instagram Followers | Real | 30 days refill", {"rate": ["0.9", "1.2"], "max": [10000, 20000]})
    ]


def test_a_new_service_is_added_at_the_end(shop: Shop) -> None:
    shop.simulator.add_service(77, name="Pinterest Saves", category="Pinterest", rate="0.5")
    report = shop.sync()
    assert (report.added, report.unchanged, report.rows_written) == (1, 20, 1)
    assert shop.upstream("77").position == 20
    assert log(shop, "new")[-1] == ("77", "Pinterest Saves", {})


def test_a_service_is_gone_at_the_second_absence_and_is_never_deleted(shop: Shop) -> None:
    shop.simulator.remove_service(4)
    first, second = shop.sync(), shop.sync()
    assert (first.missing, first.removed, first.rows_written) == (1, 0, 1)
    assert (second.missing, second.removed, second.rows_written) == (0, 1, 1)
    assert shop.upstream("4").missing == 2
    third = shop.sync()
    assert (third.missing, third.removed, third.rows_written, third.unchanged) == (0, 0, 0, 19)
    assert log(shop, "missing") == [("4", "TikTok Views", {})]
    assert log(shop, "gone") == [("4", "TikTok Views", {})]


@pytest.mark.parametrize("absences", [1, 2])
def test_a_service_may_come_back(shop: Shop, absences: int) -> None:
    shop.simulator.remove_service(4)
    for _ in range(absences):
        shop.sync()
    shop.simulator.restore_service(4)
    report = shop.sync()
    assert (report.back, report.added, report.changed, report.rows_written) == (1, 0, 0, 1)
    assert shop.upstream("4").missing == 0
    assert log(shop, "back") == [("4", "TikTok Views", {})]


@pytest.mark.parametrize("fault", ["html", "html403", "truncated", "error_object", "error503", "reset", "not_json"])
def test_a_broken_answer_changes_nothing_on_sale(shop: Shop, fault: str) -> None:
    before = shop.everything()
    shop.simulator.next("services", fault)
    with pytest.raises(SyncFailedError):
        shop.sync()
    after = shop.everything()
    assert {**after, "Provider": None} == {**before, "Provider": None}
    provider = shop.reload()
    assert provider.sync_failures == 1
    assert provider.sync_error
    assert shop.simulator.key not in provider.sync_error
    assert not Alert.objects.exists()


def test_the_third_failure_raises_one_alert_and_a_success_closes_it(shop: Shop) -> None:
    shop.simulator.next("services", "html", 4)
    for _ in range(4):
        with pytest.raises(SyncFailedError, match="Unexpected response"):
            shop.sync()
    alert = Alert.objects.get()
    assert (alert.subject, alert.title, alert.closed_at) == (
        f"sync:{shop.provider.pk}",
        "North: service list could not be read",
        None,
    )
    report = shop.sync()
    assert (report.unchanged, report.rows_written) == (20, 0)
    alert.refresh_from_db()
    assert alert.closed_at is not None
    assert (shop.reload().sync_failures, shop.reload().sync_error) == (0, "")


def test_a_refused_key_is_told_in_peoples_words(shop: Shop) -> None:
    shop.simulator.next("services", "invalid_key")
    with pytest.raises(SyncFailedError, match=r"^The API key is rejected"):
        shop.sync()


@pytest.mark.parametrize("fault", ["empty_list", "tiny"])
def test_an_empty_or_tiny_list_is_held_whole(shop: Shop, fault: str) -> None:
    before = shop.everything()
    shop.simulator.next("services", fault, 2)
    first, second = shop.sync(), shop.sync()
    assert first.held == second.held > 0
    assert first.held + first.unchanged == 20
    assert (first.rows_written, first.missing, first.problem) == (0, 0, second.problem)
    after = shop.everything()
    assert after["UpstreamService"] == before["UpstreamService"]
    assert after["Service"] == before["Service"]
    assert [name for _, name, _ in log(shop, "held")] == [first.problem]
    assert Alert.objects.get(closed_at=None).subject == f"sync:{shop.provider.pk}"
    assert (shop.sync().unchanged, Alert.objects.filter(closed_at=None).count()) == (20, 0)


def test_a_person_may_accept_a_small_list_but_never_an_empty_one(shop: Shop) -> None:
    for number in range(1, 11):
        shop.simulator.remove_service(number)
    assert (shop.sync().held, shop.sync().held) == (10, 10)
    assert shop.sync(accept_shrunk=True).removed == 10
    assert log(shop, "missing") == []
    assert shop.sync().unchanged == 10
    before = shop.everything()["UpstreamService"]
    shop.simulator.next("services", "empty_list")
    assert shop.sync(accept_shrunk=True).held == 10
    assert shop.everything()["UpstreamService"] == before


def test_a_few_may_go_from_a_small_list(make_simulator: Callable[..., Simulator], db: None) -> None:
    simulator = make_simulator(services=8)
    shop = Shop(simulator, connect(simulator))
    shop.sync()
    for number in (5, 6, 7):
        simulator.remove_service(number)
    assert (shop.sync().missing, shop.sync().removed) == (3, 3)


@pytest.mark.parametrize(
    ("rate", "is_doubted"),
    [
        ("1.35", False),
        ("1.350001", True),
        ("9", True),
        ("0.45", False),
        ("0.449999", True),
        ("0.009", True),
        ("0", True),
    ],
)
def test_an_absurd_price_waits_for_a_person(shop: Shop, rate: str, is_doubted: bool) -> None:
    shop.simulator.set_service(1, rate=rate)
    report = shop.sync()
    assert report.changed == 1
    row = shop.upstream("1")
    assert (row.rate, row.review_reason) == (Decimal(rate), "price" if is_doubted else "")
    assert row.rate_before == (Decimal("0.9") if is_doubted else None)


@pytest.mark.parametrize(
    ("rate", "is_doubted"), [("1.08", False), ("1.080001", True), ("0.09", False), ("0.089999", True), ("0", True)]
)
def test_how_far_a_price_may_jump_is_the_providers_setting(shop: Shop, rate: str, is_doubted: bool) -> None:
    Provider.objects.update(hold_rise_percent=20, hold_fall_percent=90)
    shop.simulator.set_service(1, rate=rate)
    shop.sync()
    assert shop.upstream("1").review_reason == ("price" if is_doubted else "")


def test_a_senseless_entry_between_does_not_lift_a_price_jump(shop: Shop) -> None:
    for changes, doubt in (({"rate": "90"}, "price"), ({"min": "0"}, "rejected"), ({"min": "50"}, "price")):
        shop.simulator.set_service(1, **changes)
        shop.sync()
        assert (shop.upstream("1").review_reason, shop.upstream("1").rate_before) == (doubt, Decimal("0.9"))


def test_a_price_that_comes_back_is_believed_again(shop: Shop) -> None:
    for rate, doubt in (("90", "price"), ("95", "price"), ("1.36", "price"), ("1", "")):
        shop.simulator.set_service(1, rate=rate)
        shop.sync()
        assert (shop.upstream("1").rate, shop.upstream("1").review_reason) == (Decimal(rate), doubt)
    assert shop.upstream("1").rate_before is None


def test_a_service_listed_at_no_price_waits_until_it_has_one(shop: Shop) -> None:
    shop.simulator.add_service(77, name="Pinterest Saves", category="Pinterest", rate="0")
    shop.sync()
    assert shop.upstream("77").review_reason == "price"
    shop.simulator.set_service(77, rate="0.5")
    shop.sync()
    assert shop.upstream("77").review_reason == ""


@pytest.mark.parametrize(
    ("changes", "is_other"),
    [
        ({"type": "Package"}, True),
        ({"type": "default"}, False),
        ({"name": "YouTube Watch Hours", "category": "YouTube"}, True),
        ({"name": "Instagram Likes | Real | 30 days refill", "category": "Instagram Likes"}, True),
        ({"name": "Instagram Likes | Mixed"}, True),
        ({"name": "Instagram Followers | Real | 60 days refill"}, False),
        ({"name": "🔥 INSTAGRAM FOLLOWERS - Real - 30 days refill", "category": "Best sellers"}, False),
        ({"category": "Best sellers"}, False),
    ],
)
def test_a_number_used_again_for_something_else_is_doubted(shop: Shop, changes: dict[str, str], is_other: bool) -> None:
    shop.simulator.set_service(1, **changes)
    shop.sync()
    assert shop.upstream("1").review_reason == ("meaning" if is_other else "")
    shop.simulator.set_service(1, max="999")
    shop.sync()
    assert shop.upstream("1").review_reason == ("meaning" if is_other else "")


@pytest.mark.parametrize(("name", "is_other"), [("Instagram Followers | Real | 60 days refill", True), ("", False)])
@pytest.mark.parametrize("absences", [1, 2])
def test_a_number_that_comes_back_has_its_name_or_is_doubted(
    shop: Shop, absences: int, name: str, is_other: bool
) -> None:
    shop.simulator.remove_service(1)
    for _ in range(absences):
        shop.sync()
    shop.simulator.restore_service(1)
    if name:
        shop.simulator.set_service(1, name=name)
    shop.sync()
    assert (shop.upstream("1").missing, shop.upstream("1").review_reason) == (0, "meaning" if is_other else "")
    assert shop.service("1").is_for_sale is not is_other


@pytest.mark.parametrize("nonsense", [{"min": "100", "max": "10"}, {"rate": "-1"}, {"rate": "NaN"}, {"min": "0"}])
def test_an_entry_that_makes_no_sense_is_doubted_until_it_does(shop: Shop, nonsense: dict[str, str]) -> None:
    was = {"min": "50", "max": "10000", "rate": "0.90"}
    shop.simulator.set_service(1, **nonsense)
    report = shop.sync()
    assert (report.rejected, report.changed, report.missing, report.unchanged) == (1, 1, 0, 19)
    row = shop.upstream("1")
    assert (row.review_reason, row.missing, row.rate, row.min, row.max) == ("rejected", 0, Decimal("0.9"), 50, 10000)
    again = shop.sync()
    assert (again.rows_written, again.unchanged) == (0, 20)
    shop.simulator.set_service(1, **was)
    assert (shop.sync().changed, shop.upstream("1").review_reason) == (1, "")


def test_a_number_listed_twice_is_doubted(shop: Shop) -> None:
    shop.simulator.next("services", "duplicate_ids")
    report = shop.sync()
    assert report.rejected >= 1
    assert report.changed == report.rejected
    assert UpstreamService.objects.filter(review_reason="rejected").count() == report.rejected
    assert UpstreamService.objects.count() == 20


def test_a_sync_that_was_overtaken_writes_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.simulator.set_service(1, rate="1.00")

    def while_a_rival_writes(**given: Any) -> Diff:
        Provider.objects.filter(pk=shop.provider.pk).update(synced_at=timezone.now())
        return diff_services(**given)

    monkeypatch.setattr(service_sync, "diff_services", while_a_rival_writes)
    before = shop.everything()
    with pytest.raises(SyncOvertakenError):
        shop.sync()
    assert {**shop.everything(), "Provider": None} == {**before, "Provider": None}
    assert shop.reload().sync_failures == 0
