"""Composes emails with a plain-text part and an HTML part. Called by everything that sends an email."""

from collections.abc import Mapping, Sequence

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string


def compose_email(
    *,
    subject: str,
    paragraphs: Sequence[str],
    to: Sequence[str],
    url: str = "",
    headers: Mapping[str, str] | None = None,
) -> EmailMultiAlternatives:
    """An email to `to`, ready to be sent. `url` is the last line of the text and a link in the HTML part."""
    text = "\n\n".join(part for part in (*paragraphs, url) if part) + "\n"
    email = EmailMultiAlternatives(subject, text, to=list(to), headers=dict(headers or {}))
    context = {
        "SITE_NAME": settings.SITE_NAME,
        "SITE_URL": settings.SITE_URL,
        "subject": subject,
        "paragraphs": [part for part in paragraphs if part],
        "url": url,
    }
    email.attach_alternative(render_to_string("email/message.html", context), "text/html")
    return email


def prefixed(subject: str) -> str:
    """The subject with the shop's name before it, as on all emails."""
    return f"[{settings.SITE_NAME}] {subject}"
