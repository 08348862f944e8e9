"""`manage.py set_markup --percent P`: a pricing rule for everything, a provider, a category or a service."""

from decimal import Decimal
from typing import Any, TypeVar

from django.core.management.base import CommandParser
from django.db import models, transaction

from panel.lib.commands import Answer, BadInput, OperatorCommand, amount, operator
from panel.lib.money import PLACES, plain
from panel.ops.audit import record
from providers.catalog.markups import MarkupError, set_markup
from providers.catalog.models import Category, Markup, Service
from providers.catalog.publishing.publish import lock_catalog
from providers.models import Provider

M = TypeVar("M", Provider, Category, Service)
TARGETS: dict[str, Any] = {"provider": Provider, "category": Category, "service": Service}


class Command(OperatorCommand):
    help = "Set the markup of everything, or of the one target given. The shelf is repriced at once."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--percent", type=amount, required=True, help="Added to the cost, in per cent of it.")
        parser.add_argument(
            "--fixed", type=amount, default=Decimal(0), help="Added after that, in the shop's currency."
        )
        parser.add_argument(
            "--decimals",
            type=int,
            choices=range(PLACES + 1),
            metavar="N",
            help=f"Round rates up to N decimals (0-{PLACES}).",
        )
        target = parser.add_mutually_exclusive_group()
        target.add_argument("--provider", metavar="N", help="A provider, by name or number.")
        target.add_argument("--category", metavar="N", help="A category, by name or number.")
        target.add_argument("--service", metavar="ID", help="A service of the shelf, by number.")

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
            text=f"{change.markup}. {change.repriced:,} services changed.",
            data={"markup": change.markup.pk, "for": change.markup.reach, **terms, "repriced": change.repriced},
        )


def _terms(markup: Markup | None) -> dict[str, Any] | None:
    """What a rule says, for the audit trail; None where there is none."""
    if markup is None:
        return None
    return {"percent": plain(markup.percent), "fixed": plain(markup.fixed), "decimals": markup.decimals}


def _find(model: type[M], what: str, text: str | None) -> M | None:
    """The target of that name, or else of that number; None where none was given."""
    if text is None:
        return None
    rows: models.QuerySet[M] = model._default_manager.all()
    found = None if model is Service else rows.filter(name=text).first()
    if found is None and text.isascii() and text.isdigit() and len(text) <= 18:
        found = rows.filter(pk=int(text)).first()
    if found is None:
        raise BadInput(f"There is no {what} “{text}”.")
    return found
