"""Pause a webhook: nothing more is sent until its customer switches it on again. Called by turn and by outbox."""

from django.utils.translation import gettext as _

from orders.webhooks.models import Delivery, Webhook


def pause_webhook(*, webhook_id: int, why: str) -> None:
    """In the caller's transaction, which holds the webhook. What waited is over, and can be sent again by hand."""
    said = _("The webhook is paused. %(why)s Switch it on again when it works.") % {"why": why}
    Webhook.objects.filter(pk=webhook_id).update(
        is_active=False, paused_why=said[:300], claim="", claimed_until=None, rests_until=None
    )
    Delivery.objects.filter(webhook=webhook_id, next_at__isnull=False).update(
        next_at=None, why=_("The webhook was paused before this message was sent.")
    )
