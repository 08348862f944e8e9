"""`manage.py set_markup --percent P`: set the markup of all services, a provider, a category or a service."""

from decimal import Decimal
from typing import Any, TypeVar

from django.core.management.base import CommandParser
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from panel.lib.commands import Answer, BadInput, OperatorCommand, amount, operator
from panel.lib.money import PLACES, plain
from panel.ops.audit import record
from providers.catalog.markups import MarkupError, set_markup
from providers.catalog.models import Category, Markup, Service
from providers.catalog.publishing.publish import lock_catalog
from providers.models import Provider

M = TypeVar("M", Provider, Category, Service)
TARGETS: dict[str, Any] = {"provider": Provider, "category": Category, "service": Service}

NOT_FOUND = {
    "provider": _lazy("No provider is named “%(text)s”."),
    "category": _lazy("No category is named “%(text)s”."),
    "service": _lazy("No service has the ID “%(text)s”."),
}


class Command(OperatorCommand):
    help = "Set the markup of all services, or of the one target given. Prices change at once."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--percent", type=amount, required=True, help="Percentage added to the cost.")
        parser.add_argument(
            "--fixed",
            type=amount,
            default=Decimal(0),
            help="Amount added after the percentage, in the shop's currency.",
        )
        parser.add_argument(
            "--decimals",
            type=int,
            choices=range(PLACES + 1),
            metavar="N",
            help=f"Round rates up to N decimals (0-{PLACES}).",
        )
        target = parser.add_mutually_exclusive_group()
        target.add_argument("--provider", metavar="N", help="A provider, by name or ID.")
        target.add_argument("--category", metavar="N", help="A category, by name or ID.")
        target.add_argument("--service", metavar="ID", help="A service, by ID.")

    def work(self, **options: Any) -> Answer:
        try:
            with transaction.atomic():
                lock_catalog()
                target = {name: _find(model, name, options[name]) for name, model in TARGETS.items()}
                before = _terms(Markup.objects.filter(**target).first())
                change = set_markup(
                    percent=options["percent"],
                    fixed=options["fixed"],
                    decimals=options["decimals"],
                    **target,
                )
                terms = {"percent": plain(change.markup.percent), "fixed": plain(change.markup.fixed)}
                detail = {**terms, "before": before, "after": _terms(change.markup)}
                record(actor=operator(), action="markup.set", target=f"markup:{change.markup.pk}", detail=detail)
        except MarkupError as error:
            raise BadInput(str(error)) from None
        return Answer(
            text=f"{change.markup}. {_changed(change.repriced)}",
            data={"markup": change.markup.pk, "for": change.markup.reach, **terms, "repriced": change.repriced},
        )


def _changed(count: int) -> str:
    return ngettext("%(count)s service changed.", "%(count)s services changed.", count) % {"count": f"{count:,}"}


def _terms(markup: Markup | None) -> dict[str, Any] | None:
    """The values of a markup for the audit trail, or None."""
    if markup is None:
        return None
    return {"percent": plain(markup.percent), "fixed": plain(markup.fixed), "decimals": markup.decimals}


def _find(model: type[M], what: str, text: str | None) -> M | None:
    """The target with that name, else with that ID; None if none was given."""
    if text is None:
        return None
    rows: models.QuerySet[M] = model._default_manager.all()
    found = None if model is Service else rows.filter(name=text).first()
    if found is None and text.isascii() and text.isdigit() and len(text) <= 18:
        found = rows.filter(pk=int(text)).first()
    if found is None:
        raise BadInput(NOT_FOUND[what] % {"text": text})
    return found
