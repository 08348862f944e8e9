"""Sets or deletes the custom markups of many services at once. Called by the admin's bulk actions and the import."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from panel.lib.money import plain
from panel.ops import audit
from providers.catalog.markups import checked_rule
from providers.catalog.models import Markup, Service
from providers.catalog.publishing.publish import lock_catalog, publish
from providers.models import Provider, UpstreamService

ROWS_PER_STATEMENT = 500
MAX_AUDITED = 1000
"""IDs of services that one entry of the audit trail holds at most."""


def mark_up_services(
    *, service_ids: Sequence[int], percent: Decimal, fixed: Decimal, decimals: int | None, actor: str
) -> int:
    """Set this markup for each of these services; returns how many services changed. Raises MarkupError."""
    terms = rule_terms(percent=percent, fixed=fixed, decimals=decimals)
    with transaction.atomic():
        lock_catalog()
        before = own_terms(service_ids)
        write_rules(service_ids=service_ids, terms=terms)
        values = {"percent": plain(percent), "fixed": plain(fixed), "decimals": terms["decimals"]}
        return _reprice(service_ids, before, actor=actor, action="service.mark up", values=values)


def delete_markups_of(*, service_ids: Sequence[int], actor: str) -> int:
    """Delete the custom markups of these services; the next specific ones apply. Returns how many services changed."""
    with transaction.atomic():
        lock_catalog()
        before = own_terms(service_ids)
        _own_rules(service_ids).delete()
        return _reprice(service_ids, before, actor=actor, action="service.drop markup", values={})


def rule_terms(*, percent: Decimal, fixed: Decimal, decimals: int | None) -> dict[str, Any]:
    """The columns of a markup with these values. Raises MarkupError if they are invalid."""
    rule = checked_rule(percent=percent, fixed=fixed, decimals=decimals, provider=None, category=None, service=None)
    return {"percent": rule.percent, "fixed": rule.fixed, "decimals": rule.decimals}


def write_rules(*, service_ids: Sequence[int], terms: dict[str, Any]) -> None:
    """Write a markup for each of these services. The caller reprices them in the same transaction."""
    own = _own_rules(service_ids)
    own.update(**terms)
    existing = set(own.values_list("service_id", flat=True))
    services = Service.objects.filter(pk__in=service_ids).order_by("pk").values_list("pk", flat=True)
    Markup.objects.bulk_create(
        [Markup(service_id=pk, **terms) for pk in services if pk not in existing], batch_size=ROWS_PER_STATEMENT
    )


def audited(service_ids: Sequence[int]) -> dict[str, Any]:
    """The services of a change, for the audit trail."""
    return {"services": list(service_ids[:MAX_AUDITED]), "count": len(service_ids)}


def own_terms(service_ids: Sequence[int]) -> list[dict[str, Any]]:
    """The custom markups of these services, for the audit trail."""
    rows = _own_rules(service_ids).order_by("service").values_list("service", "percent", "fixed", "decimals")
    return [
        {"service": pk, "percent": plain(percent), "fixed": plain(fixed), "decimals": decimals}
        for pk, percent, fixed, decimals in rows
    ]


def _own_rules(service_ids: Sequence[int]) -> Any:
    return Markup.objects.filter(service__in=service_ids)


def _reprice(
    service_ids: Sequence[int], before: list[dict[str, Any]], *, actor: str, action: str, values: dict[str, Any]
) -> int:
    rows = UpstreamService.objects.filter(service__pk__in=service_ids)
    changed = publish(rows, from_providers=Provider.objects.all(), now=timezone.now()).changed
    rules = {
        "before": before[:MAX_AUDITED],
        "rules_before": len(before),
        "rules_after": _own_rules(service_ids).count(),
    }
    detail = {**audited(service_ids), **values, **rules, "repriced": changed}
    audit.record(actor=actor, action=action, target="services", detail=detail)
    return changed
