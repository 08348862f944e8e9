"""`manage.py request_refills ORDER…`: ask for refills for customers, as their buttons do."""

from typing import Any

from django.core.management.base import CommandParser

from orders.aftercare.bulk_requests import request_refills_for_customers
from orders.management.request_command import answer_of
from panel.lib.commands import Answer, OperatorCommand, operator


class Command(OperatorCommand):
    help = "Ask for refills of these orders; they are passed on by poll_refills."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("orders", type=int, nargs="+", metavar="ORDER")

    def work(self, **options: Any) -> Answer:
        return answer_of(
            request_refills_for_customers(order_ids=options["orders"], actor=operator()), options["orders"]
        )
