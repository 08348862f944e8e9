"""Read and check the filters in the address of the staff order list.

An invalid filter finds nothing, and the page says so.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from django.http import QueryDict
from django.utils.translation import gettext as _

from orders.listing.paging import Place, place_in
from orders.listing.search import Sought
from orders.models import Order
from orders.rules.states import State
from orders.site.filters import read_choice, read_number
from orders.site.list_query import LONGEST_SEARCH, midnight, read_days
from orders.site.service_picker import read_id
from panel.lib.zones import day_zone
from panel.web.text_input import read_text


@dataclass(frozen=True, slots=True)
class StaffQuery:
    """The filters, the dates as the form shows them again, and `problems` as sentences."""

    sought: Sought
    before: Place | None
    after: Place | None
    first: str
    last: str
    problems: tuple[str, ...]

    @property
    def is_first(self) -> bool:
        """Whether this is the newest page."""
        return self.before is None and self.after is None


def read_staff_query(query: QueryDict, *, time_zone: str) -> StaffQuery:
    """Read the address; dates are days in `time_zone`. Makes one database query for a page link."""
    problems: list[str] = []
    first, last = read_days(query, problems)
    zone = day_zone(time_zone)
    state = read_choice(query, "state", of=set(State), label=_("Status"), problems=problems)
    flagged = read_choice(query, "flagged", of={"1"}, label=_("Flagged"), problems=problems)
    provider = read_number(query, "provider", label=_("Provider"), problems=problems)
    service = read_number(query, "service", label=_("Service ID"), problems=problems)
    customer = read_number(query, "customer", label=_("Customer"), problems=problems)
    sought = Sought(
        search=read_text(query, "q", max_length=LONGEST_SEARCH),
        state=state,
        provider=provider,
        service=service,
        customer=customer,
        is_flagged=flagged == "1",
        since=midnight(first, zone),
        until=midnight(last + timedelta(days=1) if last else None, zone),
        is_nothing=bool(problems),
    )
    before = _place(query.get("before", ""), problems)
    after = None if before else _place(query.get("after", ""), problems)
    return StaffQuery(sought, before, after, _iso(first), _iso(last), tuple(problems))


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _place(text: str, problems: list[str]) -> Place | None:
    if not text:
        return None
    order_id = read_id(text)
    place = None if order_id is None else place_in(Order.objects.all(), order_id=order_id)
    if place is None:
        problems.append(_("That page does not exist. These are the newest orders."))
    return place
