"""The catalog's updates as customers read them: without providers, costs and provider IDs. Called by their page."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import ngettext

from providers.catalog.listing.newest import NewestPage, newest
from providers.catalog.models import CatalogUpdate, CustomerRate, Service
from providers.catalog.pricing.rates import PER_PACKAGE, Terms

PAGE_SIZE = 50
PRICES = (CatalogUpdate.Kind.CHEAPER, CatalogUpdate.Kind.DEARER)


@dataclass(frozen=True, slots=True)
class Update:
    """An update as one customer reads it. `pays` is the rate today of a customer with own prices, else None."""

    line: CatalogUpdate
    pays: Decimal | None
    shows_rates: bool

    @property
    def text(self) -> str:
        """The summary of an update that is about many services at once."""
        return _summary(self.line.kind, self.line.count)

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
    """The newest updates, or those before the primary key `before`; of the services `only` where given.

    A price change of the shop is left out for customers whose custom rate for the service is fixed or lower.
    """
    rows = CatalogUpdate.objects.select_related("service__category")
    if kind:
        rows = rows.filter(kind=kind)
    if terms.own_rates:
        rows = rows.exclude(_is_irrelevant(terms), kind__in=PRICES)
    found = Q()
    if category_id is not None:
        found &= Q(service__category=category_id)
    if only is not None:
        found &= Q(service__in=list(only))
    for word in search.split()[:8]:
        found &= Q(name__icontains=word) | Q(service__category__name__icontains=word)
    return newest(rows=rows, search=found or None, before=before, size=PAGE_SIZE)


def _is_irrelevant(terms: Terms) -> Exists:
    """Whether an update is about a service for which the customer pays a custom rate, before and after."""
    own = CustomerRate.objects.filter(terms__version=terms.version, service=OuterRef("service"))
    holds = Q(is_fixed=True) | Q(rate__lte=OuterRef("old_rate")) & Q(rate__lte=OuterRef("new_rate"))
    return Exists(own.filter(holds))


def update_of(line: CatalogUpdate, terms: Terms) -> Update:
    """The update as this customer reads it."""
    if not terms.version:
        return Update(line, None, shows_rates=True)
    service = line.service
    pays = None if service is None or not service.is_for_sale else _rate(service, terms)
    return Update(line, pays, shows_rates=False)


def _rate(service: Service, terms: Terms) -> Decimal:
    return terms.rate_of(
        service_id=service.pk, rate=service.rate, cost=service.cost, allow_below_cost=service.allow_below_cost
    )


def _summary(kind: str, count: int) -> str:
    texts = {
        CatalogUpdate.Kind.NEW: ngettext("%(count)s new service", "%(count)s new services", count),
        CatalogUpdate.Kind.BACK: ngettext(
            "%(count)s service is available again", "%(count)s services are available again", count
        ),
        CatalogUpdate.Kind.CHEAPER: ngettext("%(count)s lower price", "%(count)s lower prices", count),
        CatalogUpdate.Kind.DEARER: ngettext("%(count)s higher price", "%(count)s higher prices", count),
        CatalogUpdate.Kind.LIMITS: ngettext(
            "%(count)s service has new limits", "%(count)s services have new limits", count
        ),
        CatalogUpdate.Kind.REMOVED: ngettext("%(count)s service was removed", "%(count)s services were removed", count),
    }
    return texts[CatalogUpdate.Kind(kind)] % {"count": f"{count:,}"}
