"""Orphans as they are kept, and what was said of them, with who and why."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from orders.models import Order, Orphan
from panel.ops import audit
from panel.ops.alerts.alerts import AlertText, follow_condition
from panel.ops.models import Alert
from providers.adapters.base import OrderStatus
from providers.balances.losses import record_loss, reverse_loss
from providers.models import Provider

KIND = "orphans"
LATE = "answered late for order "
"""How the status of one begins that was bought after its order had been decided; the order's number follows."""
THE_PANEL = "the panel"
"""Who is named in the audit trail where no person decided."""


def keep_orphan(*, provider: Provider, row: OrderStatus) -> bool:
    """Note what was found at a provider and is in no order here; whether it is new."""
    if ordered_as(provider_id=provider.pk, external_id=row.external_id) is not None:
        return False
    orphan, is_new = Orphan.objects.get_or_create(
        provider=provider,
        external_id=row.external_id,
        defaults={"charge": row.charge, "currency": row.currency, "status": row.raw[:100]},
    )
    return is_new and link_where_ordered(orphan=orphan) is None


def lock_orphan(*, orphan_id: int) -> Orphan:
    """The orphan with its provider, locked until the commit; after its order, where that is locked too."""
    rows = Orphan.objects.select_for_update(no_key=True, of=("self",)).select_related("provider")
    return rows.get(pk=orphan_id)


def write_verdict(*, orphan: Orphan, verdict: Orphan.Verdict, actor: str, reason: str, order_id: int | None) -> None:
    """Say what the locked orphan is, with a line in the audit trail, in the caller's transaction."""
    Orphan.objects.filter(pk=orphan.pk).update(
        verdict=verdict, order=order_id, decided_at=timezone.now(), decided_by=actor[:100]
    )
    detail = {"reason": reason} | ({"order": order_id} if order_id else {})
    audit.record(actor=actor, action=f"orphan {verdict}", target=f"orphan:{orphan.pk}", detail=detail)
    follow_orphans(provider_id=orphan.provider_id)


def write_loss(*, orphan: Orphan, reason: str) -> None:
    """Book what the locked orphan cost as lost, in the caller's transaction."""
    if orphan.charge:
        note = f"Order {orphan.external_id} there: {reason}"
        record_loss(provider=orphan.provider, amount=orphan.charge, key=f"orphan:{orphan.pk}", note=note)


def link_orphan(*, order: Order, actor: str, reason: str) -> None:
    """The order has its id at the provider now: where that was an orphan, it is this order, whatever was said of it.

    What was written off comes back from the losses, since the order books its cost itself. In the caller's transaction.
    """
    same = Orphan.objects.filter(provider=order.provider_id, external_id=order.provider_order_id)
    orphan_id = same.exclude(verdict=Orphan.Verdict.ADOPTED).values_list("pk", flat=True).first()
    if orphan_id is None:
        return
    orphan = lock_orphan(orphan_id=orphan_id)
    if orphan.verdict == Orphan.Verdict.ADOPTED:
        return
    if orphan.verdict == Orphan.Verdict.LOST:
        reverse_loss(provider=orphan.provider, key=f"orphan:{orphan.pk}", note=f"It is order {order.pk}.")
    write_verdict(orphan=orphan, verdict=Orphan.Verdict.ADOPTED, actor=actor, reason=reason, order_id=order.pk)


def link_where_ordered(*, orphan: Orphan) -> int | None:
    """The order that has this id by now, if any: the orphan is it. For who read the orders before it was kept."""
    order = ordered_as(provider_id=orphan.provider_id, external_id=orphan.external_id)
    if order is None:
        return None
    with transaction.atomic():
        link_orphan(order=order, actor=THE_PANEL, reason="The order has this id.")
    return order.pk


def ordered_as(*, provider_id: int, external_id: str) -> Order | None:
    """The order that has this id at the provider."""
    return Order.objects.filter(provider=provider_id, provider_order_id=external_id).first()


def answered_for(orphan: Orphan) -> int | None:
    """The order for which it was answered late, if it was."""
    number = orphan.status.removeprefix(LATE)
    return int(number) if number != orphan.status and number.isascii() and number.isdecimal() else None


def follow_orphans(*, provider_id: int) -> None:
    """Have the alert be open while something found there waits for a decision; it tells of the newest."""

    def look() -> AlertText | None:
        found = Orphan.objects.filter(provider=provider_id, verdict="").select_related("provider")
        newest = found.order_by("-pk").first()
        return None if newest is None else _text(newest)

    follow_condition(subject=f"{KIND}:{provider_id}", look=look)


def _text(orphan: Orphan) -> AlertText:
    facts = {"provider": orphan.provider, "id": orphan.external_id, "order": orphan.status.removeprefix(LATE)}
    if orphan.status.startswith(LATE):
        title = _("Order %(order)s was bought after all")
        detail = _("The provider has it as %(id)s, and here it was decided otherwise. Say what it is.")
    else:
        title = _("%(provider)s has an order under our key that is in no order here")
        detail = _(
            "Its id there is %(id)s. Somebody else may use the key. Say what it is; until then, and for a month, "
            "doubts there are decided by people alone."
        )
    return AlertText(Alert.Level.CRITICAL, title % facts, detail % facts)
