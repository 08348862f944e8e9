"""How many deposits and bytes of pictures are taken a day, so that no customer can fill the disk. Called by topups.

What was withdrawn or refused counts for its day as well, though its picture is gone.
"""

from datetime import datetime, timedelta

from django.db.models import Count, QuerySet, Sum
from django.utils.translation import gettext as _

from panel.customers.models import User
from panel.wallet.gateways.base import BadAskError
from panel.wallet.models import TopUp

A_DAY = timedelta(days=1)
MOST_OPEN = 5
MOST_A_DAY = 20
BYTES_A_DAY = 25 * 1024 * 1024
"""Of one customer."""
ALL_A_DAY = 5_000
ALL_BYTES_A_DAY = 1024 * 1024 * 1024
"""Of all customers together."""


def check_limits(*, customer: User, picture_size: int, now: datetime) -> None:
    """Raises BadAskError where one more is too many. Call it with the customer locked."""
    mine = TopUp.objects.filter(customer=customer)
    if mine.filter(state=TopUp.State.ASKED).count() >= MOST_OPEN:
        raise BadAskError("amount", f"{MOST_OPEN} top-ups of yours are waiting already.")
    lately = TopUp.objects.filter(asked_at__gt=now - A_DAY)
    count, size = _sums(lately.filter(customer=customer))
    if count >= MOST_A_DAY:
        text = _("You can report %(most)d deposits a day. Try again tomorrow.")
        raise BadAskError("amount", text % {"most": MOST_A_DAY})
    if picture_size and size + picture_size > BYTES_A_DAY:
        raise BadAskError("picture", _("Your pictures of one day are too large. Send this one without a picture."))
    count, size = _sums(lately)
    if count >= ALL_A_DAY:
        raise BadAskError("", _("Too many deposits were reported today. Try again later, or contact support."))
    if picture_size and size + picture_size > ALL_BYTES_A_DAY:
        raise BadAskError("picture", _("No more pictures can be stored today. Send your deposit without a picture."))


def _sums(rows: QuerySet[TopUp]) -> tuple[int, int]:
    found = rows.aggregate(count=Count("pk"), size=Sum("picture_size", default=0))
    return found["count"], found["size"]
