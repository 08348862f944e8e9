"""Deposits: a customer reports a payment, staff or a gateway confirm it, and it is credited once.

Called by the wallet page and the admin. The credit's key is `topup:<id>`, so that the ledger refuses a second one.
"""

import logging
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from panel.customers.models import User
from panel.customers.suspension import suspended_message
from panel.lib.money import MAX_AMOUNT, plain
from panel.ops import audit
from panel.ops.alerts.alerts import lock_subject
from panel.wallet import ledger
from panel.wallet.approvals.second_approval import Proposed, authorize
from panel.wallet.deposits.alert import SUBJECT as DEPOSITS
from panel.wallet.deposits.alert import follow_deposits
from panel.wallet.deposits.limits import check_limits
from panel.wallet.deposits.picture_cleanup import drop_picture
from panel.wallet.deposits.pictures import MAX_PICTURE_BYTES, picture_kind
from panel.wallet.gateways import gateway_of
from panel.wallet.gateways.base import DepositReport, InvalidDepositError
from panel.wallet.models import ApprovalRequest, PaymentMethod, TopUp
from panel.web.formatting import money_text
from panel.web.mail import compose_email, prefixed

log = logging.getLogger(__name__)

HEAD = 16


class DepositDecidedError(Exception):
    """The deposit was already reviewed; nothing moved. The message is for the person."""


def report_deposit(
    *,
    customer: User,
    method_id: int,
    amount: Decimal,
    reference: str,
    token: str,
    now: datetime,
    picture: bytes = b"",
) -> TopUp:
    """Store the report; no money moves. The same token returns the same deposit. Raises InvalidDepositError."""
    if earlier := TopUp.objects.filter(customer=customer, token=token).first():
        return earlier
    if customer.is_suspended:
        raise InvalidDepositError("", suspended_message())
    method = PaymentMethod.objects.filter(pk=method_id, is_active=True).first()
    if method is None:
        raise InvalidDepositError("method", _("This payment method is no longer available. Choose another one."))
    _check(method, DepositReport(amount=amount, reference=reference.strip(), picture=picture[:HEAD]), len(picture))
    deposit = TopUp(
        customer=customer,
        token=token,
        method=method,
        currency=settings.CURRENCY,
        amount=amount,
        reference=reference.strip(),
        asked_at=now,
    )
    try:
        _write(deposit, picture)
    except IntegrityError:  # the same form, sent twice at once
        deposit.picture.delete(save=False)
        return TopUp.objects.get(customer=customer, token=token)
    return deposit


def approve_deposit(
    *, deposit_id: int, amount: Decimal, note: str, actor: str, now: datetime, approval: int | None = None
) -> TopUp:
    """Credit the amount received, once.

    Raises DepositDecidedError, InvalidDepositError for an invalid amount, and the errors of `authorize`.
    """
    if not 0 < amount < MAX_AMOUNT:
        raise InvalidDepositError("amount", _("Enter an amount above zero."))
    with transaction.atomic(durable=True):
        deposit = _undecided(deposit_id)
        ledger.lock_wallet(user=deposit.customer)
        authorize(_proposed(deposit, amount, note), actor=actor, approval=approval, now=now)
        ledger.credit_wallet(
            user=deposit.customer,
            amount=amount,
            key=f"topup:{deposit.pk}",
            note=str(deposit.method),
            source=f"gateway:{deposit.method_id}",
        )
        deposit.credited = amount
        _decide(deposit, TopUp.State.APPROVED, note, actor, now)
    return deposit


def _proposed(deposit: TopUp, amount: Decimal, note: str) -> Proposed:
    return Proposed(
        action=ApprovalRequest.Action.DEPOSIT,
        subject=f"topup:{deposit.pk}",
        customer=deposit.customer,
        amount=amount,
        reason=note,
    )


