"""`manage.py show_order ID`: where an order stands."""

from typing import Any

from django.core.management.base import CommandParser

from orders.models import Order
from panel.lib.commands import Answer, BadInput, OperatorCommand


class Command(OperatorCommand):
    help = "Show where an order stands: its state, its money and what the provider says."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("order", type=int)

    def work(self, **options: Any) -> Answer:
        order = Order.objects.filter(pk=options["order"]).first()
        if order is None:
            raise BadInput(f"There is no order {options['order']}.")
        data = {
            "order": order.pk,
            "state": order.state,
            "provider_status": order.provider_status,
            "charge": order.charge,
            "refunded": order.refunded,
            "cost": order.cost,
            "cost_currency": order.provider_currency,
            "provider_order_id": order.provider_order_id,
            "start_count": order.start_count,
            "remains": order.remains,
            "attention": order.attention,
        }
        return Answer(text="\n".join(f"{name}: {value}" for name, value in data.items()), data=data)
