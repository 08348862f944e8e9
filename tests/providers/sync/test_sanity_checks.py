"""Lists and prices of a provider that are not believed as a whole: another currency, and prices that moved alike."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from panel.ops.models import Alert
from providers.availability import circuit_breaker
from providers.availability.status import status_of
from providers.catalog.models import Service
from providers.catalog.publishing.refresh import refresh_provider
from providers.models import Provider, UpstreamService
from providers.sync.uniform_change import largest_uniform_change
from tests.fixtures_shop import Shop, connect
from tests.fixtures_simulator import Simulator


def may_be_sent(shop: Shop) -> bool:
    return circuit_breaker.allow_request(provider_id=shop.provider.pk, now=timezone.now())


def scale(shop: Shop, numbers: range, factor: str) -> None:
    """The simulator's prices, times the factor."""
    for number in numbers:
        rate = shop.upstream(str(number)).rate
        shop.simulator.set_service(number, rate=str(rate * Decimal(factor)))


@pytest.fixture
def large(make_simulator: Callable[..., Simulator], shop: Shop) -> Shop:
    """A second provider, of 60 services: six are a tenth of them."""
    simulator = make_simulator(services=60)
    made = Shop(simulator, connect(simulator, name="South"))
    Service.objects.all().delete()
    UpstreamService.objects.all().delete()
    made.sync()
    return made


@pytest.mark.parametrize(("changed", "is_held"), [(6, False), (7, True)])
def test_more_than_a_tenth_changed_by_one_factor_holds_all_of_it(large: Shop, changed: int, is_held: bool) -> None:
    scale(large, range(1, changed + 1), "1.08")
    report = large.sync()
    assert (report.changed, report.alike) == (changed, 7 if is_held else 0)
    assert Service.objects.filter(is_available=True).count() == (0 if is_held else 60)
    assert may_be_sent(large) is not is_held
    assert UpstreamService.objects.exclude(review_reason="").count() == 0
    subjects = [f"prices:{large.provider.pk}"] if is_held else []
    assert list(Alert.objects.values_list("subject", flat=True)) == subjects
    assert status_of(large.reload(), pauses=[], now=timezone.now()).label == (
        "Prices need review" if is_held else "Active"
    )
    reasons = set(Service.objects.values_list("unavailable_reason", flat=True))
    assert reasons == ({"The provider's prices need review."} if is_held else {""})


def test_the_share_is_the_providers_setting(large: Shop) -> None:
    Provider.objects.filter(pk=large.provider.pk).update(hold_alike_percent=12)
    scale(large, range(1, 8), "1.08")
    assert large.sync().alike == 0
    scale(large, range(8, 9), "1.08")
    assert large.sync().alike == 8


def test_the_changes_of_a_day_count_together_and_older_ones_do_not(large: Shop) -> None:
    now = timezone.now()
    for hours, numbers, alike in ((0, range(1, 6), 0), (25, range(6, 8), 0), (26, range(8, 13), 7)):
        scale(large, numbers, "1.08")
        report = refresh_provider(provider_id=large.provider.pk, now=now + timedelta(hours=hours))
        assert report.alike == alike


def test_what_is_held_stays_held_with_the_next_sync(large: Shop) -> None:
    scale(large, range(1, 8), "1.08")
    large.sync()
    held_at = large.reload().prices_held_at
    large.simulator.set_service(20, max="777")
    assert (large.sync().changed, large.reload().prices_held_at) == (1, held_at)
    assert Service.objects.filter(is_available=True).count() == 0


@pytest.mark.parametrize(("count", "factor", "alike"), [(4, "2", 0), (5, "2", 5), (20, "1.01", 0), (20, "1.02", 20)])
def test_few_services_and_hardly_any_change_are_no_sign(shop: Shop, count: int, factor: str, alike: int) -> None:
    scale(shop, range(1, count + 1), factor)
    assert shop.sync().alike == alike


def test_a_services_moves_of_a_day_are_one_and_factors_are_alike_within_a_hundredth() -> None:
    def line(number: int, old: str, new: str) -> tuple[str, dict[str, object]]:
        return str(number), {"rate": [old, new]}

    assert largest_uniform_change([]) == 0
    assert largest_uniform_change([line(1, "1", "2"), line(2, "3", "6"), ("3", {"max": [1, 2]}), ("4", {})]) == 2
    assert (
        largest_uniform_change([line(1, "1", "2"), line(1, "2", "1"), line(2, "1", "2")]) == 1
    )  # it went there and back
    assert largest_uniform_change([line(1, "1", "1.08"), line(2, "1", "1.0908"), line(3, "1", "1.0909")]) == 2
    assert largest_uniform_change([line(1, "0", "2"), line(2, "2", "0")]) == 0


def test_a_list_in_another_currency_is_held_whole_and_nothing_is_sent(shop: Shop) -> None:
    before = shop.everything()
    shop.simulator.set_service(1, rate="1")
    shop.simulator.next("services", "wrong_currency")
    report = shop.sync()
    assert report.problem == "The list is in INR, but the provider's currency is USD."
    assert (report.rows_written, shop.reload().held_list, shop.reload().paused_reason) == (
        0,
        "currency",
        "list-currency",
    )
    assert not may_be_sent(shop)
    after = shop.everything()
    assert (after["UpstreamService"], after["Service"]) == (before["UpstreamService"], before["Service"])
    assert shop.sync().changed == 1
    assert (shop.reload().held_list, shop.reload().sync_error, shop.reload().paused_reason) == ("", "", "")


def test_a_list_in_our_currency_is_believed_however_it_is_written(shop: Shop) -> None:
    shop.simulator.set_service(1, rate="1")
    shop.simulator.next("services", "own_currency")
    assert (shop.sync().changed, shop.reload().paused_reason) == (1, "")
