"""Limits deposits and image bytes per day, so that no customer can fill the disk. Called by deposits.

Canceled and rejected deposits count too, although their images are deleted.
"""

from datetime import datetime, timedelta

from django.db.models import Count, QuerySet, Sum
from django.utils.translation import gettext as _

from panel.customers.models import User
from panel.wallet.gateways.base import InvalidDepositError
from panel.wallet.models import TopUp

ONE_DAY = timedelta(days=1)
MAX_PENDING = 5
MAX_PER_DAY = 20
MAX_BYTES_PER_DAY = 25 * 1024 * 1024
"""Limits for one customer."""
MAX_PER_DAY_TOTAL = 5_000
MAX_BYTES_PER_DAY_TOTAL = 1024 * 1024 * 1024
"""Limits for all customers together."""


def check_limits(*, customer: User, picture_size: int, now: datetime) -> None:
    """Raises InvalidDepositError if one more deposit exceeds a limit. Call it with the customer locked."""
    mine = TopUp.objects.filter(customer=customer)
    if mine.filter(state=TopUp.State.ASKED).count() >= MAX_PENDING:
        text = _("You already have %(max)d pending deposits. Wait until they are reviewed.")
        raise InvalidDepositError("amount", text % {"max": MAX_PENDING})
    lately = TopUp.objects.filter(asked_at__gt=now - ONE_DAY)
    count, size = _sums(lately.filter(customer=customer))
    if count >= MAX_PER_DAY:
        text = _("You can report up to %(max)d deposits per day. Try again tomorrow.")
        raise InvalidDepositError("amount", text % {"max": MAX_PER_DAY})
    if picture_size and size + picture_size > MAX_BYTES_PER_DAY:
        raise InvalidDepositError(
            "picture", _("You've reached today's limit for images. Submit this deposit without one.")
        )
    count, size = _sums(lately)
    if count >= MAX_PER_DAY_TOTAL:
        raise InvalidDepositError("", _("We received too many deposits today. Try again later or contact support."))
    if picture_size and size + picture_size > MAX_BYTES_PER_DAY_TOTAL:
        raise InvalidDepositError("picture", _("We can't store more images today. Submit your deposit without one."))


def _sums(rows: QuerySet[TopUp]) -> tuple[int, int]:
    found = rows.aggregate(count=Count("pk"), size=Sum("picture_size", default=0))
    return found["count"], found["size"]
