"""What each fault makes of a request: whether it is carried out, and what its sender gets to see."""

from collections.abc import Callable, Mapping
from typing import Any

from providers.simulator import distort
from providers.simulator.actions import ids_in
from providers.simulator.faults import ADD_AFTER
from providers.simulator.replies import Reply, encode, page, say
from providers.simulator.rules import LINK_BUSY

Fields = Mapping[str, str]
Act = Callable[[], Any]
NOTICE = b"<br />\n<b>Notice</b>:  Undefined index: runs in <b>/home/panel/api/v2.php</b> on line <b>214</b><br />\n"
_BUSY = say({"error": "Too many requests"}, status=429, headers=(("Retry-After", "5"),))
_MOVED = Reply(status=302, headers=(("Location", "/maintenance"),), content_type="text/html")

INSTEAD: Mapping[str, Reply] = {
    "hang": Reply(manner="hang"),
    "reset": Reply(manner="reset"),
    "html": page(),
    "html403": page(403),
    "error500": page(500),
    "error503": page(503),
    "redirect": _MOVED,
    "empty_body": Reply(),
    "busy429": _BUSY,
    "maintenance": say({"error": "The service is under maintenance, try again later"}),
    "invalid_key": say({"error": "Invalid API key"}),
    "whole_error": say({"error": "Something went wrong"}),
    "error_object": say({"error": "Something went wrong"}),
    "refused": say({"error": "Bad link"}),
    "service_gone": say({"error": "Incorrect service ID"}),
    "funds": say({"error": "Not enough funds on balance"}),
    "link_busy": say({"error": LINK_BUSY}),
    "unknown_error": say({"error": "Unexpected condition E-4711"}),
    "empty_list": say([]),
    "null": say(None),
    "not_json": Reply(body=b'{"balance": NaN, "currency": }'),
    "single_true": say({"cancel": True}),
    "null_balance": say({"balance": None, "currency": None}),
    "hang_before_create": Reply(manner="hang"),
    "reset_before_create": Reply(manner="reset"),
    "error500_before": page(500),
    "error503_before": page(503),
    "html200_before": page(),
    "html403_before": page(403),
    "empty_before": Reply(),
    "late_create": Reply(manner="hang"),
}
"""Said instead of doing anything."""

LOST: Mapping[str, Reply] = {
    "hang_after_create": Reply(manner="hang"),
    "reset_after_create": Reply(manner="reset"),
    "error500_after": page(500),
    "error503_after": page(503),
    "html200_after": page(),
    "empty_after": Reply(),
    "redirect_after": _MOVED,
    "unknown_error_after": say({"error": "Unexpected condition E-4711"}),
    "hang_after": Reply(manner="hang"),
    "reset_after": Reply(manner="reset"),
}
"""Said after all was done: the answer itself is lost."""

REWORDED: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "both_fields": lambda said: {**said, "error": "Something went wrong"},
    "null_order": lambda said: {"order": None},
    "zero_order": lambda said: {"order": 0},
    "empty_order": lambda said: {"order": ""},
    "negative_order": lambda said: {"order": -said["order"]},
    "list_order": lambda said: {"order": [said["order"]]},
    "text_order": lambda said: {"order": str(said["order"])},
    "status_success": lambda said: {"status": "success", **said},
}
"""What becomes of the answer to an `add` that created an order."""


def play(*, fault: str, action: str, fields: Fields, act: Act) -> Reply:
    """The reply to a request that meets `fault`; `act` carries the request out and gives the honest answer."""
    if fault in INSTEAD:
        return INSTEAD[fault]
    said = act()
    if not fault:
        return say(said)
    if fault in LOST:
        return LOST[fault]
    if action == "add" and fault in ADD_AFTER and "order" not in said:
        return say(said)  # refused honestly: there is no order to play with
    if fault in REWORDED:
        return say(REWORDED[fault](said))
    return _deliver(fault, said) or say(distort.distort(fault, action=action, said=said, asked=ids_in(fields)))


def _deliver(fault: str, said: Any) -> Reply | None:
    """The honest answer, damaged on its way."""
    body = encode(said)
    if fault in ("truncated", "truncated_after"):
        return Reply(body=body[: max(len(body) // 2, 1)])
    if fault in ("cut", "cut_after"):
        return Reply(body=body, manner="cut")
    if fault == "slow_drip":
        return Reply(body=body, manner="drip")
    if fault == "php_notice":
        return Reply(body=NOTICE + body, content_type="text/html; charset=utf-8")
    if fault == "bom":
        return Reply(body=b"\xef\xbb\xbf" + body)
    if fault == "oversized":
        return Reply(body=body[:-1] + b',"padding":"' + b"x" * 2_000_000 + b'"}')
    return None
