"""The alert about a provider's orders of unknown fate: open while there is one. Called where one begins or ends."""

from django.utils.translation import gettext as _

from orders.models import Attempt, Order
from orders.rules.states import UNCONFIRMED_STATES
from panel.ops.alerts.alerts import AlertText, follow_condition
from panel.ops.models import Alert

KIND = "doubtful"


def follow_doubts(*, provider_id: int) -> None:
    """Bring the alert in line with the orders in doubt there. Call it last in the transaction that changed one."""

    def look() -> AlertText | None:
        doubtful = Order.objects.filter(provider=provider_id, state__in=UNCONFIRMED_STATES)
        order_id = doubtful.order_by("-pk").values_list("pk", flat=True).first()
        return None if order_id is None else _text(order_id)

    follow_condition(subject=f"{KIND}:{provider_id}", look=look)


def _text(order_id: int) -> AlertText:
    attempts = Attempt.objects.filter(order=order_id, outcome=Attempt.Outcome.UNKNOWN).order_by("-pk")
    facts = {"order": order_id, "why": attempts.values_list("reason", flat=True).first() or ""}
    return AlertText(
        Alert.Level.WARNING,
        _("An order may or may not have been bought"),
        _("Order %(order)s: %(why)s Its money stays held until evidence or a person decides.") % facts,
    )
