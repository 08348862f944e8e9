"""Maintains checkpoints: the balance of each account after some transfer, so that no balance needs a full sum.

They cover settled transfers only (panel/ops/jobs/settled_ids.py), added in many short
transactions. The ledger check compares them with the transfers; they can be deleted at any time.
"""

import time
from datetime import datetime

from django.db import connection, transaction

from panel.ops.jobs.settled_ids import settle_ids
from panel.wallet.models import Checkpoint, CheckpointProgress, Transfer

STEP = 200_000
SECONDS = 30

_ADD = """
INSERT INTO wallet_checkpoint (account_id, upto, balance)
SELECT account, %(upto)s, SUM(amount) FROM (
    SELECT target_id AS account, amount FROM wallet_transfer WHERE id > %(after)s AND id <= %(upto)s
    UNION ALL
    SELECT source_id, -amount FROM wallet_transfer WHERE id > %(after)s AND id <= %(upto)s
) AS legs WHERE 1 = 1 GROUP BY account
ON CONFLICT (account_id) DO UPDATE SET upto = excluded.upto, balance = wallet_checkpoint.balance + excluded.balance
"""


def keep_checkpoints(*, now: datetime, seconds: float = SECONDS) -> int:
    """Update the checkpoints to the settled transfers; no step begins after `seconds`. Returns how many are left."""
    settled, stop_at = settle_ids(model=Transfer, now=now), time.monotonic() + seconds
    while True:
        upto = _take_step(settled)
        if upto >= settled or time.monotonic() >= stop_at:
            return max(settled - upto, 0)


def forget_checkpoints() -> None:
    """Delete all checkpoints. Balances are summed from the first transfer until there are new ones."""
    with transaction.atomic():
        _lock_progress()
        Checkpoint.objects.all().delete()
        CheckpointProgress.objects.update(upto=0)


def _take_step(settled: int) -> int:
    """Add the next transfers; returns the last transfer that the checkpoints include."""
    with transaction.atomic(durable=True):
        place = _lock_progress()
        upto = min(place.upto + STEP, settled)
        if upto > place.upto:
            with connection.cursor() as cursor:
                cursor.execute(_ADD, {"after": place.upto, "upto": upto})
            place.upto = upto
            place.save()
    return int(place.upto)


def _lock_progress() -> CheckpointProgress:
    CheckpointProgress.objects.get_or_create(pk=1)
    return CheckpointProgress.objects.select_for_update().get(pk=1)
