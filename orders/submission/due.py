"""Which queued orders are due to be sent, and in what turn. Called by the sweep, wake-ups and whoever sends one order.

At a provider that is probed one order of each expected cost is in flight or in doubt; the others of that cost stand
behind it. They are left out here by the database, so that a thousand behind one doubt are in nobody's way.
"""

from datetime import datetime, timedelta

from django.db.models import Exists, Min, OuterRef, Q, QuerySet

from orders.models import Attempt, Order
from orders.rules.states import State
from providers.availability.circuit_breaker import available_providers
from providers.models import Provider

A_LOOK = 50
SLOW_AFTER = timedelta(seconds=2)
"""A provider that takes longer to accept an order is slow."""
MOST_SENDING = 4
"""While so many orders are under way, wake-ups send none to slow providers: half the workers of the smallest panel."""


def due_orders(*, now: datetime, even_early: bool = False) -> QuerySet[Order]:
    """Those that may be sent now, as far as their providers are concerned; with `even_early` also those not due yet."""
    providers = Provider.objects.filter(available_providers(now=now))
    queued = Order.objects.filter(_is_first_of_its_cost(), state=State.QUEUED, provider__in=providers)
    return queued if even_early else queued.filter(next_attempt_at__lte=now)


def providers_in_turn(*, now: datetime, even_early: bool = False) -> list[int]:
    """The providers with due orders: those that answer before those in trouble, then whose order waits the longest."""
    due = (
        due_orders(now=now, even_early=even_early).order_by().values("provider").annotate(since=Min("next_attempt_at"))
    )
    waiting = dict(due.values_list("provider", "since"))
    troubled = ~Q(unknown_in_a_row=0, unreached_in_a_row=0, trips_in_a_row=0)
    in_trouble = set(Provider.objects.filter(troubled, pk__in=waiting).values_list("pk", flat=True))
    return sorted(waiting, key=lambda pk: (pk in in_trouble, waiting[pk], pk))


def first_of_each_cost(
    *, provider_id: int, now: datetime, but: set[int], even_early: bool = False, most: int = A_LOOK
) -> list[int]:
    """The oldest due order of each cost at the provider, the longest due first; none of those in `but`."""
    due = due_orders(now=now, even_early=even_early).filter(provider=provider_id).exclude(pk__in=but)
    rows = due.order_by().values("expected_cost").annotate(first=Min("pk"), since=Min("next_attempt_at"))
    return list(rows.order_by("since", "first").values_list("first", flat=True)[:most])


def is_for_the_sweep(*, order_id: int, now: datetime) -> bool:
    """Whether a wake-up leaves the order to the sweep, which has a thread for each provider.

    Else a crowd of orders at a provider that answers slowly would take every worker, and hold up the others' orders.
    """
    under_way = Attempt.objects.filter(outcome=None, lease_until__gt=now, started_at__lte=now)
    if under_way.count() < MOST_SENDING:
        return False
    provider_id = Order.objects.filter(pk=order_id).values_list("provider", flat=True).first()
    if under_way.filter(provider=provider_id, started_at__lte=now - SLOW_AFTER).exists():
        return True
    placed = Attempt.objects.filter(provider=provider_id, outcome=Attempt.Outcome.PLACED).order_by("-started_at")
    started, ended = placed.values_list("started_at", "ended_at").first() or (now, None)
    return ended is not None and ended - started > SLOW_AFTER


def is_behind_its_cost(order: Order) -> bool:
    """Whether another order of its expected cost, which is the one of today, is in flight or in doubt there."""
    probing = Order.objects.filter(provider=order.provider_id, in_flight_cost=order.expected_cost)
    return probing.exclude(provider__probing=Provider.Probing.OFF).exists()


def _is_first_of_its_cost() -> Q:
    """The gate for equal costs, as a condition."""
    ahead = Order.objects.filter(provider=OuterRef("provider"), in_flight_cost=OuterRef("expected_cost"))
    return Q(provider__probing=Provider.Probing.OFF) | ~Q(Exists(ahead))
