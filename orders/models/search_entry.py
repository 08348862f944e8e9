"""What a search for text looks at: a small row for each order. Triggers keep it (orders/search_triggers)."""

from django.db import models
from django.utils.translation import gettext_lazy as _lazy

from orders.models.order import Order

BLOCK = 65_536
"""Orders with neighboring ids make up a block. The index of texts is asked for a block at a time."""


class SearchEntry(models.Model):
    """Orders change often and entries hardly ever, so that the index of texts costs an order one write."""

    order = models.OneToOneField(
        Order, on_delete=models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="+"
    )
    customer = models.BigIntegerField()
    service = models.BigIntegerField()
    block = models.IntegerField(help_text=_lazy("The order ID divided by 65,536."))
    text = models.TextField(help_text=_lazy("The link in one case: upper case on PostgreSQL, lower case on SQLite."))

    class Meta:
        indexes = [
            models.Index(fields=["customer", "order"], name="search_customer"),
            models.Index(fields=["customer", "service", "order"], name="search_service"),
        ]

    def __str__(self) -> str:
        return f"search entry of order {self.order_id}"
