"""Email addresses as they are kept: ASCII alone, so that no look-alike letter makes one address pass for another."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

NOT_ASCII = _("Enter an email address in plain letters, without accents or letters of other alphabets.")


def ascii_email(email: str) -> str:
    """The address in lower case, an international domain in its ASCII form (xn--…).

    Raises ValidationError where the part before the @ has other letters, or the domain has no such form.
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
