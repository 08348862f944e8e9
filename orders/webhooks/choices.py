"""What a customer decides about the webhook: its address, its secret, sending again. Called by its page.

Each locks the webhook and takes a running turn's claim away, where it changes what that turn works with.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from orders.webhooks.address import webhook_address_problem
from orders.webhooks.models import Delivery, Webhook
from orders.webhooks.outbox import MOST_WAITING, News, message, waiting_of
from panel.customers.models import User
from panel.lib.outbound.signing import new_secret
from panel.lib.secret import Secret
from panel.ops import audit


class BadAddressError(ValueError):
    """No webhook can be at that address; nothing was changed. The message is for the customer."""


class CannotSendError(Exception):
    """No message can be sent now; nothing was changed. The message is for the customer."""


def set_webhook(*, customer: User, url: str, actor: str) -> Secret | None:
    """Tell changes to `url` from now on. A first webhook comes with its secret, to be shown once.

    Raises BadAddressError. Where a name leads shows at sending.
    """
    url = url.strip()
    if problem := webhook_address_problem(url):
        raise BadAddressError(problem)
    with transaction.atomic():
        locked = Webhook.objects.select_for_update(no_key=True, of=("self",))
        webhook, is_new = locked.get_or_create(customer=customer, defaults={"url": url})
        if webhook.url != url:
            webhook.slow_until = _not_before(webhook.slow_until, timezone.now())
        webhook.url, webhook.is_active, webhook.paused_why, webhook.rests_until = url, True, "", None
        webhook.end_turn()
        webhook.save(
            update_fields=["url", "slow_until", "is_active", "paused_why", "rests_until", "claim", "claimed_until"]
        )
        _record(customer, actor, "webhook set")
        return _new_secret(webhook) if is_new else None


def renew_secret(*, webhook: Webhook, actor: str) -> Secret:
    """A new secret in the place of the old one, which signs nothing from now on. Raises Webhook.DoesNotExist."""
    with transaction.atomic():
        _record(webhook.customer, actor, "webhook secret renewed")
        return _new_secret(_lock(webhook.pk))


def remove_webhook(*, webhook: Webhook, actor: str) -> None:
    """Forget the address and all that was sent there. Raises Webhook.DoesNotExist."""
    with transaction.atomic():
        locked = Webhook.objects.select_for_update(of=("self",)).get(pk=webhook.pk)
        _record(webhook.customer, actor, "webhook removed")
        locked.delete()


def send_test(*, webhook: Webhook) -> Delivery:
    """Queue a message that speaks of nothing. Raises CannotSendError and Webhook.DoesNotExist."""
    with transaction.atomic():
        _check_takes_more(_lock(webhook.pk))
        _check_no_test_waits(webhook.pk)
        delivery = message(
            webhook.pk, News(webhook.customer_id, Delivery.TEST, timezone.now(), {"text": "This is a test."})
        )
        delivery.save()
        _wake(webhook.pk)
    return delivery


def send_again(*, delivery: Delivery) -> bool:
    """Queue a message that is over once more, with the number it had; False where it is not over.

    It takes the place that its number has among those that wait. Raises CannotSendError and Webhook.DoesNotExist.
    """
    with transaction.atomic():
        webhook = _lock(delivery.webhook_id)
        over = Delivery.objects.filter(pk=delivery.pk, next_at=None)
        if not over.exists():
            return False
        _check_takes_more(webhook)
        if delivery.event == Delivery.TEST:
            _check_no_test_waits(webhook.pk)
        over.update(next_at=timezone.now(), tries=0, is_delivered=False, why="")
        _wake(webhook.pk)
    return True


def _lock(webhook_id: int) -> Webhook:
    return Webhook.objects.select_for_update(no_key=True, of=("self",)).get(pk=webhook_id)


def _check_takes_more(webhook: Webhook) -> None:
    if not webhook.is_active:
        raise CannotSendError(_("The webhook is paused. Switch it on first."))
    if waiting_of([webhook.pk]).get(webhook.pk, 0) >= MOST_WAITING:
        raise CannotSendError(_("Too many messages are waiting already."))


def _check_no_test_waits(webhook_id: int) -> None:
    if Delivery.objects.filter(webhook=webhook_id, event=Delivery.TEST, next_at__isnull=False).exists():
        raise CannotSendError(_("A test is waiting already."))


def _wake(webhook_id: int) -> None:
    """Whoever asks for it now does not wait for the rest after a failure: all that waits is tried, in its order."""
    Webhook.objects.filter(pk=webhook_id).update(rests_until=None)


def _not_before(moment: datetime | None, now: datetime) -> datetime:
    """A new address is not known to be quick, and changing it does not shorten the time in the slow lane."""
    return max(moment or now, now)


def _new_secret(webhook: Webhook) -> Secret:
    secret = new_secret()
    webhook.set_secret(secret)
    webhook.end_turn()
    webhook.save(update_fields=["sealed_secret", "claim", "claimed_until"])
    return secret


def _record(customer: User, actor: str, action: str) -> None:
    audit.record(actor=actor, action=action, target=f"customer:{customer.pk}")
