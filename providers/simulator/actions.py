"""The protocol's actions: the fields of a request in, the answer out, ready for JSON. Faults come after this."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from providers.simulator import amounts, orders
from providers.simulator.engine import Engine
from providers.simulator.orders import Order
from providers.simulator.service_types import OrderError

LARGEST_BATCH = 100
INCORRECT_REQUEST = "Incorrect request"
INCORRECT_ORDER = "Incorrect order ID"
Fields = Mapping[str, str]


def answer(engine: Engine, *, action: str, fields: Fields, now: float) -> Any:
    """What the provider answers to `action`, after all that is due by `now` has happened."""
    act = _ACTIONS.get(action)
    with engine.at_work(now=now):
        try:
            return act(engine, fields, now) if act else {"error": INCORRECT_REQUEST}
        except OrderError as refusal:
            return {"error": str(refusal)}


def ids_in(fields: Fields) -> list[str]:
    """The ids that a request asks for, of one or of many."""
    for name in ("orders", "refills"):
        if name in fields:
            return [text.strip() for text in fields[name].split(",") if text.strip()]
    return [fields[name] for name in ("order", "refill") if name in fields]


def render_order(engine: Engine, order: Order, *, now: float) -> dict[str, Any]:
    """What a status call says of the order."""
    return _render(engine, order, now)


def _services(engine: Engine, fields: Fields, now: float) -> list[dict[str, Any]]:
    return [service.row() for service in engine.prices.listed.values()]


def _balance(engine: Engine, fields: Fields, now: float) -> dict[str, str]:
    return {"balance": amounts.to_text(engine.saved.balance), "currency": engine.rules.currency}


def _add(engine: Engine, fields: Fields, now: float) -> dict[str, int]:
    return {"order": engine.add(fields=fields, now=now).id}


def _status(engine: Engine, fields: Fields, now: float) -> dict[str, Any]:
    if "orders" not in fields:
        return _status_of(engine, fields.get("order", ""), now)
    return {text: _status_of(engine, text, now) for text in _batch(fields)}


def _status_of(engine: Engine, text: str, now: float) -> dict[str, Any]:
    order = engine.find_order(text, now=now)
    if order is None:
        return {"error": INCORRECT_ORDER}
    return _render(engine, order, now)


def _render(engine: Engine, order: Order, now: float) -> dict[str, Any]:
    word, remains = orders.progress(order, now)
    said: dict[str, Any] = {
        "charge": amounts.to_text(order.kept),
        "start_count": str(order.start_count),
        "status": word,
        "remains": str(remains),
        "currency": engine.rules.currency,
    }
    if order.runs:
        said["runs"] = str(order.runs)
        said["orders"] = list(order.children)
    if order.type == "Subscriptions":
        said |= _subscription(order, remains)
        said["status"] = "Active" if word in (orders.PENDING, orders.RUNNING) else word
    if order.forced:
        said.update(order.forced)
    return said


def _subscription(order: Order, remains: int) -> dict[str, Any]:
    each = int(order.fields["max"])
    done = (order.quantity - remains) // each
    return {"posts": str(done), "expiry": order.fields.get("expiry", ""), "orders": []}


def _refill(engine: Engine, fields: Fields, now: float) -> Any:
    if "orders" not in fields:
        return {"refill": str(_refill_of(engine, fields.get("order", ""), now))}
    return [_entry("order", text, "refill", partial(_refill_of, engine, text, now)) for text in _batch(fields)]


def _refill_of(engine: Engine, text: str, now: float) -> int:
    return engine.refill(_order(engine, text, now), now=now).id


def _refill_status(engine: Engine, fields: Fields, now: float) -> Any:
    if "refills" not in fields:
        return {"status": _refill_word(engine, fields.get("refill", ""), now)}
    return [_entry("refill", text, "status", partial(_refill_word, engine, text, now)) for text in _batch(fields)]


def _refill_word(engine: Engine, text: str, now: float) -> str:
    refill = engine.refills.get(int(text)) if text.isascii() and text.isdigit() and len(text) < 19 else None
    if refill is None:
        raise OrderError("Refill not found")
    return orders.parse_refill_status(refill, now)


def _cancel(engine: Engine, fields: Fields, now: float) -> Any:
    return [_entry("order", text, "cancel", partial(_cancel_of, engine, text, now)) for text in _batch(fields)]


def _cancel_of(engine: Engine, text: str, now: float) -> int:
    engine.cancel(_order(engine, text, now), now=now)
    return 1


def _order(engine: Engine, text: str, now: float) -> Order:
    order = engine.find_order(text, now=now)
    if order is None:
        raise OrderError(INCORRECT_ORDER)
    return order


def _entry(asked: str, text: str, answer_key: str, act: Callable[[], Any]) -> dict[str, Any]:
    """One id's entry in the answer to a batch: what was done, or the error of that id alone."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else text
    try:
        return {asked: number, answer_key: act()}
    except OrderError as refusal:
        return {asked: number, answer_key: {"error": str(refusal)}}


def _batch(fields: Fields) -> list[str]:
    texts = ids_in(fields)
    if not 1 <= len(texts) <= LARGEST_BATCH:
        raise OrderError(INCORRECT_REQUEST)
    return texts


_ACTIONS: dict[str, Callable[[Engine, Fields, float], Any]] = {
    "services": _services,
    "add": _add,
    "status": _status,
    "refill": _refill,
    "refill_status": _refill_status,
    "cancel": _cancel,
    "balance": _balance,
}
