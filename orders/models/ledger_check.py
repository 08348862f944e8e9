"""How far the scheduled check of the ledger has come."""

from django.db import models


class LedgerCheck(models.Model):
    """One row: where the next run goes on. Written by orders/ledger_check.py alone."""

    last_order = models.BigIntegerField(default=0, help_text="The last order of this round that was checked.")
    last_event = models.BigIntegerField(default=0, help_text="Orders with later events changed since then.")
    differences = models.PositiveIntegerField(default=0, help_text="What earlier runs of this round found.")

    def __str__(self) -> str:
        return f"checked to order {self.last_order}"
