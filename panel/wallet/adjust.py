"""Adjusts a customer's balance, with a reason. Called by "Adjust balance" in the admin."""

from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils import timezone

from panel.customers.models import User
from panel.lib.money import plain
from panel.ops import audit
from panel.wallet import ledger
from panel.wallet.approvals.second_approval import Proposed, authorize
from panel.wallet.ledger import NotEnoughFundsError
from panel.wallet.models import ApprovalRequest, Transfer


def adjust_wallet(
    *, user: User, amount: Decimal, reason: str, token: str, actor: str, approval: int | None = None
) -> bool:
    """Add `amount` to the wallet, or deduct it if negative. Recorded in the audit trail with its reason.

    The same `token` is booked once; False if it was booked before. Nothing moves if NotEnoughFundsError or an error of
    `authorize` is raised.
    """
    key = f"adjust:{token}"
    try:
        with transaction.atomic(durable=True):
            ledger.lock_wallet(user=user)
            if Transfer.objects.filter(key=key).exists():
                return False
            authorize(_proposed(user, amount, reason, token), actor=actor, approval=approval, now=timezone.now())
            move = ledger.credit_wallet if amount > 0 else ledger.debit_wallet
            move(user=user, amount=abs(amount), key=key, note=reason)
            detail = {"amount": plain(amount), "reason": reason, "transfer": key}
            audit.record(actor=actor, action="wallet.adjust", target=f"user:{user.pk}", detail=detail)
    except (IntegrityError, NotEnoughFundsError):
        if Transfer.objects.filter(key=key).exists():  # the same form, sent twice at once
            return False
        raise
    return True


def _proposed(user: User, amount: Decimal, reason: str, token: str) -> Proposed:
    return Proposed(
        action=ApprovalRequest.Action.ADJUST,
        subject=f"user:{user.pk}",
        customer=user,
        amount=amount,
        reason=reason,
        arguments={"token": token},
    )
