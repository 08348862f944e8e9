"""Orders of all customers, found by what staff know of them. Called by the staff's list of orders.

One of the conditions is found by an index, and so is what a search names exactly: an order's number, its number at the
provider, a customer's address. Other text is text_search's; what is left is searched for within the reach of a page.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from orders.listing.paging import MOST_NUMBERS, Page, Place, read_numbers, turn_to
from orders.listing.search_index import Match
from orders.listing.text_search import TextSearch
from orders.models import Order
from panel.customers.models import User
from providers.models import Provider

RELATED = ("customer", "service", "provider")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which orders: all of what is given must be true. `customer`, `service` and `provider` are primary keys.

    With `is_nothing` none: what is sought could not be read.
    """

    search: str = ""
    state: str = ""
    provider: int | None = None
    service: int | None = None
    customer: int | None = None
    is_flagged: bool = False
    since: datetime | None = None
    until: datetime | None = None
    is_nothing: bool = False


def find_orders(sought: Sought, *, before: Place | None = None, after: Place | None = None) -> Page:
    """A page of them, newest first."""
    if sought.is_nothing:
        return Page([], None, None)
    rows = Order.objects.select_related(*RELATED)
    if sought.since is not None:
        rows = rows.filter(created_at__gte=sought.since)
    if sought.until is not None:
        rows = rows.filter(created_at__lt=sought.until)
    named = _named(sought.search) if sought.search else None
    conditions = [*([] if named is None else [named]), *_conditions(sought)]
    rows, also = rows.filter(*conditions[:1]), Q(*conditions[1:]) if conditions[1:] else None
    if not sought.search or named is not None:
        return turn_to(rows, also=also, before=before, after=after)
    is_filtered = bool(conditions or sought.since or sought.until)
    match = Match(sought.search, customers=User.objects.filter(email__icontains=sought.search))
    text = TextSearch(match, related=RELATED)
    return text.page(rows, is_filtered=is_filtered, also=also, before=before, after=after)


def _conditions(sought: Sought) -> list[Q]:
    """The rarest kind first: it is the one that an index finds."""
    found = []
    if sought.is_flagged:
        found.append(~Q(attention=""))
    for name in ("customer", "service", "provider"):
        if (value := getattr(sought, name)) is not None:
            found.append(Q(**{name: value}))
    if sought.state:
        found.append(Q(state=sought.state))
    return found


def _named(search: str) -> Q | None:
    """The orders that the search names exactly; None where it names none."""
    customer = User.objects.filter(email=search.lower()).values_list("pk", flat=True).first() if "@" in search else None
    if customer is not None:
        return Q(customer=customer)
    found = set(Order.objects.filter(pk__in=read_numbers(search)).values_list("pk", flat=True))
    names = [name for name in re.split(r"[\s,;]+", search) if name][:MOST_NUMBERS]
    providers = list(Provider.objects.values_list("pk", flat=True))
    theirs = Order.objects.filter(provider__in=providers, provider_order_id__in=names)
    found.update(theirs.values_list("pk", flat=True)[:MOST_NUMBERS])
    return Q(pk__in=found) if found else None
