"""Our money at each provider: the last reading, what the books say, what is spent, how long it lasts.

Called by the staff's pages. Amounts are in the provider's currency unless the name says otherwise.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db.models import OuterRef, Q, Subquery, Sum

from panel.lib.money import ZERO, round_to
from panel.wallet.models import Transfer
from panel.web.sparkline import spark_path
from providers.models import BalanceReading, Provider
from providers.standing import Standing, standing

DAY, WEEK = timedelta(days=1), timedelta(days=7)
LONGEST_RUNWAY = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Spend:
    """What orders there cost in the last day and the last week."""

    day: Decimal = ZERO
    week: Decimal = ZERO

    @property
    def a_day(self) -> Decimal:
        """The faster of the two paces."""
        return max(self.day, self.week / 7)


@dataclass(frozen=True, slots=True)
class Funding:
    """One provider's money. `reading` is None before the first one; `runway` where nothing is spent.

    `is_old`: the balance of an active provider was last read long ago.
    """

    provider: Provider
    standing: Standing
    reading: BalanceReading | None
    spend: Spend
    runway: timedelta | None
    line: str
    is_old: bool

    @property
    def is_low(self) -> bool:
        return self.reading is not None and self.reading.balance < self.provider.low_balance

    @property
    def is_drifting(self) -> bool:
        return self.reading is not None and abs(self.reading.drift) > self.provider.drift_threshold

    @property
    def is_short(self) -> bool:
        """It lasts less than a day."""
        return self.runway is not None and self.runway < DAY

    @property
    def balance_in_shop(self) -> Decimal:
        """The last reading in the shop's currency, by today's exchange rate; zero before the first."""
        return ZERO if self.reading is None else round_to(self.reading.balance * self.provider.exchange_rate)

    @property
    def runway_text(self) -> str:
        """How long the balance lasts, in words."""
        return "" if self.runway is None else runway_words(self.runway)


def fundings(*, now: datetime, provider_ids: Iterable[int] | None = None) -> list[Funding]:
    """All providers, or those named, by name; a constant number of queries."""
    rows = Provider.objects.all() if provider_ids is None else Provider.objects.filter(pk__in=provider_ids)
    providers = list(rows.order_by("-is_active", "name"))
    readings, spends, lines = _latest(), _spends(now), _lines(now)
    return [
        Funding(
            provider=provider,
            standing=standing(provider, now=now),
            reading=readings.get(provider.pk),
            spend=spends[provider.pk],
            runway=_runway(readings.get(provider.pk), spends[provider.pk]),
            line=spark_path(lines[provider.pk]),
            is_old=_is_old(provider, readings.get(provider.pk), now),
        )
        for provider in providers
    ]


def runway_words(runway: timedelta) -> str:
    """For example 7 h, 4 days, over a year."""
    if runway >= LONGEST_RUNWAY:
        return "over a year"
    if runway >= 2 * DAY:
        return f"{runway.days} days"
    return f"{runway // timedelta(hours=1)} h"


def _latest() -> dict[int, BalanceReading]:
    newest = BalanceReading.objects.filter(provider=OuterRef("pk")).order_by("-at", "-pk").values("pk")[:1]
    ids = Provider.objects.annotate(newest=Subquery(newest)).values("newest")
    return {reading.provider_id: reading for reading in BalanceReading.objects.filter(pk__in=ids)}


def _spends(now: datetime) -> defaultdict[int, Spend]:
    """What went to the cost accounts less what came back from them."""
    lately = Transfer.objects.filter(created_at__gte=now - WEEK)
    in_a_day = Q(created_at__gte=now - DAY)
    sums: defaultdict[int, Spend] = defaultdict(Spend)
    for side, sign in (("target", 1), ("source", -1)):
        rows = lately.filter(**{f"{side}__house__startswith": "cost:"}).values_list(f"{side}__house")
        for house, week, day in rows.annotate(week=Sum("amount"), day=Sum("amount", filter=in_a_day)):
            pk = int(house.removeprefix("cost:"))
            sums[pk] = Spend(day=sums[pk].day + sign * (day or ZERO), week=sums[pk].week + sign * week)
    return sums


def _lines(now: datetime) -> defaultdict[int, list[Decimal]]:
    lines: defaultdict[int, list[Decimal]] = defaultdict(list)
    rows = BalanceReading.objects.filter(at__gte=now - DAY).order_by("at", "pk").values_list("provider_id", "balance")
    for provider_id, balance in rows:
        lines[provider_id].append(balance)
    return lines


def _is_old(provider: Provider, reading: BalanceReading | None, now: datetime) -> bool:
    patience = max(timedelta(minutes=30), timedelta(seconds=3 * settings.BALANCE_SECONDS))
    return provider.is_active and reading is not None and now - reading.at > patience


def _runway(reading: BalanceReading | None, spend: Spend) -> timedelta | None:
    if reading is None or spend.a_day <= 0:
        return None
    minutes = int(max(reading.balance, ZERO) * 24 * 60 / spend.a_day)
    return min(timedelta(minutes=min(minutes, 10**7)), LONGEST_RUNWAY)
