"""Sends one message to a customer's endpoint, without the database, so threads may run it. Called by turn.

The customer, who chose the URL, reads why a message failed. The texts never say whether a name resolves, a network is
private or a port is closed: the panel would scan its own network for anybody. The log has the cause.
"""

import json
import logging
import time
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from orders.webhooks.models import Delivery
from panel.lib.outbound.client import NoAnswer, NotConnected, Outbound
from panel.lib.outbound.signing import signed_headers
from panel.lib.secret import Secret

log = logging.getLogger(__name__)

MAX_RESPONSE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class SendResult:
    """The result of one attempt and how long it took; `error` is empty where the message was accepted."""

    status: int | None
    error: str
    seconds: float = 0


def send_message(*, url: str, secret: Secret | None, delivery: Delivery, seconds: float) -> SendResult:
    """Send the message once, for `seconds` at most."""
    started = time.monotonic()
    status, error = _try(url, secret, delivery, deadline=started + seconds)
    return SendResult(status, error, time.monotonic() - started)


def body_of(delivery: Delivery) -> bytes:
    """The body of the request. `sequence` rises with every change: of two messages the higher one is newer."""
    payload = {**delivery.payload, "sequence": delivery.pk}
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def _try(url: str, secret: Secret | None, delivery: Delivery, *, deadline: float) -> tuple[int | None, str]:
    """The HTTP status of the response, if there was one, and why the message was not accepted."""
    if secret is None:
        return None, _("The signing secret can't be read. Rotate the secret.")
    body = body_of(delivery)
    headers = signed_headers(secret=secret, message_id=f"msg_{delivery.pk}", timestamp=int(time.time()), body=body)
    outbound = Outbound(allowed_private_hosts=settings.WEBHOOK_TEST_HOSTS)
    try:
        answer = outbound.post_body(
            url=url, body=body, headers=headers, deadline=deadline, max_bytes=MAX_RESPONSE_BYTES
        )
    except NotConnected as problem:
        log.info("webhook not reached", extra={"webhook": delivery.webhook_id, "why": problem.text})
        return None, _not_reached(is_tls=problem.reached)
    except NoAnswer as problem:
        return problem.status, problem.text
    is_accepted = 200 <= answer.status < 300
    error = "" if is_accepted else _("Your endpoint returned HTTP status %(status)s.") % {"status": answer.status}
    return answer.status, error


def _not_reached(*, is_tls: bool) -> str:
    if is_tls:
        return _("No secure connection could be made. Check the certificate of your endpoint.")
    return _("Your endpoint couldn't be reached. The URL must be public and use https on port 443 or 8443.")
