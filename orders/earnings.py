"""What the shop earns: revenue and cost of the orders that ended, by day, in the shop's currency.

Costs are converted by the exchange rate that each order keeps, so that a later rate changes no past day.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal

from django.db.models import Count, Sum
from django.db.models.functions import TruncDate

from orders.models import Order
from panel.lib.money import ZERO, round_up


@dataclass(slots=True)
class Earned:
    """What `orders` orders came to."""

    orders: int = 0
    revenue: Decimal = ZERO
    cost: Decimal = ZERO

    @property
    def profit(self) -> Decimal:
        return self.revenue - self.cost

    def __add__(self, other: "Earned") -> "Earned":
        return Earned(self.orders + other.orders, self.revenue + other.revenue, self.cost + other.cost)


def cost_in_shop(order: Order) -> Decimal:
    """What one order cost us, in the shop's currency."""
    return round_up(order.cost * order.exchange_rate)


def earned_by_day(*, days: int, now: datetime, zone: tzinfo) -> dict[date, Earned]:
    """The last `days` days of `zone`, oldest first, today last; a day without orders is there too."""
    today = now.astimezone(zone).date()
    first = today - timedelta(days=days - 1)
    since = datetime(first.year, first.month, first.day, tzinfo=zone)
    rows = (
        Order.objects.filter(finished_at__gte=since)
        .annotate(day=TruncDate("finished_at", tzinfo=zone))
        .values_list("day", "exchange_rate")
        .annotate(orders=Count("pk"), revenue=Sum("captured"), costs=Sum("cost"))
    )
    found: defaultdict[date, Earned] = defaultdict(Earned)
    for day, exchange_rate, orders, revenue, cost in rows:
        found[day] += Earned(orders, revenue, round_up(cost * exchange_rate))
    return {day: found[day] for day in (first + timedelta(days=n) for n in range(days))}
