"""Normalizes emails to ASCII, so that look-alike letters cannot make one email pass for another."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

NOT_ASCII = _("Enter an email address without accents or letters of other alphabets.")


def ascii_email(email: str) -> str:
    """The email in lower case, with an international domain in its ASCII form (xn--…).

    Raises ValidationError if the part before the @ is not ASCII, or the domain has no ASCII form.
    """
    local, _at, domain = email.strip().lower().rpartition("@")
    try:
        ascii_domain = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError:
        raise ValidationError(NOT_ASCII, code="not_ascii") from None
    address = f"{local}@{ascii_domain}" if local else ascii_domain
    validate_ascii_email(address)
    return address


def validate_ascii_email(email: str) -> None:
    """Raises ValidationError unless every letter is ASCII."""
    if not email.isascii():
        raise ValidationError(NOT_ASCII, code="not_ascii")
