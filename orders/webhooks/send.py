"""Send one message to a customer's address. It leaves the database alone, so threads may run it. Called by deliver.

Why it failed is told to the customer, who chose the address: the words never say whether a name resolves, a network
is private or a port is closed, or the panel would scan its own network for whoever asks. The log has the cause.
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

MOST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one attempt, and how long it took; `why` is empty where the message was taken."""

    status: int | None
    why: str
    seconds: float = 0


def send_message(*, url: str, secret: Secret | None, delivery: Delivery, seconds: float) -> Sent:
    """Send it once, for `seconds` at most."""
    started = time.monotonic()
    status, why = _try(url, secret, delivery, deadline=started + seconds)
    return Sent(status, why, time.monotonic() - started)


def body_of(delivery: Delivery) -> bytes:
    """What is sent. Numbers rise with every change of an order: of two messages the higher `sequence` is the newer."""
    payload = {**delivery.payload, "sequence": delivery.pk}
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def _try(url: str, secret: Secret | None, delivery: Delivery, *, deadline: float) -> tuple[int | None, str]:
    """The status that came, if one did, and why the message was not taken."""
    if secret is None:
        return None, _("The secret of the webhook cannot be read anymore: make a new one.")
    body = body_of(delivery)
    headers = signed_headers(secret=secret, message_id=f"msg_{delivery.pk}", timestamp=int(time.time()), body=body)
    outbound = Outbound(allowed_private_hosts=settings.WEBHOOK_TEST_HOSTS)
    try:
        answer = outbound.post_body(url=url, body=body, headers=headers, deadline=deadline, max_bytes=MOST_BYTES)
    except NotConnected as problem:
        log.info("webhook not reached", extra={"webhook": delivery.webhook_id, "why": problem.text})
        return None, _not_reached(is_tls=problem.reached)
    except NoAnswer as problem:
        return problem.status, problem.text
    is_taken = 200 <= answer.status < 300
    why = "" if is_taken else _("Your program answered with HTTP status %(status)s.") % {"status": answer.status}
    return answer.status, why


def _not_reached(*, is_tls: bool) -> str:
    if is_tls:
        return _("No secure connection could be made. Check the certificate at the address.")
    return _("The address could not be reached. It must be public, and take https on port 443 or 8443.")
