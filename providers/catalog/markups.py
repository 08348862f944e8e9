"""Changes markups and reprices the services in the same transaction. Called by `set_markup` and the admin."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from panel.lib.money import MAX_AMOUNT, PLACES, round_to
from providers.catalog.models import Category, Markup, Service
from providers.catalog.pricing.rates import Rule, margin_percent, price
from providers.catalog.publishing.publish import lock_catalog, minimum_margin_for, reprice, rule_book
from providers.models import Provider

MAX_PERCENT = Decimal(100_000)


class MarkupError(ValueError):
    """The markup is invalid; nothing was changed. The message is for people."""


@dataclass(frozen=True, slots=True)
class MarkupChange:
    """The saved markup, and how many services changed with it."""

    markup: Markup
    repriced: int


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """What a change would do to one service. Amounts are per 1,000 or per package, in the shop's currency.

    `problem` is why it would not be sold, or empty. `has_own_rate`: markups do not price it. A new service has no
    `old_rate`.
    """

    service_id: int
    name: str
    cost: Decimal
    old_rate: Decimal | None
    new_rate: Decimal
    problem: str
    has_own_rate: bool = False

    @property
    def is_dearer(self) -> bool:
        return self.old_rate is not None and self.new_rate > self.old_rate

    @property
    def is_cheaper(self) -> bool:
        return self.old_rate is not None and self.new_rate < self.old_rate

    @property
    def margin(self) -> Decimal | None:
        """The profit in percent of the cost."""
        return margin_percent(cost=self.cost, rate=self.new_rate)


def set_markup(
    *,
    percent: Decimal,
    fixed: Decimal = Decimal(0),
    decimals: int | None = None,
    provider: Provider | None = None,
    category: Category | None = None,
    service: Service | None = None,
) -> MarkupChange:
    """Set the markup of the one target given, or of all services. A new one rounds to millionths without `decimals`.

    The services are repriced in the same transaction. Raises MarkupError.
    """
    rule = checked_rule(
        percent=percent, fixed=fixed, decimals=decimals, provider=provider, category=category, service=service
    )
    values = {"percent": rule.percent, "fixed": rule.fixed} | ({} if decimals is None else {"decimals": decimals})
    with transaction.atomic():
        lock_catalog()
        markup, _created = Markup.objects.update_or_create(
            provider=provider, category=category, service=service, defaults=values
        )
        return MarkupChange(markup, _reprice(markup))


def delete_markup(*, markup: Markup) -> int:
    """Delete the markup; the next specific one applies at once. Returns how many services changed."""
    with transaction.atomic():
        lock_catalog()
        Markup.objects.filter(pk=markup.pk).delete()
        return _reprice(markup)


def preview(*, rule: Rule, limit: int = 50) -> list[PreviewRow]:
    """The prices with this rule, for up to `limit` services that it prices. Changes nothing."""
    return list(_preview_rows(rule, limit))


def checked_rule(
    *,
    percent: Decimal,
    fixed: Decimal,
    decimals: int | None,
    provider: Provider | None,
    category: Category | None,
    service: Service | None,
) -> Rule:
    """The rule with these values. Raises MarkupError if they are invalid."""
    targets = [target for target in (provider, category, service) if target is not None]
    if len(targets) > 1:
        raise MarkupError(_("Choose one provider, one category or one service, not several."))
    if not percent.is_finite() or not -100 < percent <= MAX_PERCENT:
        raise MarkupError(_("The percentage must be above -100 and at most %(max)s.") % {"max": MAX_PERCENT})
    if percent != round_to(percent, places=3):
        raise MarkupError(_("Enter a percentage with at most three decimals."))
    if not fixed.is_finite() or abs(fixed) >= MAX_AMOUNT or fixed != round_to(fixed):
        raise MarkupError(_("Enter a fixed amount with at most %(places)s decimals.") % {"places": PLACES})
    if decimals is not None and not 0 <= decimals <= PLACES:
        raise MarkupError(_("Decimals must be between 0 and %(places)s.") % {"places": PLACES})
    return Rule(
        percent=percent,
        fixed=fixed,
        decimals=PLACES if decimals is None else decimals,
        provider_id=provider.pk if provider else None,
        category_id=category.pk if category else None,
        service_id=service.pk if service else None,
    )


def _reprice(markup: Markup) -> int:
    return reprice(provider_id=markup.provider_id, category_id=markup.category_id, service_id=markup.service_id).changed


def _preview_rows(rule: Rule, limit: int) -> Iterator[PreviewRow]:
    book, count = rule_book().with_rule(rule), 0
    minimum_margins = {provider.pk: minimum_margin_for(provider) for provider in Provider.objects.only("low_margin")}
    columns = ("pk", "name", "category_id", "provider_id", "cost", "rate", "own_rate", "allow_below_cost")
    for pk, name, category_id, provider_id, cost, old_rate, own_rate, below in Service.objects.values_list(*columns):
        if count >= limit:
            return
        if book.rule_for(service_id=pk, category_id=category_id, provider_id=provider_id) is rule:
            minimum_margin = minimum_margins[provider_id]
            priced = price(
                cost=cost, rule=rule, own_rate=own_rate, allow_below_cost=below, minimum_margin=minimum_margin
            )
            yield PreviewRow(pk, name, cost, old_rate, priced.rate, priced.problem, own_rate is not None)
            count += 1
