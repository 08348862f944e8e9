"""Making an order's answers say what a test wants, with the money following. Called by `control`."""

from collections.abc import Mapping
from typing import Any

from providers.simulator import amounts, orders
from providers.simulator.engine import Engine
from providers.simulator.orders import Order


def force_order(engine: Engine, order: Order, *, fields: Mapping[str, Any], now: float) -> None:
    """From now on the order's answers say `fields` as given, and its planned ending moves no money any more.

    A `charge` that is an amount is what the provider keeps. Without one, Completed keeps all of it, Canceled nothing,
    Partial the delivered share, where `remains` is a number that makes sense; every other word leaves the money alone.
    """
    remains = orders.progress(order, now)[1]
    order.forced.update(fields)
    order.returned = True
    word = order.forced.get("status")
    if "status" in fields and "remains" not in fields:
        if word == orders.COMPLETED:
            order.forced["remains"] = "0"
        elif word == orders.CANCELED:
            order.forced["remains"] = str(order.quantity)
        elif word == orders.PARTIAL:
            order.forced.setdefault("remains", str(remains))
    kept = _kept(order)
    if kept is not None:
        engine.keep(order, kept)
    engine.touch(order)


def _kept(order: Order) -> int | None:
    if "charge" in order.forced:
        return amounts.to_millionths(order.forced["charge"])
    word = order.forced.get("status")
    if word == orders.COMPLETED:
        return order.charge
    if word == orders.CANCELED:
        return 0
    left = _whole(order.forced.get("remains"))
    if word == orders.PARTIAL and left is not None and left <= order.quantity:
        return order.charge - order.charge * left // order.quantity
    return None


def _whole(value: Any) -> int | None:
    text = "" if isinstance(value, bool) else str(value)
    return int(text) if text.isascii() and text.isdigit() else None
