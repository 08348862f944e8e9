"""`manage.py check_ledger`: check everything; exit status 1 and a list on any difference."""

from typing import Any

from orders.accounting.audit import audit_all
from panel.lib.commands import Answer, OperatorCommand


class Command(OperatorCommand):
    help = "Recount the wallets and every order's money. Changes nothing; exit status 1 where anything differs."

    def work(self, **options: Any) -> Answer:
        differences = audit_all()
        return Answer(
            text="\n".join(differences) or "The books add up.",
            data={"ok": not differences, "differences": differences},
            exit_status=1 if differences else 0,
        )
