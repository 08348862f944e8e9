"""The texts for staff about each reason why a provider is paused. Used by its alert and by the pages.

Every pause ends automatically; the text says when. Staff may end those in `ENDED_BY_STAFF` earlier. Pauses for a wrong
currency are not among them: orders would be recorded with wrong amounts.
"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from providers.models import Pause

Reason = Pause.Reason
ENDED_BY_STAFF = frozenset({Reason.FUNDS, Reason.KEY, Reason.DRIFT})

PAUSE_TEXTS: Mapping[str, Promise] = {
    Reason.FUNDS: _(
        "The balance is used up. Top it up. Orders resume after the first balance reading that covers a waiting order."
    ),
    Reason.KEY: _(
        "The API key is rejected. Enter the correct key and test the connection. Orders resume after the first "
        "successful balance reading."
    ),
    Reason.CURRENCY: _(
        "The provider reports another currency than the one set here. Change the currency of the account at the "
        "provider. Orders resume after the first balance reading in the right currency, once no order has the flag "
        "“other currency”."
    ),
    Reason.LIST_CURRENCY: _(
        "The service list is in another currency than the one set here. Change the currency of the account at the "
        "provider. Orders resume after the first list in the right currency."
    ),
    Reason.DRIFT: _(
        "More money is missing than one order costs. Find the cause and record it, or resume with a reason. Orders "
        "resume after the first balance reading that the ledger explains."
    ),
}
