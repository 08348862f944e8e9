"""What changed at the providers, as staff read it: what is held, from what to what, and the log of all changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Q

from providers.catalog.listing.newest import NewestPage, newest
from providers.catalog.models import Service
from providers.catalog.pricing.rates import RuleBook, cost_in_shop, margin_percent, price
from providers.catalog.publishing.publish import minimum_margin_for, rule_book
from providers.catalog.review.pending_review import services_pending_review
from providers.models import ServiceChange, UpstreamService
from providers.sync.diff import LOGGED_REASON

PENDING_PAGE_SIZE, LOG_PAGE_SIZE = 50, 50


@dataclass(frozen=True, slots=True)
class Margin:
    """What we sell a service for at some cost, and what is earned of that, in per cent; None where it has no price."""

    rate: Decimal
    percent: Decimal | None


@dataclass(frozen=True, slots=True)
class PendingService:
    """A service that waits: `changes` are the fields that changed when the doubt came, each with was and is."""

    service: Service
    before: Margin | None
    now: Margin
    changes: Sequence[tuple[str, Any, Any]]

    @property
    def may_be_accepted(self) -> bool:
        return self.service.upstream.review_reason != UpstreamService.ReviewReason.REJECTED


def pending_review_page(*, provider: int | None, review_reason: str, number: str | None) -> Page[PendingService]:
    """That page of the services that wait, those whose doubt is the newest first. Four queries."""
    rows = (
        services_pending_review()
        .select_related("upstream", "provider", "category")
        .order_by("-upstream__changed_at", "pk")
    )
    if provider is not None:
        rows = rows.filter(provider=provider)
    if review_reason:
        rows = rows.filter(upstream__review_reason=review_reason)
    page: Page[Any] = Paginator(rows, PENDING_PAGE_SIZE).get_page(number)
    services = list(page.object_list)
    book, changes = rule_book(), _changes_of(services)
    page.object_list = [_held(service, book, changes) for service in services]
    return page


def changes_page(*, provider: int | None, kind: str, search: str, before: int | None) -> NewestPage[ServiceChange]:
    """The newest lines of the log, or those before the line of that number."""
    rows = ServiceChange.objects.select_related("provider")
    if provider is not None:
        rows = rows.filter(provider=provider)
    if kind:
        rows = rows.filter(kind=kind)
    words = Q()
    for word in search.split()[:8]:
        words &= Q(name__icontains=word) | Q(external_id=word)
    return newest(rows=rows, words=words if search else None, before=before, size=LOG_PAGE_SIZE)


def pairs_of(change: ServiceChange) -> list[tuple[str, Any, Any]]:
    """The fields of a line that changed: name, was, is. These are the provider's words."""
    return [
        (name.replace("_", " "), pair[0], pair[1])
        for name, pair in change.fields.items()
        if isinstance(pair, list) and len(pair) == 2
    ]


def _held(service: Service, book: RuleBook, changes: dict[tuple[int, str], ServiceChange]) -> PendingService:
    upstream = service.upstream
    line = changes.get((upstream.provider_id, upstream.external_id))
    return PendingService(
        service=service,
        before=None if upstream.rate_before is None else _margin(service, book, upstream.rate_before),
        now=_margin(service, book, upstream.rate),
        changes=[pair for pair in pairs_of(line) if pair[0] not in {LOGGED_REASON, "rate"}] if line else [],
    )


def _margin(service: Service, book: RuleBook, rate: Decimal) -> Margin:
    rule = book.rule_for(service_id=service.pk, category_id=service.category_id, provider_id=service.provider_id)
    sold = price(
        cost=cost_in_shop(rate=rate, exchange_rate=service.provider.exchange_rate),
        rule=rule,
        own_rate=service.own_rate,
        allow_below_cost=service.allow_below_cost,
        minimum_margin=minimum_margin_for(service.provider),
    )
    return Margin(sold.rate, margin_percent(cost=sold.cost, rate=sold.rate))


def _changes_of(services: Sequence[Service]) -> dict[tuple[int, str], ServiceChange]:
    """The last line of each service's in which a doubt came up."""
    found = ServiceChange.objects.filter(
        provider__in={service.provider_id for service in services},
        external_id__in=[service.upstream.external_id for service in services],
        fields__has_key=LOGGED_REASON,
    ).order_by("pk")
    lines = {(line.provider_id, line.external_id): line for line in found}
    reasons = {(row.provider_id, row.upstream.external_id): row.upstream.review_reason for row in services}
    return {key: line for key, line in lines.items() if line.fields[LOGGED_REASON][1] == reasons.get(key)}
