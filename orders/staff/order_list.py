"""The staff list of all customers' orders, with search and filters."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from orders.listing.search import find_orders
from orders.rules.states import State
from orders.site.list_query import LONGEST_SEARCH
from orders.staff.list_query import read_staff_query
from panel.customers.models import User
from panel.customers.signed_in import customer_of
from panel.web.access import staff_only
from providers.catalog.models import Service
from providers.models import Provider


@staff_only("orders.view_order")
@require_safe
def staff_orders(request: HttpRequest) -> HttpResponse:
    """List the orders that match the filters in the address, newest first."""
    query = read_staff_query(request.GET, time_zone=customer_of(request).time_zone)
    sought = query.sought
    context = {
        "query": query,
        "sought": sought,
        "page": find_orders(sought, before=query.before, after=query.after),
        "states": [state.value for state in State],
        "providers": Provider.objects.order_by("name", "pk"),
        "customer": sought.customer and User.objects.filter(pk=sought.customer).first(),
        "service": sought.service and Service.objects.filter(pk=sought.service).first(),
        "longest_search": LONGEST_SEARCH,
    }
    return render(request, "staff/orders.html", context)
