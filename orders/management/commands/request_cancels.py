"""`manage.py request_cancels ORDER…`: cancel orders for customers, as their buttons do."""

from typing import Any

from django.core.management.base import CommandParser

from orders.aftercare.bulk_requests import request_cancels_for_customers
from orders.management.request_command import answer_of
from panel.lib.commands import Answer, OperatorCommand, operator


class Command(OperatorCommand):
    help = "Cancel these orders: at once what was not sent; the rest is asked for, and passed on by poll_cancels."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("orders", type=int, nargs="+", metavar="ORDER")

    def work(self, **options: Any) -> Answer:
        return answer_of(
            request_cancels_for_customers(order_ids=options["orders"], actor=operator()), options["orders"]
        )
