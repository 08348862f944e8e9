"""The back office over HTTP: POST /_control/<verb> with JSON, for tests and chaos runs in other processes."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from providers.simulator.control import Control, ControlError
from providers.simulator.faults import UnknownFaultError
from providers.simulator.pricelist import PriceListError
from providers.simulator.replies import Reply, say

PREFIX = "/_control/"
KEY_HEADER = "x-simulator-key"


def carry_out(control: Control, *, verb: str, body: bytes) -> Reply:
    """Do what `verb` says with the JSON object in `body`: {"result": …}, or {"error": …} with status 400."""
    act = _VERBS.get(verb)
    try:
        if act is None:
            raise ControlError(f"There is no verb {verb}. Known: {', '.join(sorted(_VERBS))}.")
        given = json.loads(body or b"{}")
        if not isinstance(given, dict):
            raise ControlError("Give a JSON object.")
        return say({"result": act(control, given)})
    except KeyError as missing:
        return say({"error": f"{verb} needs {missing.args[0]}."}, status=400)
    except (ControlError, UnknownFaultError, PriceListError, ValueError, TypeError) as problem:
        return say({"error": str(problem)}, status=400)


Given = Mapping[str, Any]


def _next(control: Control, given: Given) -> None:
    control.next(given["action"], given["fault"], times=int(given.get("times", 1)))


def _set_order(control: Control, given: Given) -> None:
    numbers = given["orders"] if "orders" in given else [given["order"]]
    control.set_orders(numbers, **given["fields"])


def _set_service(control: Control, given: Given) -> None:
    number = given["service"]
    if given.get("remove"):
        control.remove_service(number)
    elif given.get("restore"):
        control.restore_service(number)
    elif given.get("add"):
        control.add_service(number, **given.get("fields", {}))
    else:
        control.set_service(number, **given["fields"])


def _fill(control: Control, given: Given) -> list[int]:
    return control.fill(
        count=int(given["count"]),
        service=given.get("service", "1"),
        quantity=int(given.get("quantity", 1000)),
        **given.get("fields", {}),
    )


def _set_latency(control: Control, given: Given) -> None:
    control.latency = float(given["seconds"])


def _money(control: Control, given: Given) -> dict[str, str]:
    return {"balance": f"{control.balance:f}", "spent": f"{control.spent:f}"}


_VERBS: Mapping[str, Callable[[Control, Given], Any]] = {
    "next": _next,
    "set_order": _set_order,
    "set_refill": lambda control, given: control.set_refill(given["refill"], given["status"]),
    "set_service": _set_service,
    "set_balance": lambda control, given: control.set_balance(str(given["amount"])),
    "set_faults": lambda control, given: control.set_faults(given["shares"]),
    "set_latency": _set_latency,
    "advance": lambda control, given: control.advance(float(given["seconds"])),
    "fill": _fill,
    "money": _money,
    "orders": lambda control, given: control.orders(),
    "created": lambda control, given: control.created(given["link"]),
    "requests": lambda control, given: control.requests(given["action"]),
    "forget_requests": lambda control, given: control.forget_requests(),
    "played": lambda control, given: control.played,
}
