"""Refreshes the services of providers: syncs their lists, then updates the catalog. Called by job and command."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from providers.catalog.publishing.publish import publish_changes
from providers.models import Provider
from providers.sync.service_sync import SyncFailedError, SyncOvertakenError, SyncReport, record_crash, sync_provider

log = logging.getLogger(__name__)
COUNTS = ("added", "changed", "missing", "removed", "back", "unchanged", "rejected", "rows_written", "held")


@dataclass(slots=True)
class RefreshResult:
    """The reports of several providers by name, and the failures as text for people."""

    reports: dict[str, SyncReport] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def sums(self) -> dict[str, int]:
        """The counts of all reports together."""
        return {name: sum(getattr(report, name) for report in self.reports.values()) for name in COUNTS}

    def problems(self) -> dict[str, str]:
        """Why changes are held for review, by provider."""
        return {name: report.problem for name, report in self.reports.items() if report.problem}


def refresh_provider(
    *, provider_id: int, now: datetime, accept_shrunk: bool = False, seen_lost: str = ""
) -> SyncReport:
    """Sync the provider's services, then update the catalog. On SyncFailedError both stay as they were.

    This also completes the update of an interrupted run, and applies a changed minimum margin.
    """
    report = sync_provider(provider_id=provider_id, now=now, accept_shrunk=accept_shrunk, seen_lost=seen_lost)
    if report.left_behind or report.rows_written:
        touched = None if report.left_behind or report.alike else report.touched
        with transaction.atomic():
            publish_changes(provider_id=provider_id, external_ids=touched, now=now)
            followed = {"published_at": report.synced_at, "published_margin": settings.MINIMUM_MARGIN_PERCENT}
            Provider.objects.filter(pk=provider_id).update(**followed)
    return report


def refresh_providers(
    *, providers: Iterable[Provider], now: datetime, accept_shrunk: bool = False, seen_lost: str = ""
) -> RefreshResult:
    """Refresh each provider by itself. A failure is logged, raises an alert, and does not stop the others."""
    done = RefreshResult()
    for provider in providers:
        try:
            done.reports[provider.name] = refresh_provider(
                provider_id=provider.pk, now=now, accept_shrunk=accept_shrunk, seen_lost=seen_lost
            )
        except SoftTimeLimitExceeded:
            raise
        except SyncOvertakenError as error:
            log.info("sync overtaken", extra={"provider": provider.pk})
            done.failures[provider.name] = str(error)
        except SyncFailedError as error:
            log.warning("sync failed", extra={"provider": provider.pk, "reason": str(error)})
            done.failures[provider.name] = str(error)
        except Exception as error:
            log.exception("sync crashed", extra={"provider": provider.pk})
            done.failures[provider.name] = _("The sync crashed: %(error)s.") % {"error": type(error).__name__}
            record_crash(provider=provider, error=error)
    return done
