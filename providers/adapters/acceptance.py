"""Signs that a provider may have accepted an order, whatever else its answer says. Called before an error is believed.

An error beside such a sign proves nothing: read as a refusal it would refund, or buy again, what was bought. Pure.
"""

import re
from collections.abc import Iterator
from typing import Any

from providers.adapters import decode
from providers.adapters.vocabulary import normalize

ID_NAMES = frozenset({"order", "orderid", "id"})
FLAG_NAMES = frozenset({"success", "status", "result"})
TEXT_NAMES = frozenset({"error", "errors", "message", "msg", "detail", "status", "result"})
WORDS = re.compile(r"\b(accepted|placed|created|received|queued|processed)\b", re.IGNORECASE)
SUCCESS_WORDS = frozenset({"success", "successful", "ok", "true", "1"})
MAX_DEPTH = 3
"""The answer itself, and two wrappers within each other."""


def sign_of_acceptance(data: Any) -> str:
    """What in the answer to `add` may say that the order was accepted, as a sentence for staff; "" if nothing does.

    An answer that is nothing but an id, or a list of ids, names an order.
    """
    return next(_signs(data), "")


def _signs(data: Any) -> Iterator[str]:
    for name, value in _named_values("order", data, depth=0):
        if name in ID_NAMES and decode.order_id(value):
            yield f"It names an order: {decode.order_id(value)}."
        if name in FLAG_NAMES and (value is True or value == 1 or normalize(str(value)) in SUCCESS_WORDS):
            yield "It speaks of success."
        if name in TEXT_NAMES and isinstance(value, str) and (found := WORDS.search(value)):
            yield f"It says “{found[0]}”."


def _named_values(name: str, value: Any, *, depth: int) -> Iterator[tuple[str, Any]]:
    """Every value of the answer under its normalized name; what is in a list has the list's name."""
    for one in value if isinstance(value, list) else [value]:
        yield name, one
        if isinstance(one, dict) and depth < MAX_DEPTH:
            for key, inner in one.items():
                yield from _named_values(normalize(key), inner, depth=depth + 1)
