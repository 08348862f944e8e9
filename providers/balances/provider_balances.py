"""The balance at each provider: last reading, expected balance, spending and runway. Called by the staff's pages.

Amounts are in the provider's currency unless the name says otherwise.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db.models import F, QuerySet

from panel.lib.money import ZERO, round_to
from panel.web.sparkline import spark_path
from providers.availability.status import ProviderStatus, status_of
from providers.balances.history import last_reading_per_bucket
from providers.balances.runway import MAX_RUNWAY, format_runway, runway_of
from providers.balances.spending import DAY, Spending, spending_by_provider
from providers.models import BalanceReading, Pause, Provider

LINE_BUCKET = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class ProviderBalance:
    """One provider's balance. `reading` is None before the first one, `runway` is None without spending.

    `is_old`: the balance of an active provider has not been read for long.
    """

    provider: Provider
    pauses: Sequence[Pause]
    status: ProviderStatus
    reading: BalanceReading | None
    spend: Spending
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
        """Whether the balance lasts less than the provider's `runway_hours`."""
        return self.runway is not None and self.runway < timedelta(hours=self.provider.runway_hours)

    @property
    def balance_in_shop(self) -> Decimal:
        """The last reading in the shop's currency, at today's exchange rate; zero before the first."""
        return ZERO if self.reading is None else self.in_shop(self.reading.balance)

    def in_shop(self, amount: Decimal) -> Decimal:
        """An amount in the provider's currency, converted to the shop's at today's exchange rate."""
        return round_to(amount * self.provider.exchange_rate)

    @property
    def missing(self) -> Decimal:
        """The amount that is missing from the last reading; not below zero."""
        return ZERO if self.reading is None else max(ZERO, -self.reading.drift)

    @property
    def hourly(self) -> Decimal:
        """Spending per hour, rounded for display."""
        return round_to(self.spend.per_hour, places=4)

    @property
    def daily(self) -> Decimal:
        return round_to(self.spend.per_day, places=2)

    @property
    def dry_at(self) -> datetime | None:
        """When the balance runs out at the current spending; None if that is a year away or never."""
        if self.reading is None or self.runway is None or self.runway >= MAX_RUNWAY:
            return None
        return self.reading.at + self.runway

    @property
    def urgency(self) -> tuple[int, timedelta]:
        """Sort key: paused first, then short runway, then drift, then by runway."""
        rank = 5
        if not self.provider.is_active:
            rank = 6
        elif self.pauses:
            rank = 0
        elif self.is_low or self.is_short:
            rank = 1
        elif self.is_drifting:
            rank = 2
        elif self.is_old or self.reading is None:
            rank = 3
        return rank, self.runway if self.runway is not None else MAX_RUNWAY

    @property
    def runway_text(self) -> str:
        """The runway as text."""
        return "" if self.runway is None else format_runway(self.runway)


def provider_balances(*, now: datetime, provider_ids: Iterable[int] | None = None) -> list[ProviderBalance]:
    """The balances of all providers, or of the given ones, by name. A constant number of queries."""
    rows = Provider.objects.all() if provider_ids is None else Provider.objects.filter(pk__in=provider_ids)
    pauses = _pauses_of(rows)
    providers = list(pauses)
    asked = None if provider_ids is None else [provider.pk for provider in providers]
    spent, (readings, lines) = spending_by_provider(now=now, provider_ids=asked), _readings(providers, now)
    return [
        ProviderBalance(
            provider=provider,
            pauses=pauses[provider],
            status=status_of(provider, pauses=pauses[provider], now=now),
            reading=readings.get(provider.pk),
            spend=spent[provider.pk],
            runway=_runway(readings.get(provider.pk), spent[provider.pk]),
            line=spark_path(lines[provider.pk]),
            is_old=_is_old(provider, readings.get(provider.pk), now),
        )
        for provider in providers
    ]


def _pauses_of(rows: QuerySet[Provider]) -> dict[Provider, list[Pause]]:
    """The providers by name, inactive ones last, each with its pauses. One query."""
    joined = rows.annotate(reason=F("pauses__reason"), since=F("pauses__since"), detail=F("pauses__detail"))
    found: dict[Provider, list[Pause]] = {}
    for row in joined.order_by("-is_active", "name", "pauses__since", "pauses__pk"):
        pauses = found.setdefault(row, [])
        if row.reason is not None:
            pauses.append(Pause(provider=row, reason=row.reason, since=row.since, detail=row.detail))
    return found


def _readings(
    providers: Sequence[Provider], now: datetime
) -> tuple[dict[int, BalanceReading], defaultdict[int, list[Decimal]]]:
    """The last reading of each provider, however old, and its balances of the last day for the chart. One query."""
    latest: dict[int, BalanceReading] = {}
    lines: defaultdict[int, list[Decimal]] = defaultdict(list)
    ids = [provider.pk for provider in providers]
    for reading in last_reading_per_bucket(provider_ids=ids, since=now - DAY, bucket=LINE_BUCKET, with_latest=True):
        latest[reading.provider_id] = reading
        if reading.at >= now - DAY:
            lines[reading.provider_id].append(reading.balance)
    return latest, lines


def _is_old(provider: Provider, reading: BalanceReading | None, now: datetime) -> bool:
    patience = max(timedelta(minutes=30), timedelta(seconds=3 * settings.BALANCE_SECONDS))
    return provider.is_active and reading is not None and now - reading.at > patience


def _runway(reading: BalanceReading | None, spend: Spending) -> timedelta | None:
    return None if reading is None else runway_of(reading.balance, spend)
