"""Refills and cancels that brought no clear answer for long: nothing more is tried, and staff are told.

Called by the jobs, by the staff's queue and by what staff decide there.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import Q, QuerySet

from orders.aftercare.claims import SENDING, Claimed, Told, write_told
from orders.core import safe_mode
from orders.models import Cancellation, Refill
from panel.ops.alerts.alerts import AlertText, follow_condition
from panel.ops.models import Alert
from providers.models import Provider

KIND = "requests"
MAX_TRIES = 3
MOST_LOOKS = 5
"""A refill that the provider took is asked about on and on; after that many looks without sense staff hear of it."""
A_RUN = 1000

_GIVEN_UP = Q(state="unknown", next_at=None)
_LOST = Q(state__in=[Refill.State.PENDING, Refill.State.IN_PROGRESS], tries__gte=MOST_LOOKS)


def unanswered_refills() -> QuerySet[Refill]:
    """Those a person should look at."""
    return Refill.objects.filter(_GIVEN_UP | _LOST, state__in=Refill.OPEN)  # the open ones have an index


def unanswered_cancels() -> QuerySet[Cancellation]:
    """Those a person should look at."""
    return Cancellation.objects.filter(_GIVEN_UP, state__in=Cancellation.OPEN)


def unanswered() -> QuerySet[Any, Any]:
    """Both. For counting."""
    refills, cancels = (rows.order_by().values("pk") for rows in (unanswered_refills(), unanswered_cancels()))
    return refills.union(cancels, all=True)


def give_up(model: type[Refill] | type[Cancellation], *, event: str, now: datetime) -> int:
    """Stop passing on what was tried often enough; it stays open, for its order's end or a person to close.

    None in safe mode: an older database does not know what was answered since.
    """
    if safe_mode.is_on():
        return 0
    tried = model._default_manager.filter(state__in=[SENDING, "unknown"], tries__gte=MAX_TRIES, next_at__lte=now)
    columns = ("pk", "order_id", "reason", "state", "tries", "next_at", "order__provider")
    rows = list(tried.order_by("pk").values_list(*columns)[:A_RUN])
    told = [
        (Claimed(pk, order_id, "", state, tries, next_at, state), Told("unknown", None, tries, why, event))
        for pk, order_id, why, state, tries, next_at, _ in rows
    ]
    written = write_told(model, told)
    tell_staff(provider_ids={row[-1] for row in rows})
    return written


def tell_staff(*, provider_ids: Iterable[int]) -> None:
    """Have the alert of each of these providers' unanswered requests be open while there are some."""
    for provider in Provider.objects.filter(pk__in=set(provider_ids)).order_by("pk"):
        follow_condition(subject=f"{KIND}:{provider.pk}", look=partial(_look, provider))


def _look(provider: Provider) -> AlertText | None:
    mine = Q(order__provider=provider)
    count = unanswered_refills().filter(mine).count() + unanswered_cancels().filter(mine).count()
    if not count:
        return None
    return AlertText(
        Alert.Level.WARNING,
        f"{provider.name} does not answer refills or cancels",
        f"{count:,} had no clear answer after several tries. Ask there, then close each or send it again.",
    )
