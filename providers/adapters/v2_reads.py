"""API v2's answers about orders, refills, cancels and the balance, in all the shapes they come in. Pure.

Each function takes the parsed answer and the ids that were asked for; ids that were not asked for are ignored, and
every one raises Broken for an answer of no known shape.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from providers.adapters.base import Accepted, Balance, ItemError, OrderStatus, RefillStatus
from providers.adapters.decode import NO_ERROR_TEXT, Broken, amount, currency, error_text, order_id, whole
from providers.adapters.texts import ERROR_LENGTH, one_line
from providers.adapters.vocabulary import REFILL_STATUSES, normalize, parse_refill_status, parse_status

MAX_CHILDREN = 10_000

T = TypeVar("T")


def read_status(data: Any, external_id: str) -> OrderStatus | ItemError:
    """The answer to a question about one order."""
    return _one(data, external_id, _status, names=("order", "id"), proof="status")


def read_statuses(data: Any, ids: Sequence[str]) -> dict[str, OrderStatus | ItemError]:
    """The answer to a question about many orders."""
    return _many(data, ids, _status, names=("order", "id"), proof="status")


def read_refill(data: Any, external_id: str) -> str | ItemError:
    """The answer to a request for one refill."""
    return _one(data, external_id, _refill, names=("order",), proof="refill")


def read_refills(data: Any, ids: Sequence[str]) -> dict[str, str | ItemError]:
    """The answer to a request for many refills, by order."""
    return _many(data, ids, _refill, names=("order",), proof="refill")


def read_refill_status(data: Any, external_id: str) -> RefillStatus | ItemError:
    """The answer to a question about one refill."""
    return _one(data, external_id, _refill_status, names=("refill", "id"), proof="status")


def read_refill_statuses(data: Any, ids: Sequence[str]) -> dict[str, RefillStatus | ItemError]:
    """The answer to a question about many refills."""
    return _many(data, ids, _refill_status, names=("refill", "id"), proof="status")


def read_cancels(data: Any, ids: Sequence[str]) -> dict[str, Accepted | ItemError]:
    """The answer to a request to cancel; `{"cancel": true}` speaks for all of them, and moves nothing by itself."""
    if isinstance(data, dict) and "cancel" in data and not any(one in data for one in ids):
        found = _cancel("", data)
        return dict.fromkeys(ids, found) if found else {}
    return _many(data, ids, _cancel, names=("order", "id"), proof="cancel")


def read_balance(data: Any) -> Balance:
    """Our money there, in whatever currency."""
    value = amount(data.get("balance")) if isinstance(data, dict) else None
    if value is None:
        raise Broken("The balance is not a number.")
    return Balance(amount=value, currency=currency(data.get("currency")))


def _one(
    data: Any, external_id: str, read: Callable[[str, Any], T | ItemError | None], *, names: Sequence[str], proof: str
) -> T | ItemError:
    """The answer's single shape; some answer the shape of many all the same."""
    if (isinstance(data, dict) and (proof in data or error_text(data.get("error")))) or isinstance(data, str):
        found = read(external_id, data)
    else:
        found = _many(data, [external_id], read, names=names, proof=proof).get(external_id)
    if found is None:
        raise Broken("The answer does not say what was asked.")
    return found


def _many(
    data: Any,
    ids: Sequence[str],
    read: Callable[[str, Any], T | ItemError | None],
    *,
    names: Sequence[str],
    proof: str,
) -> dict[str, T | ItemError]:
    """By id: from an object keyed by id, from a list of objects that name it, or from the single shape for one id."""
    if isinstance(data, list):
        entries = _by_name(data, names)
    elif isinstance(data, dict):
        if len(ids) == 1 and ids[0] not in data and (proof in data or error_text(data.get("error"))):
            data = {ids[0]: data}
        if text := error_text(data.get("error")):
            raise Broken(f"The provider says: {text}")
        entries = data
    else:
        raise Broken("The answer is neither a list nor an object.")
    if entries and not any(one in entries for one in ids):
        raise Broken("The answer names none of the ids that were asked for.")
    found = {one: read(one, entries[one]) for one in ids if one in entries}
    return {one: value for one, value in found.items() if value is not None}


def _by_name(rows: list[Any], names: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for row in rows:
        if not isinstance(row, dict):
            raise Broken("The list holds something that is not an object.")
        value = next((row[name] for name in names if name in row), None)
        if key := order_id(value):
            found[key] = row
    if rows and not found:
        raise Broken("The list names no ids.")
    return found


def _status(external_id: str, entry: Any) -> OrderStatus | ItemError | None:
    if not isinstance(entry, dict):
        return _words(entry)
    if "error" in entry and (text := error_text(entry["error"])):
        return ItemError(text)
    word, raw = parse_status(entry.get("status"))
    charge = amount(entry.get("charge"))
    return OrderStatus(
        external_id=external_id,
        word=word,
        raw=raw,
        charge=charge if charge is None or charge >= 0 else None,
        start_count=whole(entry.get("start_count")),
        remains=whole(entry.get("remains")),
        currency=currency(entry.get("currency")),
        runs=whole(entry.get("runs")),
        posts=whole(entry.get("posts")),
        children=_children(entry["orders"]) if "orders" in entry else (),
    )


def _children(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = value.split(",")[:MAX_CHILDREN]
    if not isinstance(value, list):
        return ()
    ids = (order_id(one.strip() if isinstance(one, str) else one) for one in value[:MAX_CHILDREN])
    return tuple(one for one in ids if one)


def _refill(external_id: str, entry: Any) -> str | ItemError | None:
    value = entry
    if isinstance(entry, dict):
        if text := error_text(entry.get("error")):
            return ItemError(text)
        value = entry.get("refill")
        if isinstance(value, dict):
            return ItemError(error_text(value.get("error")) or NO_ERROR_TEXT)
    return order_id(value) or _words(value)


def _refill_status(external_id: str, entry: Any) -> RefillStatus | ItemError | None:
    value = entry
    if isinstance(entry, dict):
        if text := error_text(entry.get("error")):
            return ItemError(text)
        value = entry.get("status")
        if isinstance(value, dict):
            return ItemError(error_text(value.get("error")) or NO_ERROR_TEXT)
    elif isinstance(entry, str) and normalize(entry) not in REFILL_STATUSES:
        return _words(entry)
    word, raw = parse_refill_status(value)
    return RefillStatus(external_id=external_id, word=word, raw=raw)


def _cancel(external_id: str, entry: Any) -> Accepted | ItemError | None:
    value = entry
    if isinstance(entry, dict):
        if text := error_text(entry.get("error")):
            return ItemError(text)
        value = entry.get("cancel")
        if isinstance(value, dict):
            return ItemError(error_text(value.get("error")) or NO_ERROR_TEXT)
    if isinstance(value, str) and normalize(value) in {"true", "ok", "success", "yes"}:
        return Accepted()
    if value is True or order_id(value):
        return Accepted()
    return _words(value) or ItemError("not accepted")


def _words(value: Any) -> ItemError | None:
    """A bare text where an entry belongs is the provider's error for it; anything else says nothing."""
    if not isinstance(value, str):
        return None
    return ItemError(one_line(value, length=ERROR_LENGTH) or NO_ERROR_TEXT)
