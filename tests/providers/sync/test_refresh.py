"""All providers' catalogues by the scheduled job: what goes wrong with one stops no other."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from panel.ops.jobs.schedule import scheduled_jobs
from panel.ops.models import Alert, JobRun
from providers.catalog.models import Service
from providers.catalog.publishing import refresh
from providers.catalog.publishing.refresh import refresh_provider, refresh_providers
from providers.models import Provider, UpstreamService
from providers.sync.service_sync import SyncReport
from providers.tasks import sync_services
from tests.fixtures_shop import Shop, connect
from tests.fixtures_simulator import Simulator
from tests.tasks.inline import run_at_once


@pytest.fixture
def three(db: None, make_simulator: Callable[..., Simulator]) -> list[Simulator]:
    """Three providers of 5 services: A, B and C."""
    simulators = [make_simulator(services=5) for _ in range(3)]
    for name, simulator in zip("ABC", simulators, strict=True):
        connect(simulator, name=name)
    return simulators


@pytest.fixture(autouse=True)
def _tasks_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    run_at_once(monkeypatch)


def result() -> str:
    """What the jobs' page says of the sync."""
    return next(job.result for job in scheduled_jobs(now=timezone.now()) if job.name == "sync_services")


def test_the_job_syncs_every_active_provider(three: list[Simulator]) -> None:
    Provider.objects.filter(name="B").update(is_active=False)
    sync_services()
    assert UpstreamService.objects.count() == Service.objects.count() == 10
    run = JobRun.objects.get(name="providers.sync_services")
    assert (run.ok, run.lease_until) == (True, None)
    assert result() == (
        "added: 10, back: 0, changed: 0, failures: {}, held: 0, missing: 0, rejected: 0, removed: 0, rows written: 10, "
        "unchanged: 0"
    )


def test_a_broken_provider_stops_no_other(three: list[Simulator]) -> None:
    three[1].next("services", "html")
    sync_services()
    assert set(UpstreamService.objects.values_list("provider__name", flat=True)) == {"A", "C"}
    summary = JobRun.objects.get(name=f"providers.sync_services:{Provider.objects.get(name='B').pk}").summary
    assert list(summary["failures"]) == ["B"]
    assert summary["failures"]["B"].startswith("Unexpected response")
    assert result().startswith("added: 10,")
    assert "failures: {'B': " in result()


def test_a_crash_is_logged_alerted_and_closed_by_the_next_success(
    three: list[Simulator], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = refresh.sync_provider
    crashing = Provider.objects.get(name="A")

    def crash(**given: Any) -> SyncReport:
        if given["provider_id"] == crashing.pk:
            raise ZeroDivisionError("nobody foresaw this")
        return real(**given)

    monkeypatch.setattr(refresh, "sync_provider", crash)
    done = refresh_providers(providers=Provider.objects.order_by("pk"), now=timezone.now())
    assert done.failures == {"A": "The sync crashed: ZeroDivisionError."}
    assert list(done.reports) == ["B", "C"]
    assert done.sums()["added"] == 10
    assert "nobody foresaw this" in caplog.text
    alert = Alert.objects.get()
    assert (alert.subject, alert.level, alert.closed_at) == (f"sync:{crashing.pk}", "critical", None)
    monkeypatch.setattr(refresh, "sync_provider", real)
    sync_services()
    assert not Alert.objects.filter(closed_at=None).exists()
    assert Service.objects.count() == 15


def test_a_key_that_does_not_open_is_a_failure_of_that_provider_alone(three: list[Simulator]) -> None:
    sealed = Provider.objects.get(name="B").sealed_key
    Provider.objects.filter(name="A").update(sealed_key=sealed)
    done = refresh_providers(providers=Provider.objects.order_by("pk"), now=timezone.now())
    assert list(done.failures) == ["A"]
    assert done.failures["A"].startswith("The API key cannot be read. Enter it again.")
    assert three[0].requests("services") == []


def test_a_running_job_is_not_started_twice(three: list[Simulator]) -> None:
    JobRun.objects.create(
        name="providers.sync_services", holder="another", lease_until=timezone.now() + timedelta(minutes=5)
    )
    sync_services()
    assert UpstreamService.objects.count() == 0


def test_a_minimum_margin_that_is_set_anew_holds_with_the_next_sync(shop: Shop, settings: Any) -> None:
    """Though the provider's list is the same, to the last byte."""
    refresh_provider(provider_id=shop.provider.pk, now=timezone.now())
    assert (shop.service("1").is_available, shop.service("1").rate) == (True, Decimal("1.35"))
    settings.MINIMUM_MARGIN_PERCENT = 60
    refresh_provider(provider_id=shop.provider.pk, now=timezone.now())
    assert shop.service("1").unavailable_reason == "The rate is below the minimum margin."
    settings.MINIMUM_MARGIN_PERCENT = 0
    refresh_provider(provider_id=shop.provider.pk, now=timezone.now())
    assert (shop.service("1").is_available, shop.service("1").has_low_margin) == (True, False)
