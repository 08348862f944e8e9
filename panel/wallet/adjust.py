"""Staff put money into a customer's wallet, or take it out, with a reason. Called by the admin's "Adjust balance"."""

from decimal import Decimal

from django.db import IntegrityError, transaction

from panel.customers.models import User
from panel.lib.money import plain
from panel.ops import audit
from panel.wallet import ledger
from panel.wallet.ledger import NotEnoughFundsError
from panel.wallet.models import Transfer
from panel.wallet.own_money import refuse_own_money


def adjust_wallet(*, user: User, amount: Decimal, reason: str, token: str, actor: str) -> bool:
    """Book `amount` into the wallet, or out of it where it is negative; in the audit trail with its reason.

    The same `token` books once: False when it was booked before. Nothing moves where NotEnoughFundsError or
    OwnMoneyError is raised.
    """
    refuse_own_money(actor=actor, customer=user)
    key = f"adjust:{token}"
    try:
        with transaction.atomic(durable=True):
            if Transfer.objects.filter(key=key).exists():
                return False
            move = ledger.credit_wallet if amount > 0 else ledger.debit_wallet
            move(user=user, amount=abs(amount), key=key, note=reason)
            detail = {"amount": plain(amount), "reason": reason, "transfer": key}
            audit.record(actor=actor, action="wallet.adjust", target=f"user:{user.pk}", detail=detail)
    except (IntegrityError, NotEnoughFundsError):
        if Transfer.objects.filter(key=key).exists():  # the other click of the two was first
            return False
        raise
    return True
