"""Changes at providers as staff read them: services that need review, and the log of all changes."""

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
    """The rate of a service at some cost, and its margin in percent; None without a cost."""

    rate: Decimal
    percent: Decimal | None


@dataclass(frozen=True, slots=True)
class PendingService:
    """A service that needs review. `changes` are the changed fields: name, old and new value."""

    service: Service
    before: Margin | None
    now: Margin
    changes: Sequence[tuple[str, Any, Any]]

    @property
    def may_be_accepted(self) -> bool:
        return self.service.upstream.review_reason != UpstreamService.ReviewReason.REJECTED


def pending_review_page(*, provider: int | None, review_reason: str, number: str | None) -> Page[PendingService]:
    """A page of the services that need review, the latest first. Four queries."""
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
    page.object_list = [_pending(service, book, changes) for service in services]
    return page


def changes_page(*, provider: int | None, kind: str, search: str, before: int | None) -> NewestPage[ServiceChange]:
    """The newest rows of the log, or those before the primary key `before`."""
    rows = ServiceChange.objects.select_related("provider")
    if provider is not None:
        rows = rows.filter(provider=provider)
    if kind:
        rows = rows.filter(kind=kind)
    condition = Q()
    for word in search.split()[:8]:
        condition &= Q(name__icontains=word) | Q(external_id=word)
    return newest(rows=rows, search=condition if search else None, before=before, size=LOG_PAGE_SIZE)


def pairs_of(change: ServiceChange) -> list[tuple[str, Any, Any]]:
    """The changed fields of a log row: name, old and new value, as the provider lists them."""
    return [
        (name.replace("_", " "), pair[0], pair[1])
        for name, pair in change.fields.items()
        if isinstance(pair, list) and len(pair) == 2
    ]


def _pending(service: Service, book: RuleBook, changes: dict[tuple[int, str], ServiceChange]) -> PendingService:
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
    priced = price(
        cost=cost_in_shop(rate=rate, exchange_rate=service.provider.exchange_rate),
        rule=rule,
        own_rate=service.own_rate,
        allow_below_cost=service.allow_below_cost,
        minimum_margin=minimum_margin_for(service.provider),
    )
    return Margin(priced.rate, margin_percent(cost=priced.cost, rate=priced.rate))


def _changes_of(services: Sequence[Service]) -> dict[tuple[int, str], ServiceChange]:
    """The latest log row of each service in which it was held for review."""
    found = ServiceChange.objects.filter(
        provider__in={service.provider_id for service in services},
        external_id__in=[service.upstream.external_id for service in services],
        fields__has_key=LOGGED_REASON,
    ).order_by("pk")
    lines = {(line.provider_id, line.external_id): line for line in found}
    reasons = {(row.provider_id, row.upstream.external_id): row.upstream.review_reason for row in services}
    return {key: line for key, line in lines.items() if line.fields[LOGGED_REASON][1] == reasons.get(key)}
