"""Which queued orders are due to be sent, and in what turn. Called by the sweep and by whoever sends one order.

At a provider that is probed one order of each expected cost is in flight or in doubt; the others of that cost stand
behind it. They are left out here by the database, so that a thousand behind one doubt are in nobody's way.
"""

from datetime import datetime

from django.db.models import Exists, Min, OuterRef, Q, QuerySet

from orders.models import Order
from orders.states import State
from providers.gate import open_providers
from providers.models import Provider

A_LOOK = 50


def due_orders(*, now: datetime, even_early: bool = False) -> QuerySet[Order]:
    """Those that may be sent now, as far as their providers are concerned; with `even_early` also those not due yet."""
    providers = Provider.objects.filter(open_providers(now=now))
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


def _is_first_of_its_cost() -> Q:
    """The gate for equal costs, as a condition."""
    ahead = Order.objects.filter(provider=OuterRef("provider"), gate_cost=OuterRef("expected_cost"))
    return Q(provider__probing=Provider.Probing.OFF) | ~Q(Exists(ahead))
