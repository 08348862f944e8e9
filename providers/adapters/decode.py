"""Bytes of an answer to JSON values, and single values to ours. Whatever the bytes are, only Broken comes out. Pure."""

import json
import re
from decimal import Decimal
from typing import Any, NoReturn

from panel.lib import money
from providers.adapters.texts import ERROR_LENGTH, one_line

ID_LENGTH = 64
MAX_COUNT = 10**18
MAX_STARTS = 50
NO_ERROR_TEXT = "an error without words"

_NUMBER = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{1,20})?(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)
_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_:\-]{0,63}", re.ASCII)
_START = re.compile(r"[\[{]")
_ORDER_NAME = re.compile(r'"(?:order|order_?id|id)"', re.IGNORECASE)
_NAMED_ORDER = re.compile(
    _ORDER_NAME.pattern + r'\s{0,20}:\s{0,20}(?:"#?([^"\\]{1,64})"|([0-9]{1,64}))\s{0,20}[,}]', re.IGNORECASE
)


class Broken(Exception):  # noqa: N818 (an answer's quality)
    """The answer makes no sense; the text says in what. `reached` is how far JSON was read before it broke."""

    def __init__(self, text: str, *, reached: int = 0) -> None:
        super().__init__(text)
        self.reached = reached


def strict(body: bytes) -> Any:
    """The JSON value that `body` is, a BOM allowed and nothing else around it. Raises Broken.

    An object that names two orders, or an order and then none, is Broken: it says nothing that can be relied on.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Broken("The answer is not text.") from None
    return _load(text, pairs=_one_order_only)


def tolerant(body: bytes) -> Any:
    """The JSON value at the end of `body`, whatever notices and marks stand before it. Raises Broken."""
    text = body.decode("utf-8-sig", errors="replace").strip("\ufeff \t\r\n\0")
    try:
        return _load(text)
    except Broken as problem:
        value = _after_notices(text)
        if value is None:
            raise Broken(str(problem)) from None
        return value


def _after_notices(text: str) -> Any:
    """The object or list with which `text` ends, or None. Tries starts from the front, and does not try for long."""
    spent = 0
    for count, start in enumerate(_START.finditer(text, 1)):
        if count >= MAX_STARTS or spent > len(text):
            break
        try:
            return _load(text[start.start() :]) or None
        except Broken as problem:
            spent += problem.reached
    return None


def find_order_id(body: bytes) -> str:
    """The one order id that an answer names which is otherwise not understood, or ""."""
    text = body.decode("utf-8", errors="replace")
    ids = {order_id(quoted or bare) for quoted, bare in _NAMED_ORDER.findall(text)}
    return ids.pop() if len(ids) == 1 else ""


def may_name_order(body: bytes) -> bool:
    """Whether an answer that is no JSON, or broke off, has a name under which an order id stands."""
    return _ORDER_NAME.search(body.decode("utf-8", errors="replace")) is not None


def order_id(value: object) -> str:
    """The id that `value` is, as text, or "" when it is none.

    An id is a positive whole number, or up to 64 letters, digits, `_`, `-` and `:`. Among them is a digit other than
    0, so that neither "0" nor "null" nor "error" passes for one.
    """
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**ID_LENGTH:
        return str(value)
    if isinstance(value, str) and _ID.fullmatch(value) and any(letter in "123456789" for letter in value):
        return value
    return ""


def number(value: object) -> Decimal | None:
    """The finite number that `value` is or writes, or None."""
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return Decimal(value.strip())
    return None


def whole(value: object) -> int | None:
    """The whole number that `value` is or writes, held within what the database can keep, or None."""
    found = number(value)
    if found is None:
        return None
    if found.copy_abs() >= MAX_COUNT:
        return MAX_COUNT if found > 0 else -MAX_COUNT
    return int(found) if found == found.to_integral_value() else None


def amount(value: object) -> Decimal | None:
    """The amount that `value` is or writes, rounded to a millionth, or None when it is none or absurdly large."""
    found = number(value)
    if found is None or found.copy_abs() >= money.MAX_AMOUNT:
        return None
    return money.round_to(found)


def flag(value: object) -> bool:
    """Whether `value` says yes: true, 1, "1", "true", "yes", "on"."""
    if isinstance(value, str):
        return value.strip().casefold() in {"1", "true", "yes", "on"}
    return value is True or value == 1


def currency(value: object) -> str:
    """A currency's code in capitals, or ""."""
    return one_line(value, length=8).upper() if isinstance(value, str) else ""


def error_text(value: object) -> str:
    """The provider's error in its own words, or "" when `value` is an empty one."""
    if not value:
        return ""
    if isinstance(value, dict):
        value = next((value[name] for name in ("message", "error", "text", "code") if value.get(name)), None)
    if isinstance(value, list):
        value = "; ".join(one for one in value[:3] if isinstance(one, str))
    return (one_line(value, length=ERROR_LENGTH) if isinstance(value, str) else "") or NO_ERROR_TEXT


def _load(text: str, *, pairs: Any = None) -> Any:
    why = "The answer is not JSON." if text.strip() else "The answer is empty."
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse, object_pairs_hook=pairs)
    except json.JSONDecodeError as problem:
        raise Broken(why, reached=problem.pos) from None
    except (ValueError, ArithmeticError, RecursionError):
        raise Broken(why, reached=len(text)) from None


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON's.")


def _one_order_only(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        for name in ("order", "error"):
            if len({repr(value) for key, value in pairs if key == name}) > 1:
                raise ValueError("Two different values of one name.")
    return found
