"""The progress of the scheduled ledger check."""

from django.db import models
from django.utils.translation import gettext_lazy as _lazy


class LedgerCheck(models.Model):
    """One row: where the next run continues. Written by orders/accounting/ledger_check.py alone."""

    last_order = models.BigIntegerField(default=0, help_text=_lazy("The last order checked in this round."))
    last_event = models.BigIntegerField(default=0, help_text=_lazy("Orders with later events are checked again."))
    last_transfer = models.BigIntegerField(default=0, help_text=_lazy("Orders with later transfers are checked again."))
    differences = models.PositiveIntegerField(
        default=0, help_text=_lazy("Differences found since the last round began.")
    )
    round_began = models.DateTimeField(null=True, help_text=_lazy("When the last round, a check of all orders, began."))
    is_in_round = models.BooleanField(default=False, help_text=_lazy("Whether the round has orders left to check."))

    def __str__(self) -> str:
        return f"checked to order {self.last_order}"
