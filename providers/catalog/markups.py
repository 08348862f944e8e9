"""Changing a pricing rule reprices the shelf in the same transaction. Called by `set_markup` and the admin."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from panel.lib.money import MAX_AMOUNT, PLACES, round_to
from providers.catalog.models import Category, Markup, Service
from providers.catalog.pricing.rates import Rule, margin_percent, price
from providers.catalog.publishing.publish import lock_catalog, minimum_margin_for, reprice, rule_book
from providers.models import Provider

MAX_PERCENT = Decimal(100_000)


class MarkupError(ValueError):
    """The rule makes no sense; nothing was changed. The message is for people."""


@dataclass(frozen=True, slots=True)
class MarkupChange:
    """The rule as it stands now, and how many services of the shelf changed with it."""

    markup: Markup
    repriced: int


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """What a rule would do to one service; amounts per 1000 or per package, in the shop's currency.

    `problem` says why it would not be sold, and is empty where it would. `has_own_rate`: rules do not price it. What is
    new has no `old_rate`.
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
        """What would be earned of each sale, in per cent of the rate."""
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
    """Set the rule for the one target given, or for everything; a new one rounds to millionths unless told.

    Raises MarkupError. The shelf is repriced when this returns, in the same transaction.
    """
    rule = checked_rule(
        percent=percent, fixed=fixed, decimals=decimals, provider=provider, category=category, service=service
    )
    values = {"percent": rule.percent, "fixed": rule.fixed} | ({} if decimals is None else {"decimals": decimals})
    with transaction.atomic():
        lock_catalog()
        markup, _ = Markup.objects.update_or_create(
            provider=provider, category=category, service=service, defaults=values
        )
        return MarkupChange(markup, _reprice(markup))


def delete_markup(*, markup: Markup) -> int:
    """Take the rule away; the next specific one holds at once. How many services changed."""
    with transaction.atomic():
        lock_catalog()
        Markup.objects.filter(pk=markup.pk).delete()
        return _reprice(markup)


def preview(*, rule: Rule, limit: int = 50) -> list[PreviewRow]:
    """What the shelf would be like with this rule, for up to `limit` services that it prices; changes nothing."""
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
    """The rule that these make. Raises MarkupError where they make none."""
    targets = [target for target in (provider, category, service) if target is not None]
    if len(targets) > 1:
        raise MarkupError("A markup is for one provider, one category or one service, not for several.")
    if not percent.is_finite() or not -100 < percent <= MAX_PERCENT:
        raise MarkupError(f"The percentage is above -100 and at most {MAX_PERCENT}.")
    if percent != round_to(percent, places=3):
        raise MarkupError("The percentage has at most three decimals.")
    if not fixed.is_finite() or abs(fixed) >= MAX_AMOUNT or fixed != round_to(fixed):
        raise MarkupError(f"The fixed part is an amount with at most {PLACES} decimals.")
    if decimals is not None and not 0 <= decimals <= PLACES:
        raise MarkupError(f"Rates are rounded to 0 to {PLACES} decimals.")
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
    book, shown = rule_book().with_rule(rule), 0
    minimum_margins = {provider.pk: minimum_margin_for(provider) for provider in Provider.objects.only("low_margin")}
    columns = ("pk", "name", "category_id", "provider_id", "cost", "rate", "own_rate", "allow_below_cost")
    for pk, name, category_id, provider_id, cost, old_rate, own_rate, below in Service.objects.values_list(*columns):
        if shown >= limit:
            return
        if book.rule_for(service_id=pk, category_id=category_id, provider_id=provider_id) is rule:
            minimum_margin = minimum_margins[provider_id]
            asked = price(
                cost=cost, rule=rule, own_rate=own_rate, allow_below_cost=below, minimum_margin=minimum_margin
            )
            yield PreviewRow(pk, name, cost, old_rate, asked.rate, asked.problem, own_rate is not None)
            shown += 1
