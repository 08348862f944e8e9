"""The customer's actions on the webhook: saving its URL, rotating its secret, resending messages. Called by its page.

Each locks the webhook, and ends a running turn where it changes what the turn works with.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from orders.webhooks.address import webhook_address_problem
from orders.webhooks.models import Delivery, Webhook
from orders.webhooks.outbox import MAX_WAITING, Update, message, waiting_of
from panel.customers.models import User
from panel.lib.outbound.signing import new_secret
from panel.lib.secret import Secret
from panel.ops import audit


class BadAddressError(ValueError):
    """The URL can't be used for a webhook; nothing was changed. The message is for the customer."""


class CannotSendError(Exception):
    """No message can be sent now; nothing was changed. The message is for the customer."""


def set_webhook(*, customer: User, url: str, actor: str) -> Secret | None:
    """Send updates to `url` from now on. A new webhook returns its secret, to be shown once.

    Raises BadAddressError. The host is resolved when a message is sent.
    """
    url = url.strip()
    if problem := webhook_address_problem(url):
        raise BadAddressError(problem)
    with transaction.atomic():
        locked = Webhook.objects.select_for_update(no_key=True, of=("self",))
        webhook, is_new = locked.get_or_create(customer=customer, defaults={"url": url})
        if webhook.url != url:
            webhook.slow_until = _not_before(webhook.slow_until, timezone.now())
        webhook.url, webhook.is_active, webhook.pause_reason, webhook.retry_at = url, True, "", None
        webhook.end_turn()
        webhook.save(
            update_fields=["url", "slow_until", "is_active", "pause_reason", "retry_at", "claim", "claimed_until"]
        )
        _record(customer, actor, "webhook set")
        return _new_secret(webhook) if is_new else None


def renew_secret(*, webhook: Webhook, actor: str) -> Secret:
    """Replace the secret and return the new one. Raises Webhook.DoesNotExist."""
    with transaction.atomic():
        _record(webhook.customer, actor, "webhook secret renewed")
        return _new_secret(_lock(webhook.pk))


def remove_webhook(*, webhook: Webhook, actor: str) -> None:
    """Delete the webhook and its messages. Raises Webhook.DoesNotExist."""
    with transaction.atomic():
        locked = Webhook.objects.select_for_update(of=("self",)).get(pk=webhook.pk)
        _record(webhook.customer, actor, "webhook removed")
        locked.delete()


def send_test(*, webhook: Webhook) -> Delivery:
    """Queue a test message. Raises CannotSendError and Webhook.DoesNotExist."""
    with transaction.atomic():
        _check_takes_more(_lock(webhook.pk))
        _check_no_test_waits(webhook.pk)
        delivery = message(
            webhook.pk, Update(webhook.customer_id, Delivery.TEST, timezone.now(), {"text": "This is a test."})
        )
        delivery.save()
        _wake(webhook.pk)
    return delivery


def send_again(*, delivery: Delivery) -> bool:
    """Queue a finished message again under the same id; False where it is not finished.

    It is sent in the order of its id among the waiting ones. Raises CannotSendError and Webhook.DoesNotExist.
    """
    with transaction.atomic():
        webhook = _lock(delivery.webhook_id)
        over = Delivery.objects.filter(pk=delivery.pk, next_at=None)
        if not over.exists():
            return False
        _check_takes_more(webhook)
        if delivery.event == Delivery.TEST:
            _check_no_test_waits(webhook.pk)
        over.update(next_at=timezone.now(), tries=0, is_delivered=False, reason="")
        _wake(webhook.pk)
    return True


def _lock(webhook_id: int) -> Webhook:
    return Webhook.objects.select_for_update(no_key=True, of=("self",)).get(pk=webhook_id)


def _check_takes_more(webhook: Webhook) -> None:
    if not webhook.is_active:
        raise CannotSendError(_("The webhook is paused. Enable it first."))
    if waiting_of([webhook.pk]).get(webhook.pk, 0) >= MAX_WAITING:
        raise CannotSendError(_("Too many messages are already waiting."))


def _check_no_test_waits(webhook_id: int) -> None:
    if Delivery.objects.filter(webhook=webhook_id, event=Delivery.TEST, next_at__isnull=False).exists():
        raise CannotSendError(_("A test is already waiting."))


def _wake(webhook_id: int) -> None:
    """End the wait after a failure: all waiting messages are tried now, in their order."""
    Webhook.objects.filter(pk=webhook_id).update(retry_at=None)


def _not_before(moment: datetime | None, now: datetime) -> datetime:
    """A new URL is not known to be quick, and changing it doesn't shorten the time in the slow lane."""
    return max(moment or now, now)


def _new_secret(webhook: Webhook) -> Secret:
    secret = new_secret()
    webhook.set_secret(secret)
    webhook.end_turn()
    webhook.save(update_fields=["sealed_secret", "claim", "claimed_until"])
    return secret


def _record(customer: User, actor: str, action: str) -> None:
    audit.record(actor=actor, action=action, target=f"customer:{customer.pk}")
