"""Refills and cancels without a clear answer: they are not sent again, and staff are alerted.

Called by the jobs, the staff page and the decisions made there.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orders.aftercare.claims import SENDING, ClaimedRequest, RequestUpdate, write_updates
from orders.core import safe_mode
from orders.models import Cancellation, Refill
from panel.ops.alerts.alerts import AlertText, follow_condition
from panel.ops.models import Alert
from providers.models import Provider

KIND = "requests"
MAX_TRIES = 3
MAX_MISSED_POLLS = 5
"""An accepted refill is polled on and on; after this many polls without a clear answer staff are alerted."""
MAX_PER_RUN = 1000

_GIVEN_UP = Q(state="unknown", next_at=None)
_LOST = Q(state__in=[Refill.State.PENDING, Refill.State.IN_PROGRESS], tries__gte=MAX_MISSED_POLLS)


def unanswered_refills() -> QuerySet[Refill]:
    """Requests that need review."""
    return Refill.objects.filter(_GIVEN_UP | _LOST, state__in=Refill.OPEN)  # the open ones have an index


def unanswered_cancels() -> QuerySet[Cancellation]:
    """Requests that need review."""
    return Cancellation.objects.filter(_GIVEN_UP, state__in=Cancellation.OPEN)


def unanswered() -> QuerySet[Any, Any]:
    """Refills and cancels together. For counting."""
    refills, cancels = (rows.order_by().values("pk") for rows in (unanswered_refills(), unanswered_cancels()))
    return refills.union(cancels, all=True)


def give_up(model: type[Refill] | type[Cancellation], *, event: str, now: datetime) -> int:
    """Stop sending requests that were tried often enough; they stay open until the order ends or a person closes them.

    Does nothing in safe mode: a restored database lacks later answers.
    """
    if safe_mode.is_on():
        return 0
    tried = model._default_manager.filter(state__in=[SENDING, "unknown"], tries__gte=MAX_TRIES, next_at__lte=now)
    columns = ("pk", "order_id", "reason", "state", "tries", "next_at", "order__provider")
    rows = list(tried.order_by("pk").values_list(*columns)[:MAX_PER_RUN])
    updates = [
        (
            ClaimedRequest(pk, order_id, "", state, tries, next_at, state),
            RequestUpdate("unknown", None, tries, reason, event),
        )
        for pk, order_id, reason, state, tries, next_at, _ in rows
    ]
    written = write_updates(model, updates)
    update_unanswered_alert(provider_ids={row[-1] for row in rows})
    return written


def update_unanswered_alert(*, provider_ids: Iterable[int]) -> None:
    """Open or close the alert about unanswered requests of each of these providers."""
    for provider in Provider.objects.filter(pk__in=set(provider_ids)).order_by("pk"):
        follow_condition(subject=f"{KIND}:{provider.pk}", look=partial(_alert_text, provider))


def _alert_text(provider: Provider) -> AlertText | None:
    mine = Q(order__provider=provider)
    count = unanswered_refills().filter(mine).count() + unanswered_cancels().filter(mine).count()
    if not count:
        return None
    text = ngettext(
        "%(count)s request got no clear answer after several tries. Ask the provider, then close it or send it again.",
        "%(count)s requests got no clear answer after several tries. Ask the provider, then close or resend them.",
        count,
    )
    return AlertText(
        Alert.Level.WARNING,
        _("%(provider)s does not answer refills or cancels") % {"provider": provider.name},
        text % {"count": f"{count:,}"},
    )