def reject_deposit(*, deposit_id: int, note: str, actor: str, now: datetime) -> TopUp:
    """Close the deposit without a credit; the customer sees `note`. Raises as `approve_deposit` does."""
    if not note.strip():
        raise InvalidDepositError("note", _("Tell the customer why you reject this deposit."))
    with transaction.atomic(durable=True):
        deposit = _undecided(deposit_id)
        _decide(deposit, TopUp.State.REFUSED, note, actor, now)
        _drop_picture_on_commit(deposit)
    return deposit


def cancel_deposit(*, customer: User, deposit_id: int, now: datetime) -> bool:
    """Cancel a pending deposit of the customer; False if it was already reviewed or is not theirs."""
    with transaction.atomic():
        mine = TopUp.objects.filter(pk=deposit_id, customer=customer, state=TopUp.State.ASKED)
        done = mine.update(state=TopUp.State.WITHDRAWN, decided_at=now, decided_by=customer.email[:100]) == 1
        follow_deposits()
        if done:
            _drop_picture_on_commit(TopUp.objects.get(pk=deposit_id))
    return done


def _check(method: PaymentMethod, report: DepositReport, picture_size: int) -> None:
    if not method.minimum <= report.amount <= method.maximum:
        text = _("Enter an amount between %(minimum)s and %(maximum)s.")
        limits = {
            "minimum": money_text(method.minimum, currency=settings.CURRENCY),
            "maximum": money_text(method.maximum, currency=settings.CURRENCY),
        }
        raise InvalidDepositError("amount", text % limits)
    if picture_size > MAX_PICTURE_BYTES:
        raise InvalidDepositError("picture", _("The image is too large. It can be up to 5 MB."))
    gateway_of(method.gateway).check(report)


def _write(deposit: TopUp, picture: bytes) -> None:
    customer = deposit.customer
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=customer.pk)  # so that the limit holds
        lock_subject(DEPOSITS)  # so that the limit of all holds
        check_limits(customer=customer, picture_size=len(picture), now=deposit.asked_at)
        if picture:
            deposit.picture_size = len(picture)
            deposit.picture.save(f"proof.{picture_kind(picture[:HEAD])}", ContentFile(picture), save=False)
        deposit.save(force_insert=True)
        follow_deposits()


def _undecided(deposit_id: int) -> TopUp:
    rows = TopUp.objects.select_for_update(no_key=True, of=("self",)).select_related("customer", "method")
    deposit = rows.get(pk=deposit_id)
    if deposit.state != TopUp.State.ASKED:
        raise DepositDecidedError(_("This deposit was already reviewed. Nothing was changed."))
    return deposit


def _decide(deposit: TopUp, state: TopUp.State, note: str, actor: str, now: datetime) -> None:
    deposit.state, deposit.note = state, " ".join(note.split())[:300]
    deposit.decided_at, deposit.decided_by = now, actor[:100]
    deposit.save(update_fields=["state", "note", "credited", "decided_at", "decided_by"])
    detail = {"credited": plain(deposit.credited)} if deposit.credited is not None else {}
    audit.record(actor=actor, action=f"deposit.{state}", target=f"topup:{deposit.pk}", detail=detail)
    follow_deposits()
    transaction.on_commit(lambda: _notify(deposit), robust=True)


def _drop_picture_on_commit(deposit: TopUp) -> None:
    """The daily cleanup deletes it if this fails."""
    if deposit.picture:
        transaction.on_commit(lambda: drop_picture(deposit), robust=True)


def _notify(deposit: TopUp) -> None:
    """Email the customer. The wallet page shows the same if the email does not arrive."""
    if deposit.credited is not None:
        text = _("We added %(amount)s to your balance.")
        amount = money_text(deposit.credited, currency=deposit.currency)
    else:
        text = _("We couldn't accept your deposit of %(amount)s. Nothing was added to your balance.")
        amount = money_text(deposit.amount, currency=deposit.currency)
    email = compose_email(
        subject=prefixed(_("Your deposit")),
        paragraphs=[text % {"amount": amount}, deposit.note],
        to=[deposit.customer.email],
        url=f"{settings.SITE_URL}/wallet/",
    )
    try:
        email.send()
    except OSError:
        log.warning("mail not sent", exc_info=True, extra={"top_up": deposit.pk})
