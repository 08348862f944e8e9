"""Sends notifications by email, Telegram and webhook. No error contains a token, a secret or the content.

Called by notice_jobs, with no transaction open.
"""

import json
import time

from django.conf import settings
from django.utils.translation import gettext as _

from panel.lib.outbound.client import Outbound, OutboundError
from panel.lib.outbound.signing import signed_headers
from panel.lib.secret import Secret
from panel.ops.alerts.notice_text import body, heading, lines, page_url, payload
from panel.ops.models import AlertNotice
from panel.web.mail import compose_email

DEADLINE_SECONDS = 10
MAX_RESPONSE_BYTES = 64 * 1024
MAX_CHAT_LENGTH = 3500
"""Telegram takes 4,096."""


class NotSentError(Exception):
    """The notification was not sent. The message is for staff."""


def send(notice: AlertNotice) -> None:
    """Send the notification once. Raises NotSentError."""
    match notice.channel:
        case AlertNotice.Channel.EMAIL:
            _mail(notice)
        case AlertNotice.Channel.TELEGRAM:
            _message(notice)
        case _:
            _call(notice)


def _mail(notice: AlertNotice) -> None:
    if not settings.ALERT_EMAILS:
        raise NotSentError(_("ALERT_EMAILS is no longer set."))
    host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ")
    headers = {"Message-ID": f"<alert-notice-{notice.pk}@{host}>"}  # a repeated one is seen as the same
    email = compose_email(
        subject=heading(notice), paragraphs=lines(notice), to=settings.ALERT_EMAILS, url=page_url(), headers=headers
    )
    try:
        email.send()
    except OSError as error:  # what smtplib and files raise
        raise NotSentError(
            _("The mail server refused the email: %(error)s.") % {"error": type(error).__name__}
        ) from None


def _message(notice: AlertNotice) -> None:
    if not settings.ALERT_TELEGRAM_TOKEN:
        raise NotSentError(_("ALERT_TELEGRAM_TOKEN is no longer set."))
    if notice.target not in settings.ALERT_TELEGRAM_CHATS:
        raise NotSentError(_("ALERT_TELEGRAM_CHATS no longer contains this chat."))
    text = f"{heading(notice)}\n\n{body(notice)}"[:MAX_CHAT_LENGTH]
    content = json.dumps({"chat_id": notice.target, "text": text}).encode()
    url = f"{settings.ALERT_TELEGRAM_API}/bot{settings.ALERT_TELEGRAM_TOKEN}/sendMessage"
    _post(url, content, {"Content-Type": "application/json"})


def _call(notice: AlertNotice) -> None:
    if not settings.ALERT_WEBHOOK_URL:
        raise NotSentError(_("ALERT_WEBHOOK_URL is no longer set."))
    content = json.dumps(payload(notice), ensure_ascii=False, separators=(",", ":")).encode()
    headers = signed_headers(
        secret=Secret(settings.ALERT_WEBHOOK_SECRET),
        message_id=f"alert_{notice.pk}",
        timestamp=int(time.time()),
        body=content,
    )
    _post(settings.ALERT_WEBHOOK_URL, content, dict(headers))


def _post(url: str, content: bytes, headers: dict[str, str]) -> None:
    outbound = Outbound(allowed_private_hosts=settings.ALLOWED_PRIVATE_HOSTS)
    deadline = time.monotonic() + DEADLINE_SECONDS
    try:
        answer = outbound.post_body(
            url=url, body=content, headers=headers, deadline=deadline, max_bytes=MAX_RESPONSE_BYTES
        )
    except OutboundError as problem:
        raise NotSentError(problem.text) from None
    if not 200 <= answer.status < 300:
        raise NotSentError(_("The server answered with HTTP status %(status)d.") % {"status": answer.status})
