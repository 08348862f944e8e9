"""`manage.py list_services [--search S]`: list the services for sale with their rates."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from panel.lib.commands import Answer, OperatorCommand
from panel.lib.money import plain
from providers.catalog.listing.service_list import ServiceLine, all_services, services_for_sale
from providers.catalog.pricing.rates import SHOP_TERMS


class Command(OperatorCommand):
    help = "List the services for sale. Cost and rate are in the shop's currency, per 1000 or per package."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--search", default="", metavar="S", help="Words in the name or category, or a service ID.")
        parser.add_argument(
            "--all", action="store_true", help="Include services that are not for sale, with the reason."
        )

    def work(self, **options: Any) -> Answer:
        search = options["search"]
        lines = all_services(search=search) if options["all"] else services_for_sale(terms=SHOP_TERMS, search=search)
        return Answer(
            text="\n".join(map(_text, lines)) or _("No services found."),
            data={"services": [_data(line) for line in lines]},
        )


def _text(line: ServiceLine) -> str:
    state = "" if line.is_for_sale else f"  [{line.reason or _('disabled')}]"
    return (
        f"{line.id:>6}  {plain(line.rate):>10} {settings.CURRENCY} (cost {plain(line.cost)})  "
        f"{line.min:,}-{line.max:,}  {line.type}  {line.category} / {line.name}{state}"
    )


def _data(line: ServiceLine) -> dict[str, object]:
    return {
        "id": line.id,
        "provider": line.provider,
        "provider_service": line.provider_service,
        "name": line.name,
        "type": line.type,
        "category": line.category,
        "cost": line.cost,
        "cost_currency": settings.CURRENCY,
        "rate": line.rate,
        "min": line.min,
        "max": line.max,
        "for_sale": line.is_for_sale,
        "reason": line.reason,
    }
