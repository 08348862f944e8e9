"""How long a balance lasts at the pace of spending, and in words. Pure but for the figures it is given."""

from datetime import timedelta
from decimal import Decimal

from panel.lib.money import ZERO
from providers.balances.spending import DAY, Spending

MAX_RUNWAY = timedelta(days=365)


def runway_of(balance: Decimal, spend: Spending) -> timedelta | None:
    """None where nothing is spent; at most a year."""
    if spend.per_day <= 0:
        return None
    minutes = int(max(balance, ZERO) * 24 * 60 / spend.per_day)
    return min(timedelta(minutes=min(minutes, 10**7)), MAX_RUNWAY)


def format_runway(runway: timedelta) -> str:
    """For example 7 h, 4 days, over a year."""
    if runway >= MAX_RUNWAY:
        return "over a year"
    if runway >= 2 * DAY:
        return f"{runway.days} days"
    return f"{runway // timedelta(hours=1)} h"
