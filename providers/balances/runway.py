"""How long a balance lasts at the pace of spending, and in words. Pure but for the figures it is given."""

from datetime import timedelta
from decimal import Decimal

from panel.lib.money import ZERO
from providers.balances.spending import DAY, Spend

LONGEST_RUNWAY = timedelta(days=365)


def runway_of(balance: Decimal, spend: Spend) -> timedelta | None:
    """None where nothing is spent; at most a year."""
    if spend.a_day <= 0:
        return None
    minutes = int(max(balance, ZERO) * 24 * 60 / spend.a_day)
    return min(timedelta(minutes=min(minutes, 10**7)), LONGEST_RUNWAY)


def runway_words(runway: timedelta) -> str:
    """For example 7 h, 4 days, over a year."""
    if runway >= LONGEST_RUNWAY:
        return "over a year"
    if runway >= 2 * DAY:
        return f"{runway.days} days"
    return f"{runway // timedelta(hours=1)} h"
