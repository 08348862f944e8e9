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
from panel.lib.outbound import NoAnswer, NotConnected, Outbound
from panel.lib.secret import Secret
from panel.lib.signing import signed_headers

log = logging.getLogger(__name__)

MOST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one attempt; `why` is empty where the message was taken."""

    status: int | None
    why: str


def send_message(*, url: str, secret: Secret | None, delivery: Delivery, seconds: float) -> Sent:
    """Send it once, for `seconds` at most."""
    if secret is None:
        return Sent(None, _("The secret of the webhook cannot be read anymore: make a new one."))
    body = json.dumps(delivery.payload, ensure_ascii=False, separators=(",", ":")).encode()
    headers = signed_headers(secret=secret, message_id=f"msg_{delivery.pk}", timestamp=int(time.time()), body=body)
    outbound = Outbound(allowed_private_hosts=settings.WEBHOOK_TEST_HOSTS)
    deadline = time.monotonic() + seconds
    try:
        answer = outbound.post_body(url=url, body=body, headers=headers, deadline=deadline, most_bytes=MOST_BYTES)
    except NotConnected as problem:
        log.info("webhook not reached", extra={"webhook": delivery.webhook_id, "why": problem.text})
        return Sent(None, _not_reached(is_tls=problem.reached))
    except NoAnswer as problem:
        return Sent(problem.status, problem.text)
    if not 200 <= answer.status < 300:
        return Sent(answer.status, _("Your program answered with HTTP status %(status)s.") % {"status": answer.status})
    return Sent(answer.status, "")


def _not_reached(*, is_tls: bool) -> str:
    if is_tls:
        return _("No secure connection could be made. Check the certificate at the address.")
    return _("The address could not be reached. It must be public, and take https on port 443 or 8443.")
