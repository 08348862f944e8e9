"""Which failure the provider plays for a request: one that was asked for, or one drawn by probability from the seed.

What each does is in `playing`. A probability is set for a name (all actions that know it) or for `action.name`.
"""

import threading
from collections import deque
from collections.abc import Iterable, Mapping

from providers.simulator import chance


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


ADD_BEFORE = _names(
    "hang_before_create reset_before_create error500_before error503_before html200_before html403_before "
    "empty_before funds refused service_gone invalid_key unknown_error link_busy busy429 maintenance late_create "
    "duplicate_id first_id"
)
"""Played before anything is created; only `late_create` has the order appear later on."""
ADD_AFTER = _names(
    "hang_after_create reset_after_create error500_after error503_after html200_after empty_after truncated_after "
    "cut_after unknown_error_after both_fields null_order zero_order empty_order negative_order list_order php_notice "
    "bom slow_drip text_order status_success redirect_after oversized"
)
"""Played after the order was created."""
READS = _names(
    "hang reset html html403 error500 error503 redirect empty_body truncated cut busy429 maintenance invalid_key "
    "whole_error php_notice bom slow_drip null not_json"
)
"""Known to every action but `add`. Nothing was done for hang, reset, html…; truncated and cut lose the answer only."""
STATUS = _names(
    "missing_ids error_entries bare_strings array_shape null_remains empty_remains unknown_remains text_numbers "
    "json_numbers negative_remains remains_over_quantity unknown_word number_word weak_charge null_charge "
    "null_start_count wrong_currency"
)
MANY = _names("missing_ids error_entries bare_strings object_shape hang_after reset_after error500_after")
SERVICES = _names(
    "empty_list tiny duplicate_ids min_over_max error_object json_numbers odd_rates html_names single_object "
    "own_currency wrong_currency"
)
KNOWN: Mapping[str, frozenset[str]] = {
    "add": ADD_BEFORE | ADD_AFTER,
    "services": READS | SERVICES,
    "status": READS | STATUS,
    "refill": READS | MANY,
    "refill_status": READS | MANY | {"unknown_word"},
    "cancel": READS | MANY | {"single_true"},
    "balance": READS | {"wrong_currency", "json_numbers", "null_balance"},
}
_OTHER_NAMES = {
    "500": "error500",
    "503": "error503",
    "429": "busy429",
    "html200": "html",
    "missing": "missing_ids",
    "array": "array_shape",
    "slow": "slow_drip",
    "error": "whole_error",
    "ok": "",
    "empty": "empty_body",
}


class UnknownFaultError(ValueError):
    """There is no such fault for that action; the message lists those there are."""


class Faults:
    """The failures to come. Safe to use from several threads."""

    def __init__(self, *, seed: int, shares: Mapping[str, float] | None = None) -> None:
        """`shares` is for each name the part of requests it hits. Raises UnknownFaultError."""
        self._seed = seed
        self._lock = threading.Lock()
        self._queued: dict[str, deque[str]] = {action: deque() for action in KNOWN}
        self._counts: dict[tuple[str, str], int] = {}
        self._shares: dict[str, list[tuple[str, float]]] = {}
        self.played: dict[str, int] = {}
        """How often each `action.name` was played."""
        self.set_shares(shares or {})

    def set_shares(self, shares: Mapping[str, float]) -> None:
        """From now on these probabilities hold and no others; an empty mapping ends all drawn faults."""
        found: dict[str, list[tuple[str, float]]] = {action: [] for action in KNOWN}
        for name, share in shares.items():
            if not 0 <= share <= 1:
                raise UnknownFaultError(f"The share of {name} is a number from 0 to 1.")
            for action, known in _actions_of(name):
                found[action].append((known, share))
        for action, drawn in found.items():
            if sum(share for _, share in drawn) > 1 + 1e-9:
                raise UnknownFaultError(f"Together {action} has faults for more than all requests.")
        with self._lock:
            self._shares = found

    def queue(self, *, action: str, name: str, times: int = 1) -> None:
        """The next `times` requests of `action` meet this fault; "ok" lets one through unharmed."""
        known = _check(action, name)
        with self._lock:
            self._queued[action].extend([known] * times)

    def clear(self) -> None:
        """Forget what was queued."""
        with self._lock:
            for queue in self._queued.values():
                queue.clear()

    def pick(self, *, action: str, tag: str) -> str:
        """The fault for this request, or "". For the same seed the nth request with this tag always meets the same."""
        if action not in KNOWN:
            return ""
        with self._lock:
            name = self._queued[action].popleft() if self._queued[action] else self._draw(action, tag)
            if name:
                label = f"{action}.{name}"
                self.played[label] = self.played.get(label, 0) + 1
        return name

    def _draw(self, action: str, tag: str) -> str:
        shares = self._shares[action]
        if not shares:
            return ""
        count = self._counts[action, tag] = self._counts.get((action, tag), 0) + 1
        throw = chance.unit(self._seed, "fault", action, tag, count)
        for name, share in shares:
            if throw < share:
                return name
            throw -= share
        return ""


def _actions_of(name: str) -> Iterable[tuple[str, str]]:
    """The actions that a share of this name stands for, each with the fault's own name."""
    action, _, rest = name.partition(".")
    if rest:
        return [(action, _check(action, rest))]
    found = [(action, _fold(action, name)) for action, names in KNOWN.items() if _fold(action, name) in names]
    if not found:
        raise UnknownFaultError(f"There is no fault named {name}. Known: {', '.join(sorted(_ALL))}.")
    return found


def _check(action: str, name: str) -> str:
    if action not in KNOWN:
        raise UnknownFaultError(f"There is no action named {action}. Known: {', '.join(KNOWN)}.")
    known = _fold(action, name)
    if known and known not in KNOWN[action]:
        raise UnknownFaultError(f"{action} has no fault named {name}. Known: {', '.join(sorted(KNOWN[action]))}.")
    return known


def _fold(action: str, name: str) -> str:
    """The fault's own name. An empty price list is an empty list; any other empty answer is an empty body."""
    folded = name.strip().casefold().replace(" ", "_").replace("-", "_")
    if action == "services" and folded == "empty":
        return "empty_list"
    return _OTHER_NAMES.get(folded, folded)


_ALL = frozenset().union(*KNOWN.values())
