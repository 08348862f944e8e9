"""Up to which id all rows of a growing table are there for good. Called by what adds such a table up bit by bit.

A row gets its id when it is written, and is seen when its transaction ends: a lower id may appear after a higher one.
The newest id that was seen at some moment was given before that moment, and so was every lower one; once the longest
transaction there can be is over since then, none of those can appear any more. No row's own time is read, so that
a clock which was wrong when a row was written does no harm.
"""

from datetime import datetime, timedelta

from django.db import models, transaction

from panel.lib.future_times import SKEW, is_future
from panel.ops.models import SettledIds

MAX_TRANSACTION_TIME = timedelta(hours=1)


def settled_id(*, model: type[models.Model]) -> int:
    """No row of the model with this id or a lower one will appear any more; 0 while that is not known of any."""
    found = SettledIds.objects.filter(table=model._meta.db_table).values_list("settled", flat=True).first()
    return found or 0


def settle_ids(*, model: type[models.Model], now: datetime) -> int:
    """Look at the table `now`; what `settled_id` says from here on. It follows the newest id by one to three hours."""
    with transaction.atomic():
        SettledIds.objects.get_or_create(table=model._meta.db_table, defaults={"seen_at": now})
        place = SettledIds.objects.select_for_update().get(table=model._meta.db_table)
        if now - place.seen_at >= MAX_TRANSACTION_TIME + SKEW or is_future(place.seen_at, now=now) or not place.seen:
            if now - place.seen_at >= MAX_TRANSACTION_TIME + SKEW:
                place.settled = place.seen
            place.seen, place.seen_at = _newest(model), now
            place.save()
    return place.settled


def _newest(model: type[models.Model]) -> int:
    newest: int | None = model._default_manager.order_by("-pk").values_list("pk", flat=True).first()
    return newest or 0
