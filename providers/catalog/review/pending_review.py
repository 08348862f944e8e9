"""Services, lists and prices that need review before they are sold, and staff's decisions on them.

A service needs review while it has a review reason, is listed and is enabled. Each decision is one transaction with an
entry in the audit trail. Called by the staff's page and the admin.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from panel.lib.money import plain
from panel.ops import audit
from providers.catalog.models import Service
from providers.catalog.publishing.category_moves import waiting_moves
from providers.catalog.publishing.derived_fields import GONE
from providers.catalog.publishing.publish import publish_changes, publish_confirmed
from providers.catalog.publishing.refresh import refresh_provider
from providers.catalog.publishing.staff_choices import set_enabled
from providers.models import Provider, UpstreamService
from providers.sync.sanity_checks import last_held, update_prices_alert
from providers.sync.service_sync import SyncReport, clear_review_reasons

MAX_AUDITED = 1000
"""Services that one entry of the audit trail names; of more, it holds the count."""


NOTHING_SEEN = "-"
"""Stands for the digest of a list that nobody saw; it matches no list."""


class ChangedMeanwhileError(Exception):
    """The data changed after the person saw it; nothing was accepted. The message is for people."""


def services_pending_review() -> QuerySet[Service]:
    """The services that need review."""
    return Service.objects.filter(is_enabled=True, upstream__review_reason__gt="", upstream__missing__lt=GONE)


def all_pending_review() -> QuerySet[Any, Any]:
    """All services, lists, prices and category changes that need review. For counting."""
    lists, prices = Provider.objects.exclude(held_list=""), Provider.objects.filter(prices_held_at__isnull=False)
    waiting = [rows.order_by().values("pk") for rows in (services_pending_review(), waiting_moves(), lists, prices)]
    return waiting[0].union(*waiting[1:], all=True)


def confirm_services(
    *, service_ids: Sequence[int], actor: str, now: datetime, reason: str = "", seen_at: datetime | None = None
) -> int:
    """Approve these services as the provider lists them now; returns how many were approved.

    Services that changed after `seen_at`, when the person saw them, still need review, and so does invalid data.
    """
    with transaction.atomic():
        rows = UpstreamService.objects.filter(service__pk__in=service_ids)
        if seen_at is not None:
            rows = rows.filter(changed_at__lte=seen_at)
        before = _states(rows)
        cleared = clear_review_reasons(rows=rows, now=now)
        if cleared:
            publish_confirmed(pks=cleared, now=now)
            after = _states(UpstreamService.objects.filter(pk__in=cleared))
            changes = [{**before[pk], "after": after[pk]["before"]} for pk in cleared][:MAX_AUDITED]
            detail = {"reason": reason[:200], "count": len(cleared), "services": changes}
            audit.record(actor=actor, action="service.confirm", target="services", detail=detail)
    return len(cleared)


def keep_disabled(*, service_ids: Sequence[int], actor: str, reason: str, seen_at: datetime | None = None) -> int:
    """Disable these services, so that they no longer need review; returns how many.

    Services that changed after `seen_at`, when the person saw them, still need review.
    """
    with transaction.atomic():
        rows = services_pending_review().filter(pk__in=service_ids)
        if seen_at is not None:
            rows = rows.filter(upstream__changed_at__lte=seen_at)
        ids = list(rows.order_by("pk").values_list("pk", flat=True))
        kept = len(set_enabled(service_ids=ids, is_enabled=False))
        if kept:
            detail = {"reason": reason[:200], "count": kept, "services": ids[:MAX_AUDITED]}
            detail |= {"before": {"is_enabled": True}, "after": {"is_enabled": False}}
            audit.record(actor=actor, action="service.keep_off", target="services", detail=detail)
    return kept


def accept_prices(
    *,
    provider: Provider,
    actor: str,
    now: datetime,
    reason: str = "",
    seen_at: datetime | None = None,
    exchange_rate: Decimal | None = None,
) -> bool:
    """Accept the provider's held prices, with a new exchange rate if one is given, so that it is sold again.

    Returns False if the prices are no longer held. Raises ChangedMeanwhileError if any of its services changed after
    `seen_at`, when the person saw them.
    """
    with transaction.atomic():
        locked = Provider.objects.select_for_update(no_key=True).get(pk=provider.pk)
        if locked.prices_held_at is None:
            return False
        if seen_at is not None and locked.services.filter(changed_at__gt=seen_at).exists():
            raise ChangedMeanwhileError(
                _("%(provider)s changed its services again. Check the current prices, then accept them.")
                % {"provider": provider}
            )
        rate = locked.exchange_rate if exchange_rate is None else exchange_rate
        Provider.objects.filter(pk=provider.pk).update(prices_held_at=None, prices_accepted_at=now, exchange_rate=rate)
        publish_changes(provider_id=provider.pk, now=now)
        detail: dict[str, Any] = {
            "before": {"prices_held_at": locked.prices_held_at.isoformat()},
            "after": {"prices_held_at": None},
            "reason": reason[:200],
        }
        if rate != locked.exchange_rate:
            detail["before"]["exchange_rate"] = f"{locked.exchange_rate.normalize():f}"
            detail["after"]["exchange_rate"] = f"{rate.normalize():f}"
        update_prices_alert(provider_id=provider.pk)
        audit.record(actor=actor, action="provider.accept_prices", target=f"provider:{provider.pk}", detail=detail)
    return True


def accept_list(
    *, provider: Provider, actor: str, now: datetime, reason: str = "", seen_at: datetime | None = None
) -> SyncReport:
    """Accept the provider's shorter list as it was at `seen_at`; missing services are removed. Not in a transaction.

    Without `seen_at`, as in a command, the current list is accepted. A list that lacks other services by now, is empty
    or in another currency is held again, with the reason in the report's `problem`. Raises SyncFailedError.
    """
    seen_lost = "" if seen_at is None else lost_as_seen(provider=provider, seen_at=seen_at)
    report = refresh_provider(provider_id=provider.pk, now=now, accept_shrunk=True, seen_lost=seen_lost)
    detail = {
        "before": {"held_list": provider.held_list, "problem": provider.sync_error},
        "after": {"problem": report.problem, "removed": report.removed, "unchanged": report.unchanged},
        "reason": reason[:200],
    }
    audit.record(actor=actor, action="provider.accept_list", target=f"provider:{provider.pk}", detail=detail)
    return report


def lost_as_seen(*, provider: Provider, seen_at: datetime) -> str:
    """The digest of the services that the held list lacked when a person saw it."""
    seen = last_held(provider=provider, until=seen_at)
    return NOTHING_SEEN if seen is None else str(seen.fields.get("lost", ""))


def _states(rows: QuerySet[UpstreamService]) -> dict[int, dict[str, Any]]:
    """For the audit trail, by upstream service: the service and its state."""
    values = rows.values(
        "pk", "review_reason", "rate_before", "rate", "service__pk", "service__rate", "service__is_available"
    )
    return {row["pk"]: {"service": row["service__pk"], "before": _state(row)} for row in values}


def _state(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "review_reason": row["review_reason"],
        "provider_rate": plain(row["rate"]),
        "provider_rate_before": None if row["rate_before"] is None else plain(row["rate_before"]),
        "rate": plain(row["service__rate"]),
        "is_available": row["service__is_available"],
    }
