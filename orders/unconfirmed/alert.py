"""The alert about a provider's unconfirmed orders, open while there is one. Called where one begins or ends."""

from django.utils.translation import gettext as _

from orders.models import Attempt, Order
from orders.rules.states import UNCONFIRMED_STATES
from panel.ops.alerts.alerts import AlertText, follow_condition
from panel.ops.models import Alert

KIND = "doubtful"


def update_unconfirmed_alert(*, provider_id: int) -> None:
    """Open or close the provider's alert. Call it last in the transaction that changed an unconfirmed order."""

    def look() -> AlertText | None:
        doubtful = Order.objects.filter(provider=provider_id, state__in=UNCONFIRMED_STATES)
        order_id = doubtful.order_by("-pk").values_list("pk", flat=True).first()
        return None if order_id is None else _text(order_id)

    follow_condition(subject=f"{KIND}:{provider_id}", look=look)


def _text(order_id: int) -> AlertText:
    attempts = Attempt.objects.filter(order=order_id, outcome=Attempt.Outcome.UNKNOWN).order_by("-pk")
    facts = {"order": order_id, "reason": attempts.values_list("reason", flat=True).first() or ""}
    return AlertText(
        Alert.Level.WARNING,
        _("An order is unconfirmed"),
        _("Order #%(order)s: %(reason)s The charge stays on hold until the order is confirmed, sent again or refunded.")
        % facts,
    )
