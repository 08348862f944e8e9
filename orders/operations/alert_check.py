"""Bring every alert that stands for something lasting in line with what is true now. Called by its task.

Whoever changes something tells at once. This is for what a crash left untold, for what a person dismissed though its
cause holds, and for providers that were switched off or removed.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

from django.db.models import QuerySet

from orders.aftercare.unanswered_requests import KIND as UNANSWERED
from orders.aftercare.unanswered_requests import unanswered_cancels, unanswered_refills, update_unanswered_alert
from orders.core.unmatched_orders import ALERT as UNMATCHED_ORDERS
from orders.core.unmatched_orders import follow_unmatched_orders
from orders.models import Order, UnmatchedOrder
from orders.rules.states import UNCONFIRMED_STATES
from orders.unconfirmed.alert import KIND as DOUBTS
from orders.unconfirmed.alert import update_unconfirmed_alert
from panel.lib.database.each_row import each_apart
from panel.ops.models import Alert
from panel.wallet.deposits.alert import follow_deposits
from providers.availability.alerts import close_inactive_provider_alerts
from providers.availability.circuit_breaker import update_breaker_alert, update_pause_alert
from providers.models import Pause, Provider
from providers.sync.sanity_checks import update_prices_alert, update_sync_alert


@dataclass(frozen=True, slots=True)
class Condition:
    """A kind of alert that each provider may have. `met_at` are the providers where it may hold, in any order."""

    kind: str
    follow: Callable[[int], None]
    met_at: Iterable[int]


def check_alerts() -> int:
    """Open and close alerts. Returns how many conditions were checked.

    Those are the conditions that may hold, and those whose alert is open.
    """
    follow_deposits()
    checked = 1
    for condition in _conditions():
        ids = sorted({*condition.met_at, *_open(condition.kind)})
        checked += each_apart(partial(_follow, condition), ids, row="provider", what="alert not followed")
    close_inactive_provider_alerts()
    return checked


def _conditions() -> list[Condition]:
    """All of them. No query is made before `met_at` is read."""
    providers, pauses = Provider.objects.values_list("pk", flat=True), Pause.objects.all()
    doubtful, found = Order.objects.filter(state__in=UNCONFIRMED_STATES), UnmatchedOrder.objects.filter(verdict="")
    requests = chain(_at(unanswered_refills(), "order__provider"), _at(unanswered_cancels(), "order__provider"))
    return [
        *(Condition(f"paused-{reason}", _pause(reason), _at(pauses.filter(reason=reason))) for reason in Pause.Reason),
        Condition("breaker", lambda pk: update_breaker_alert(provider_id=pk), providers.filter(trips_in_a_row__gt=0)),
        Condition("sync", lambda pk: update_sync_alert(provider_id=pk), providers.exclude(sync_error="")),
        Condition("prices", lambda pk: update_prices_alert(provider_id=pk), providers.exclude(prices_held_at=None)),
        Condition(DOUBTS, lambda pk: update_unconfirmed_alert(provider_id=pk), _at(doubtful)),
        Condition(UNMATCHED_ORDERS, lambda pk: follow_unmatched_orders(provider_id=pk), _at(found)),
        Condition(UNANSWERED, lambda pk: update_unanswered_alert(provider_ids=[pk]), requests),
    ]


def _pause(reason: str) -> Callable[[int], None]:
    return lambda pk: update_pause_alert(provider_id=pk, reason=reason)


def _at(rows: QuerySet[Any], column: str = "provider") -> Iterable[int]:
    """The providers of these rows."""
    return rows.order_by().values_list(column, flat=True).distinct()


def _open(kind: str) -> list[int]:
    """The providers whose alert of this kind is open."""
    subjects = Alert.objects.filter(closed_at=None, subject__startswith=f"{kind}:").values_list("subject", flat=True)
    return [int(number) for number in (subject.rpartition(":")[2] for subject in subjects) if number.isdigit()]


def _follow(condition: Condition, provider_id: int) -> bool:
    condition.follow(provider_id)
    return True
