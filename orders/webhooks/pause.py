"""Pauses a webhook until its customer enables it again. Called by turn and outbox."""

from django.utils.translation import gettext as _

from orders.webhooks.models import Delivery, Webhook


def pause_webhook(*, webhook_id: int, reason: str) -> None:
    """Runs in the caller's transaction, which has locked the webhook. Waiting messages end and can be resent."""
    message = _("The webhook is paused. %(reason)s Enable it again once the problem is fixed.") % {"reason": reason}
    Webhook.objects.filter(pk=webhook_id).update(
        is_active=False, pause_reason=message[:300], claim="", claimed_until=None, retry_at=None
    )
    Delivery.objects.filter(webhook=webhook_id, next_at__isnull=False).update(
        next_at=None, reason=_("The webhook was paused before this message was sent.")
    )
