"""What a customer decides about the webhook: its address, its secret, sending again. Called by its page."""

from django.db import transaction
from django.utils import timezone

from orders.webhooks.address import webhook_address_problem
from orders.webhooks.models import Delivery, Webhook
from orders.webhooks.outbox import News, message
from panel.customers.models import User
from panel.lib.secret import Secret
from panel.lib.signing import new_secret
from panel.ops import audit


class BadAddressError(ValueError):
    """No webhook can be at that address; nothing was changed. The message is for the customer."""


def set_webhook(*, customer: User, url: str, actor: str) -> Secret | None:
    """Tell changes to `url` from now on. A first webhook comes with its secret, to be shown once.

    Raises BadAddressError. Where a name leads shows at sending.
    """
    url = url.strip()
    if problem := webhook_address_problem(url):
        raise BadAddressError(problem)
    with transaction.atomic():
        webhook, is_new = Webhook.objects.get_or_create(customer=customer, defaults={"url": url})
        webhook.url, webhook.is_active, webhook.paused_why, webhook.rests_until = url, True, "", None
        webhook.save(update_fields=["url", "is_active", "paused_why", "rests_until"])
        _record(customer, actor, "webhook set")
        return _new_secret(webhook) if is_new else None


def renew_secret(*, webhook: Webhook, actor: str) -> Secret:
    """A new secret in the place of the old one, which signs nothing from now on."""
    with transaction.atomic():
        _record(webhook.customer, actor, "webhook secret renewed")
        return _new_secret(webhook)


def remove_webhook(*, webhook: Webhook, actor: str) -> None:
    """Forget the address and all that was sent there."""
    with transaction.atomic():
        _record(webhook.customer, actor, "webhook removed")
        webhook.delete()


def send_test(*, webhook: Webhook) -> Delivery:
    """Queue a message that speaks of nothing."""
    now = timezone.now()
    delivery = message(webhook.pk, News(webhook.customer_id, "test", now, {"text": "This is a test."}))
    delivery.save()
    _wake(webhook.pk)
    return delivery


def send_again(*, delivery: Delivery) -> bool:
    """Queue a message that is over once more, with the number it had; False where it is not over."""
    again = Delivery.objects.filter(pk=delivery.pk, next_at=None)
    _wake(delivery.webhook_id)
    return bool(again.update(next_at=timezone.now(), tries=0, is_delivered=False, why=""))


def _wake(webhook_id: int) -> None:
    """Whoever asks for it now does not wait for the rest after a failure."""
    Webhook.objects.filter(pk=webhook_id).update(rests_until=None)


def _new_secret(webhook: Webhook) -> Secret:
    secret = new_secret()
    webhook.set_secret(secret)
    webhook.save(update_fields=["sealed_secret"])
    return secret


def _record(customer: User, actor: str, action: str) -> None:
    audit.record(actor=actor, action=action, target=f"customer:{customer.pk}")
