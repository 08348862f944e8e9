"""The gate of every customer's page: which orders are theirs."""

from django.http import Http404, HttpRequest

from orders.models import Order
from panel.customers.signed_in import customer_of

__all__ = ["customer_of", "own_order"]


def own_order(request: HttpRequest, order_id: int) -> Order:
    """The customer's order with its service. Somebody else's raises Http404, just as one that does not exist."""
    order = Order.objects.select_related("service").filter(customer=customer_of(request), pk=order_id).first()
    if order is None:
        raise Http404("There is no such order.")
    return order
