"""How far the scheduled check of the ledger has come."""

from django.db import models


class LedgerCheck(models.Model):
    """One row: where the next run goes on. Written by orders/accounting/ledger_check.py alone."""

    last_order = models.BigIntegerField(default=0, help_text="The last order of this round that was checked.")
    last_event = models.BigIntegerField(default=0, help_text="Orders with later events are looked at again.")
    last_transfer = models.BigIntegerField(default=0, help_text="Orders with later transfers are looked at again.")
    differences = models.PositiveIntegerField(default=0, help_text="What was found since the last round began.")
    round_began = models.DateTimeField(null=True, help_text="When the last round began, which looks at everything.")
    is_in_round = models.BooleanField(default=False, help_text="Whether orders of it are left.")

    def __str__(self) -> str:
        return f"checked to order {self.last_order}"
