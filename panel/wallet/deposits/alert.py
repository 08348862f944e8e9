"""The alert about deposits that customers reported and nobody has decided on yet: open while there is one."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from panel.lib.money import plain
from panel.ops.alerts.alerts import AlertText, follow_condition
from panel.ops.models import Alert
from panel.wallet.models import TopUp

SUBJECT = "top-ups"


def follow_deposits() -> None:
    """Bring the alert in line with the deposits that wait. Call it last in the transaction that changed one."""
    follow_condition(subject=SUBJECT, look=_look)


def _look() -> AlertText | None:
    waiting = TopUp.objects.filter(state=TopUp.State.ASKED)
    newest = waiting.select_related("customer", "method").order_by("-pk").first()
    if newest is None:
        return None
    count = waiting.count()
    facts = {
        "customer": newest.customer.email,
        "amount": plain(newest.amount),
        "currency": newest.currency,
        "method": newest.method,
    }
    return AlertText(
        Alert.Level.WARNING,
        ngettext("A deposit needs review", "%(count)d deposits need review", count) % {"count": count},
        _("%(customer)s reports a payment of %(amount)s %(currency)s by %(method)s.") % facts,
    )
