"""`manage.py rebuild_checkpoints`: drop the accounts' checkpoints and take them anew from the transfers."""

from typing import Any

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from panel.lib.commands import Answer, OperatorCommand, operator
from panel.ops import audit
from panel.wallet.checkpoints import forget_checkpoints, keep_checkpoints
from panel.wallet.models import Checkpoint


class Command(OperatorCommand):
    help = "Drop the checkpoints of all accounts' balances and take them anew from the transfers. No money moves."

    def work(self, **options: Any) -> Answer:
        forget_checkpoints()
        audit.record(actor=operator(), action="checkpoints.rebuild", target="panel")
        keep_checkpoints(now=timezone.now(), seconds=float("inf"))
        upto = Checkpoint.objects.aggregate(upto=Max("upto"))["upto"] or 0
        accounts = Checkpoint.objects.count()
        text = _("%(accounts)d checkpoints, up to transfer %(upto)d.") % {"accounts": accounts, "upto": upto}
        return Answer(text=text, data={"accounts": accounts, "upto": upto})
