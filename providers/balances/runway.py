"""Computes how long a balance lasts at the current spending, and formats it. Pure."""

from datetime import timedelta
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from panel.lib.money import ZERO
from providers.balances.spending import DAY, Spending

MAX_RUNWAY = timedelta(days=365)


def runway_of(balance: Decimal, spend: Spending) -> timedelta | None:
    """The runway, at most a year; None without spending."""
    if spend.per_day <= 0:
        return None
    minutes = int(max(balance, ZERO) * 24 * 60 / spend.per_day)
    return min(timedelta(minutes=min(minutes, 10**7)), MAX_RUNWAY)


def format_runway(runway: timedelta) -> str:
    """For example "7 hours", "4 days", "more than a year"."""
    if runway >= MAX_RUNWAY:
        return _("more than a year")
    if runway >= 2 * DAY:
        return ngettext("%(count)d day", "%(count)d days", runway.days) % {"count": runway.days}
    hours = runway // timedelta(hours=1)
    return ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}
