"""Whether a queued order may be sent now, and to whom: asked under its lock by whatever sends one.

It is sent only while it is still wanted, while its provider still sells what the customer bought, and for no more
than they paid. What hinders it is dealt with here: it ends, goes to the next supplier, or waits with a flag.
"""

from datetime import timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from orders.aftercare.cancel_waiting import cancel_if_requested
from orders.core.change import Change
from orders.models import NOT_AS_SOLD, PRICE_ROSE, Order
from orders.rules.service_types import SERVICE_TYPES
from orders.submission.failover import fail_over
from orders.tracking.settle import Houses
from panel.lib.money import charge_for, is_storable, round_up
from providers.catalog.publishing.suppliers import upstream_service_for
from providers.models import Provider, UpstreamService

LOOK_AGAIN = timedelta(minutes=10)


def provider_to_send_to(change: Change) -> Provider | None:
    """The provider that the locked QUEUED order may be sent to, as far as the order is concerned.

    None where it may not be sent now: then the change says what becomes of it, and is for the caller to write.
    """
    if cancel_if_requested(change, houses=Houses()):
        return None
    upstream = upstream_service_for(provider_id=change.order.provider_id, external_id=change.order.provider_service)
    if reason := _why_not_as_sold(upstream):
        if not fail_over(change, reason=reason):
            _wait(change, NOT_AS_SOLD, reason)
        return None
    provider = upstream.provider
    cost = _cost_now(change.order, upstream)
    can_be_booked = is_storable(cost, cost * provider.exchange_rate)
    if can_be_booked:
        change.order.expected_cost = cost
    if not can_be_booked or _is_at_loss(change.order, provider):
        _wait(change, PRICE_ROSE, f"It would now cost {cost} {provider.currency}.")
        return None
    return provider


def keep_todays_exchange(order: Order, provider: Provider) -> None:
    """Have the order's cost be reckoned at the exchange rate of the moment it is sent, as its price was just judged.

    Written here and not with every change: until an order is sent it has cost nothing, and after that its rate stays.
    """
    new = {"provider_currency": provider.currency, "exchange_rate": provider.exchange_rate}
    if any(getattr(order, name) != value for name, value in new.items()):
        Order.objects.filter(pk=order.pk).update(**new)
        for name, value in new.items():
            setattr(order, name, value)


def _why_not_as_sold(upstream: UpstreamService) -> str:
    """Why the provider's service is not what was sold any more, as far as is known; empty where it is."""
    if not upstream.is_listed:
        return _("The provider no longer lists service %(id)s.") % {"id": upstream.external_id}
    if upstream.review_reason:
        reason = upstream.get_review_reason_display()
        return _("Service %(id)s of the provider needs review: %(reason)s.") % {
            "id": upstream.external_id,
            "reason": reason,
        }
    return ""


def _cost_now(order: Order, upstream: UpstreamService) -> Decimal:
    return charge_for(rate=upstream.rate, quantity=order.quantity, per_package=SERVICE_TYPES[order.type].is_per_package)


def _is_at_loss(order: Order, provider: Provider) -> bool:
    """Whether it would cost more than was paid, at today's price and today's exchange rate."""
    is_at_loss: bool = round_up(order.expected_cost * provider.exchange_rate) > order.charge
    return is_at_loss and not order.service.allow_below_cost


def _wait(change: Change, flag: str, reason: str) -> None:
    order = change.order
    order.next_attempt_at = change.now + LOOK_AGAIN
    if order.attention != flag:
        order.attention = flag
        change.note("attention", reason=f"{flag}: {reason}")
