"""The alert about deposits that need review: open while there is one."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from panel.ops.alerts.alerts import AlertText, follow_condition
from panel.ops.models import Alert
from panel.wallet.models import TopUp
from panel.web.formatting import money_text

SUBJECT = "top-ups"


def follow_deposits() -> None:
    """Open or close the alert. Call it last in the transaction that changed a deposit."""
    follow_condition(subject=SUBJECT, look=_look)


def _look() -> AlertText | None:
    waiting = TopUp.objects.filter(state=TopUp.State.ASKED)
    newest = waiting.select_related("customer", "method").order_by("-pk").first()
    if newest is None:
        return None
    count = waiting.count()
    facts = {
        "customer": newest.customer.email,
        "amount": money_text(newest.amount, currency=newest.currency),
        "method": newest.method,
    }
    return AlertText(
        Alert.Level.WARNING,
        ngettext("A deposit needs review", "%(count)d deposits need review", count) % {"count": count},
        _("%(customer)s reported a payment of %(amount)s by %(method)s.") % facts,
    )
