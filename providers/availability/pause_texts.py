"""What staff read about each reason why a provider is paused. Used by its alert and by the pages.

Every reason ends by itself; the text says when. `ENDED_BY_STAFF` are those that a person may end earlier: sending to a
provider that bills in another currency would put wrong amounts in the books, so nobody ends that by hand.
"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from providers.models import Pause

Reason = Pause.Reason
ENDED_BY_STAFF = frozenset({Reason.FUNDS, Reason.KEY, Reason.DRIFT})

PAUSE_TEXTS: Mapping[str, Promise] = {
    Reason.FUNDS: _(
        "Our balance there is used up. Add funds. Orders are sent again after the first balance reading that covers "
        "an order that waits."
    ),
    Reason.KEY: _(
        "It refuses our API key. Enter the right key and test the connection. Orders are sent again after the first "
        "balance reading that works."
    ),
    Reason.CURRENCY: _(
        "It answers in another currency than the one set here. Correct the account at the provider. Orders are sent "
        "again after the first balance reading in the right currency, once no order has the flag “other currency”."
    ),
    Reason.LIST_CURRENCY: _(
        "Its service list is in another currency than the one set here. Correct the account at the provider. Orders "
        "are sent again after the first list in the right currency."
    ),
    Reason.DRIFT: _(
        "More money is missing there than one order costs. Find out why and book it, or resume with a reason. Orders "
        "are sent again after the first balance reading that our ledger explains."
    ),
}
