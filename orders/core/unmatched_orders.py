"""Provider orders that match no order here: kept, decided about, and announced to staff.

Called by the searches that find them and by the staff's decisions.
"""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from orders.models import Order, UnmatchedOrder
from panel.ops import audit
from panel.ops.alerts.alerts import AlertText, follow_condition
from panel.ops.models import Alert
from providers.adapters.base import OrderStatus
from providers.balances.losses import record_loss, reverse_loss
from providers.models import Provider

ALERT = "orphans"
"""What the subject of the alert begins with; alerts are kept under it, so it keeps its old name."""
LATE = "answered late for order "
"""How the status of an order begins that was placed after the decision about it; the order's number follows."""
THE_PANEL = "the panel"
"""The actor in the audit trail where no person decided."""


def keep_unmatched_order(*, provider: Provider, row: OrderStatus) -> bool:
    """Keep what was found at a provider and matches no order here; whether it is new."""
    if ordered_as(provider_id=provider.pk, external_id=row.external_id) is not None:
        return False
    unmatched, is_new = UnmatchedOrder.objects.get_or_create(
        provider=provider,
        external_id=row.external_id,
        defaults={"charge": row.charge, "currency": row.currency, "status": row.raw[:100]},
    )
    return is_new and link_where_ordered(unmatched=unmatched) is None


def lock_unmatched_order(*, unmatched_id: int) -> UnmatchedOrder:
    """The row with its provider, locked until the commit. Lock its order first where that is locked too."""
    rows = UnmatchedOrder.objects.select_for_update(no_key=True, of=("self",)).select_related("provider")
    return rows.get(pk=unmatched_id)


def write_verdict(
    *, unmatched: UnmatchedOrder, verdict: UnmatchedOrder.Verdict, actor: str, reason: str, order_id: int | None
) -> None:
    """Write the decision about the locked row and its audit event, in the caller's transaction."""
    UnmatchedOrder.objects.filter(pk=unmatched.pk).update(
        verdict=verdict, order=order_id, decided_at=timezone.now(), decided_by=actor[:100]
    )
    detail = {"reason": reason} | ({"order": order_id} if order_id else {})
    action, target = f"unmatched order {verdict}", f"unmatched order:{unmatched.pk}"
    audit.record(actor=actor, action=action, target=target, detail=detail)
    follow_unmatched_orders(provider_id=unmatched.provider_id)


def write_loss(*, unmatched: UnmatchedOrder, reason: str) -> None:
    """Book the cost of the locked row as a loss, in the caller's transaction."""
    if unmatched.charge:
        note = _("Provider order %(id)s: %(reason)s") % {"id": unmatched.external_id, "reason": reason}
        record_loss(provider=unmatched.provider, amount=unmatched.charge, key=_loss_key(unmatched), note=note)


def link_unmatched_order(*, order: Order, actor: str, reason: str) -> None:
    """Mark the unmatched order with this order's ID as this order, whatever was decided about it before.

    A loss that was booked for it is taken back, since the order books its cost itself. In the caller's transaction.
    """
    same = UnmatchedOrder.objects.filter(provider=order.provider_id, external_id=order.provider_order_id)
    unmatched_id = same.exclude(verdict=UnmatchedOrder.Verdict.ADOPTED).values_list("pk", flat=True).first()
    if unmatched_id is None:
        return
    unmatched = lock_unmatched_order(unmatched_id=unmatched_id)
    if unmatched.verdict == UnmatchedOrder.Verdict.ADOPTED:
        return
    if unmatched.verdict == UnmatchedOrder.Verdict.LOST:
        note = _("This is order #%(order)s.") % {"order": order.pk}
        reverse_loss(provider=unmatched.provider, key=_loss_key(unmatched), note=note)
    verdict = UnmatchedOrder.Verdict.ADOPTED
    write_verdict(unmatched=unmatched, verdict=verdict, actor=actor, reason=reason, order_id=order.pk)


def link_where_ordered(*, unmatched: UnmatchedOrder) -> int | None:
    """Link the row to the order that has its ID by now; that order's id, None where there is none.

    For callers that read the orders before the row was kept.
    """
    order = ordered_as(provider_id=unmatched.provider_id, external_id=unmatched.external_id)
    if order is None:
        return None
    with transaction.atomic():
        link_unmatched_order(order=order, actor=THE_PANEL, reason=_("The order has this ID."))
    return order.pk


def ordered_as(*, provider_id: int, external_id: str) -> Order | None:
    """The order that has this ID at the provider."""
    return Order.objects.filter(provider=provider_id, provider_order_id=external_id).first()


def answered_for(unmatched: UnmatchedOrder) -> int | None:
    """The order that the provider confirmed too late with this ID, if any."""
    number = unmatched.status.removeprefix(LATE)
    return int(number) if number != unmatched.status and number.isascii() and number.isdecimal() else None


def follow_unmatched_orders(*, provider_id: int) -> None:
    """Keep the alert open while an unmatched order of the provider waits for a decision; it shows the newest one."""

    def look() -> AlertText | None:
        rows = UnmatchedOrder.objects.filter(provider=provider_id, verdict="").select_related("provider")
        newest = rows.order_by("-pk").first()
        return None if newest is None else _text(newest)

    follow_condition(subject=f"{ALERT}:{provider_id}", look=look)


def _loss_key(unmatched: UnmatchedOrder) -> str:
    """The key of the transfer; the ledger has kept losses under it from the first version on."""
    return f"orphan:{unmatched.pk}"


def _text(unmatched: UnmatchedOrder) -> AlertText:
    facts = {
        "provider": unmatched.provider,
        "id": unmatched.external_id,
        "order": unmatched.status.removeprefix(LATE),
    }
    if unmatched.status.startswith(LATE):
        title = _("Order #%(order)s was placed at the provider after all")
        detail = _("The provider has it as order %(id)s, but it was decided differently here. Decide what it is.")
    else:
        title = _("Unknown order at %(provider)s")
        detail = _(
            "Order %(id)s at the provider matches no order here. Somebody else may be using your API key. Decide what "
            "it is: until then, and for a month after, staff must decide every unconfirmed order at this provider."
        )
    return AlertText(Alert.Level.CRITICAL, title % facts, detail % facts)
