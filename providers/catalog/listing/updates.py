"""What changed on the shelf, as customers read it, for their page. No provider, no cost and no number of theirs."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q

from providers.catalog.listing.newest import NewestPage, newest
from providers.catalog.models import CatalogUpdate, CustomerRate, Service
from providers.catalog.pricing.rates import PER_PACKAGE, Terms

PAGE_SIZE = 50
PRICES = (CatalogUpdate.Kind.CHEAPER, CatalogUpdate.Kind.DEARER)
SUMMARY_TEXTS = {
    CatalogUpdate.Kind.NEW: "new services",
    CatalogUpdate.Kind.BACK: "services are back",
    CatalogUpdate.Kind.CHEAPER: "services are cheaper",
    CatalogUpdate.Kind.DEARER: "services are dearer",
    CatalogUpdate.Kind.LIMITS: "services have other limits",
    CatalogUpdate.Kind.REMOVED: "services went off sale",
}


@dataclass(frozen=True, slots=True)
class Update:
    """A line of the page. `pays` is what a customer with terms of their own pays now: the shop's rates are not theirs.

    Without one, `old_rate` and `new_rate` are the shop's, and are the same where the price stayed.
    """

    line: CatalogUpdate
    pays: Decimal | None
    shows_rates: bool

    @property
    def text(self) -> str:
        """What a line without a service says."""
        return f"{self.line.count:,} {SUMMARY_TEXTS[CatalogUpdate.Kind(self.line.kind)]}"

    @property
    def tone(self) -> str:
        return {"new": "blue", "cheaper": "green", "back": "green", "dearer": "amber", "removed": "red"}.get(
            self.line.kind, "neutral"
        )

    @property
    def is_per_package(self) -> bool:
        return self.line.service is not None and self.line.service.type in PER_PACKAGE

    @property
    def is_for_sale(self) -> bool:
        return self.line.service is not None and self.line.service.is_for_sale

    @property
    def rate_changed(self) -> bool:
        return (
            self.shows_rates and self.line.old_rate is not None and self.line.new_rate not in (None, self.line.old_rate)
        )

    @property
    def limits_changed(self) -> bool:
        line = self.line
        both = line.old_min is not None and line.new_min is not None
        return both and not self.is_per_package and (line.old_min, line.old_max) != (line.new_min, line.new_max)


def updates_page(
    *,
    terms: Terms,
    kind: str = "",
    category_id: int | None = None,
    search: str = "",
    only: Collection[int] | None = None,
    before: int | None = None,
) -> NewestPage[CatalogUpdate]:
    """The newest lines, or those before the line of that number; `only` of these services where given.

    A shop's price is no news to who has an own rate for the service that is fixed or lower.
    """
    rows = CatalogUpdate.objects.select_related("service__category")
    if kind:
        rows = rows.filter(kind=kind)
    if terms.own_rates:
        rows = rows.exclude(_is_no_news(terms), kind__in=PRICES)
    found = Q()
    if category_id is not None:
        found &= Q(service__category=category_id)
    if only is not None:
        found &= Q(service__in=list(only))
    for word in search.split()[:8]:
        found &= Q(name__icontains=word) | Q(service__category__name__icontains=word)
    return newest(rows=rows, words=found or None, before=before, size=PAGE_SIZE)


def _is_no_news(terms: Terms) -> Exists:
    """Whether a line is about a service for which the customer pays an own rate, before and after."""
    own = CustomerRate.objects.filter(terms__version=terms.version, service=OuterRef("service"))
    holds = Q(is_fixed=True) | Q(rate__lte=OuterRef("old_rate")) & Q(rate__lte=OuterRef("new_rate"))
    return Exists(own.filter(holds))


def update_of(line: CatalogUpdate, terms: Terms) -> Update:
    """The line as this customer reads it."""
    if not terms.version:
        return Update(line, None, shows_rates=True)
    service = line.service
    pays = None if service is None or not service.is_for_sale else _rate(service, terms)
    return Update(line, pays, shows_rates=False)


def _rate(service: Service, terms: Terms) -> Decimal:
    return terms.rate_of(
        service_id=service.pk, rate=service.rate, cost=service.cost, allow_below_cost=service.allow_below_cost
    )
