"""Idempotency tokens of orders: a repeated call with the same token returns the order that the first one made. Pure.

Each entry point has tokens of a form that no other entry point can write, so none can use another's:

    order form       TOKEN           letters, digits, `_` and `-` alone
    mass order       TOKEN:LINE      as the form's, with the line's number
    API              api:HASH        of the idempotency key
    staff reorder    ordered again:ORDER
"""

import hashlib
import re

MAX_TOKEN_LENGTH = 64

_OF_FORM = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_OF_PAGE = re.compile(r"[A-Za-z0-9_-]{16,50}", re.ASCII)


def form_token(text: str) -> str | None:
    """The token of an order form, as the form sent it; None where it is not a valid one."""
    return text if _OF_FORM.fullmatch(text) else None


def page_token(text: str) -> str | None:
    """The token of a mass order page, for `line_token`; None where it is not a valid one."""
    return text if _OF_PAGE.fullmatch(text) else None


def line_token(*, page: str, line: int) -> str:
    """The token of one line of a mass order."""
    return f"{page}:{line}"


def api_token(*, idempotency_key: str) -> str:
    """The token for an API client's idempotency key, of a fixed length."""
    return "api:" + hashlib.sha256(idempotency_key.encode(errors="surrogatepass")).hexdigest()[:48]


def reorder_token(*, order_id: int) -> str:
    """The token of the one reorder that staff can make of an order."""
    return f"ordered again:{order_id}"
