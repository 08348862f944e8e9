"""Orphans as they are kept, and what was said of them: once, with who and why."""

from django.utils import timezone

from orders.models import Order, Orphan
from panel.ops import audit
from panel.ops.alerts import close_alert
from providers.adapters.base import OrderStatus
from providers.models import Provider

SUBJECT = "orphans"


def keep_orphan(*, provider: Provider, row: OrderStatus) -> bool:
    """Note what was found at a provider and is in no order here; whether it is new."""
    if Order.objects.filter(provider=provider, provider_order_id=row.external_id).exists():
        return False
    _, is_new = Orphan.objects.get_or_create(
        provider=provider,
        external_id=row.external_id,
        defaults={"charge": row.charge, "currency": row.currency, "status": row.raw[:100]},
    )
    return is_new


def write_verdict(*, orphan: Orphan, verdict: Orphan.Verdict, actor: str, reason: str, order_id: int | None) -> bool:
    """In the caller's transaction, with its line in the audit trail; False where it was decided before."""
    decided = Orphan.objects.filter(pk=orphan.pk, verdict="").update(
        verdict=verdict, order=order_id, decided_at=timezone.now(), decided_by=actor[:100]
    )
    if decided:
        detail = {"reason": reason} | ({"order": order_id} if order_id else {})
        audit.record(actor=actor, action=f"orphan {verdict}", target=f"orphan:{orphan.pk}", detail=detail)
        close_where_decided(provider_id=orphan.provider_id)
    return bool(decided)


def link_orphan(*, order: Order, actor: str, reason: str) -> None:
    """The order has an id now: where that was an orphan, it is this order."""
    orphan = Orphan.objects.filter(provider=order.provider_id, external_id=order.provider_order_id, verdict="").first()
    if orphan is not None:
        write_verdict(orphan=orphan, verdict=Orphan.Verdict.ADOPTED, actor=actor, reason=reason, order_id=order.pk)


def close_where_decided(*, provider_id: int) -> None:
    """End the alert when nothing bought there waits for a decision any more."""
    if not Orphan.objects.filter(provider=provider_id, verdict="").exists():
        close_alert(subject=f"{SUBJECT}:{provider_id}")
