"""Adding money: a customer asks, somebody says what came, and that is credited once. Called by the pages and the admin.

The credit's key is `topup:<id>`, so that the books themselves refuse a second one.
"""

import logging
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.mail import send_mail
from django.db import IntegrityError, transaction

from panel.customers.models import User
from panel.customers.suspension import FROZEN
from panel.lib.money import LARGEST, plain
from panel.ops import audit
from panel.ops.alerts.alerts import judge_alone
from panel.wallet import ledger
from panel.wallet.approvals.second_approval import Proposed, authorize
from panel.wallet.deposits.alert import SUBJECT as DEPOSITS
from panel.wallet.deposits.alert import follow_deposits
from panel.wallet.deposits.limits import check_limits
from panel.wallet.deposits.picture_cleanup import drop_picture
from panel.wallet.deposits.pictures import LARGEST as LARGEST_PICTURE
from panel.wallet.deposits.pictures import picture_kind
from panel.wallet.gateways import gateway_of
from panel.wallet.gateways.base import Ask, BadAskError
from panel.wallet.models import ApprovalRequest, PaymentMethod, TopUp

log = logging.getLogger(__name__)

HEAD = 16


class TopUpDecidedError(Exception):
    """Somebody has decided in the meantime; nothing moved. The message is for people."""


def ask_top_up(
    *,
    customer: User,
    method_id: int,
    amount: Decimal,
    reference: str,
    token: str,
    now: datetime,
    picture: bytes = b"",
) -> TopUp:
    """Note the wish; no money moves. The same token is the same wish. Raises BadAskError."""
    if earlier := TopUp.objects.filter(customer=customer, token=token).first():
        return earlier
    if customer.is_frozen:
        raise BadAskError("", FROZEN)
    method = PaymentMethod.objects.filter(pk=method_id, is_active=True).first()
    if method is None:
        raise BadAskError("method", "This way to pay is not offered any more. Choose another one.")
    _check(method, Ask(amount=amount, reference=reference.strip(), picture=picture[:HEAD]), len(picture))
    top_up = TopUp(
        customer=customer,
        token=token,
        method=method,
        currency=settings.CURRENCY,
        amount=amount,
        reference=reference.strip(),
        asked_at=now,
    )
    try:
        _write(top_up, picture)
    except IntegrityError:  # the same form, sent twice at once
        top_up.picture.delete(save=False)
        return TopUp.objects.get(customer=customer, token=token)
    return top_up


def approve_top_up(
    *, top_up_id: int, amount: Decimal, note: str, actor: str, now: datetime, approval: int | None = None
) -> TopUp:
    """Credit what really came, once.

    Raises TopUpDecidedError, BadAskError for what is no amount, and the errors of `authorize`.
    """
    if not 0 < amount < LARGEST:
        raise BadAskError("amount", "The amount that came is above zero.")
    with transaction.atomic(durable=True):
        top_up = _undecided(top_up_id)
        ledger.lock_wallet(user=top_up.customer)
        authorize(_proposed(top_up, amount, note), actor=actor, approval=approval, now=now)
        ledger.credit_wallet(
            user=top_up.customer,
            amount=amount,
            key=f"topup:{top_up.pk}",
            note=str(top_up.method),
            source=f"gateway:{top_up.method_id}",
        )
        top_up.credited = amount
        _decide(top_up, TopUp.State.APPROVED, note, actor, now)
    return top_up


def _proposed(top_up: TopUp, amount: Decimal, note: str) -> Proposed:
    return Proposed(
        action=ApprovalRequest.Action.DEPOSIT,
        subject=f"topup:{top_up.pk}",
        customer=top_up.customer,
        amount=amount,
        reason=note,
    )


def refuse_top_up(*, top_up_id: int, note: str, actor: str, now: datetime) -> TopUp:
    """Close the wish without a credit; `note` tells the customer why. Raises TopUpDecidedError and BadAskError."""
    if not note.strip():
        raise BadAskError("note", "Tell the customer why.")
    with transaction.atomic(durable=True):
        top_up = _undecided(top_up_id)
        _decide(top_up, TopUp.State.REFUSED, note, actor, now)
        _drop_picture_on_commit(top_up)
    return top_up


def withdraw_top_up(*, customer: User, top_up_id: int, now: datetime) -> bool:
    """The customer takes the wish back; False where it is decided by now, or not theirs."""
    with transaction.atomic():
        mine = TopUp.objects.filter(pk=top_up_id, customer=customer, state=TopUp.State.ASKED)
        done = mine.update(state=TopUp.State.WITHDRAWN, decided_at=now, decided_by=customer.email[:100]) == 1
        follow_deposits()
        if done:
            _drop_picture_on_commit(TopUp.objects.get(pk=top_up_id))
    return done


def _check(method: PaymentMethod, ask: Ask, picture_size: int) -> None:
    if not method.minimum <= ask.amount <= method.maximum:
        limits = f"from {plain(method.minimum)} to {plain(method.maximum)} {settings.CURRENCY}"
        raise BadAskError("amount", f"{method} takes {limits}.")
    if picture_size > LARGEST_PICTURE:
        raise BadAskError("picture", "The picture is too large: at most 5 MB.")
    gateway_of(method.gateway).check(ask)


def _write(top_up: TopUp, picture: bytes) -> None:
    customer = top_up.customer
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=customer.pk)  # so that the limit holds
        judge_alone(DEPOSITS)  # so that the limit of all holds
        check_limits(customer=customer, picture_size=len(picture), now=top_up.asked_at)
        if picture:
            top_up.picture_size = len(picture)
            top_up.picture.save(f"proof.{picture_kind(picture[:HEAD])}", ContentFile(picture), save=False)
        top_up.save(force_insert=True)
        follow_deposits()


def _undecided(top_up_id: int) -> TopUp:
    rows = TopUp.objects.select_for_update(no_key=True, of=("self",)).select_related("customer", "method")
    top_up = rows.get(pk=top_up_id)
    if top_up.state != TopUp.State.ASKED:
        raise TopUpDecidedError(f"This top-up is {top_up.state} already. Nothing was changed.")
    return top_up


def _decide(top_up: TopUp, state: TopUp.State, note: str, actor: str, now: datetime) -> None:
    top_up.state, top_up.note = state, " ".join(note.split())[:300]
    top_up.decided_at, top_up.decided_by = now, actor[:100]
    top_up.save(update_fields=["state", "note", "credited", "decided_at", "decided_by"])
    detail = {"credited": plain(top_up.credited)} if top_up.credited is not None else {}
    audit.record(actor=actor, action=f"top-up.{state}", target=f"topup:{top_up.pk}", detail=detail)
    follow_deposits()
    transaction.on_commit(lambda: _tell(top_up), robust=True)


def _drop_picture_on_commit(top_up: TopUp) -> None:
    """The daily sweep drops it where this does not."""
    if top_up.picture:
        transaction.on_commit(lambda: drop_picture(top_up), robust=True)


def _tell(top_up: TopUp) -> None:
    """A mail to the customer; the wallet page says the same where it does not arrive."""
    if top_up.credited is not None:
        text = f"{plain(top_up.credited)} {top_up.currency} are in your wallet."
    else:
        text = "Your top-up was not accepted, and nothing was credited."
    body = "\n\n".join(part for part in (text, top_up.note, f"{settings.SITE_URL}/wallet/") if part)
    try:
        send_mail(f"[{settings.SITE_NAME}] Your top-up", body, None, [top_up.customer.email])
    except OSError:
        log.warning("mail not sent", exc_info=True, extra={"top_up": top_up.pk})
