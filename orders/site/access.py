"""Limits every page of a customer to their own orders."""

from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from orders.models import Order
from panel.customers.signed_in import customer_of

__all__ = ["customer_of", "own_order"]


def own_order(request: HttpRequest, order_id: int) -> Order:
    """The customer's order with its service. Raises Http404 for an order of another customer or a missing one."""
    order = Order.objects.select_related("service").filter(customer=customer_of(request), pk=order_id).first()
    if order is None:
        raise Http404(_("Order not found."))
    return order
