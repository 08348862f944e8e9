"""A provider within the process: it does with each order what was planned, and its own record says what it has.

Its adapter answers what a real one would have understood; how bytes become that is the adapters' tests' business.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from typing import Any

from providers.adapters.base import (
    Accepted,
    AddRequest,
    Balance,
    ItemError,
    OrderStatus,
    Placed,
    ProviderAdapter,
    RefillStatus,
    ReportedRefillStatus,
    ReportedStatus,
    ServiceList,
    ServiceRow,
)
from providers.adapters.errors import NotPlaced, OutcomeUnknown, Refused, RetryLater
from tests.machine.dying import Deaths

Given = Placed | Refused | NotPlaced | OutcomeUnknown
MILLIONTH = Decimal("0.000001")
NOT_PLACED = {"unreached": "not_connected", "funds": "funds", "key": "key", "busy": "busy", "link_busy": "link_busy"}
REQUESTS = ("lost", "busy", "refused")
PLANS = ("placed", "taken", "lost", "never", "late", "refused", *NOT_PLACED)
"""How an `add` goes. Lost: it has the order, and the answer is not understood. Late: it has it some time after that.
Taken: it has the order, and names another one of ours."""


@dataclass
class Bought:
    """An order that exists there. `tag` is the link it was bought for."""

    id: str
    tag: str
    cost: Decimal
    status: OrderStatus


@dataclass
class Upstream:
    """The provider: what it lists, what it has, and how it will treat what comes next."""

    name: str
    rates: dict[str, Decimal]
    deaths: Deaths
    on_add: Callable[[str], None]
    on_given: Callable[[str, Given], None]
    """Hears what an `add` came to, whether or not the worker lives to."""
    linked: Callable[[], set[str]]
    """The ids there that orders of ours have."""
    next_id: int = 1000
    plan: str = "placed"
    orders: dict[str, Bought] = field(default_factory=dict)
    pending: dict[str, AddRequest] = field(default_factory=dict)
    asked_to_refill: list[str] = field(default_factory=list)
    asked: int = 0
    """Calls in all."""
    meanwhile: Callable[[], Any] | None = None
    """Is done once, while the provider answers the next call."""
    requests: str = ""
    """How refills and cancels go, of REQUESTS; as ever where it is empty."""
    may_have: set[tuple[str, str]] = field(default_factory=set)
    """Refills and cancels that it may have taken, though it did not say so: which of both, and of what order."""
    silent: frozenset[str] = frozenset()
    """Ids that it leaves out of its answers."""
    is_broken: bool = False

    def add(self, request: AddRequest) -> Placed:
        tag = request.fields["link"]
        self.on_add(tag)
        self.deaths.event()
        outcome = self._treat(tag, request)
        self.is_called()
        self.on_given(tag, outcome)
        self.deaths.event()
        if isinstance(outcome, Placed):
            return outcome
        raise outcome

    def _treat(self, tag: str, request: AddRequest) -> Given:
        if self.plan in NOT_PLACED:
            return NotPlaced(self.plan, reason=NOT_PLACED[self.plan], retry_after=5 if self.plan == "busy" else None)
        if self.plan == "refused":
            return Refused("Bad link", code="order")
        if self.plan == "late":
            self.pending[tag] = request
        if self.plan in {"never", "late"}:
            return OutcomeUnknown("HTTP 502.")
        others = sorted(self.linked())
        bought = self.create(request)
        if self.plan == "lost":
            return OutcomeUnknown("HTTP 502.")
        return Placed(others[-1] if self.plan == "taken" and others else bought.id)

    def create(self, request: AddRequest) -> Bought:
        """It has the order from now on; others order there, too, so that ids of ours are not in a row."""
        self.next_id += 1 + self.others()
        quantity = Decimal(request.fields["quantity"])
        cost = (self.rates[request.fields["service"]] * quantity / 1000).quantize(MILLIONTH, ROUND_CEILING)
        number, tag = self.number(), request.fields["link"]
        status = OrderStatus(number, ReportedStatus.PENDING, "Pending", cost, None, int(quantity), "USD")
        self.orders[number] = Bought(number, tag, cost, status)
        return self.orders[number]

    def others(self) -> int:
        """How many orders of others came since the last of ours."""
        return self.next_id % 3

    def number(self) -> str:
        """The id of the order that is created."""
        return str(self.next_id)

    def appear(self, tag: str) -> None:
        """What was only to come has come."""
        if tag in self.pending:
            self.create(self.pending.pop(tag))

    def having(self, tag: str) -> list[Bought]:
        """What it has for that link."""
        return [one for one in self.orders.values() if one.tag == tag]

    def is_called(self) -> None:
        """Whatever is to happen in the middle of a call happens now."""
        self.asked += 1
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()

    def is_requested(self, kind: str, ids: Sequence[str]) -> None:
        """It is asked for refills or cancels. Raises RetryLater where its answer is no answer."""
        self.is_called()
        self.deaths.event()
        if self.is_broken or self.requests == "lost":
            self.may_have |= {(kind, one) for one in ids}
            raise RetryLater("HTTP 502.", reason="broken")
        if self.requests == "busy":
            raise RetryLater("HTTP 429.", reason="busy", may_be_done=False)

    def look(self, ids: Sequence[str]) -> dict[str, OrderStatus | ItemError]:
        if self.is_broken:
            raise RetryLater("HTTP 502.", reason="broken")
        unknown = ItemError("Incorrect order ID")
        return {
            one: self.orders[one].status if one in self.orders else unknown for one in ids if one not in self.silent
        }


UPSTREAMS: dict[str, Upstream] = {}
"""By address: where an adapter finds its provider."""


class MachineAdapter(ProviderAdapter):
    """What stands between the panel and an Upstream."""

    def __init__(self, url: str, key: Any, *, allowed_private_hosts: Any) -> None:
        self._upstream = UPSTREAMS[url]

    def services(self, *, unless_digest: str = "") -> ServiceList:
        rows = [_row(external_id, rate) for external_id, rate in self._upstream.rates.items()]
        return ServiceList(rows, [], hashlib.sha256(repr(self._upstream.rates).encode()).hexdigest())

    def add(self, *, request: AddRequest, deadline: float) -> Placed:
        return self._upstream.add(request)

    def status(self, *, order_id: str) -> OrderStatus | ItemError:
        self._upstream.is_called()
        return self._upstream.look([order_id])[order_id]

    def statuses(self, *, order_ids: Sequence[str]) -> dict[str, OrderStatus | ItemError]:
        self._upstream.is_called()
        return self._upstream.look(order_ids)

    def refill(self, *, order_id: str) -> str | ItemError:
        return self.refills(order_ids=[order_id])[order_id]

    def refills(self, *, order_ids: Sequence[str]) -> dict[str, str | ItemError]:
        self._upstream.asked_to_refill += order_ids
        self._upstream.is_requested("refill", order_ids)
        if self._upstream.requests == "refused":
            return {one: ItemError("Refill is not available") for one in order_ids}
        return {one: f"7{one}" for one in order_ids}

    def refill_status(self, *, refill_id: str) -> RefillStatus | ItemError:
        return RefillStatus(refill_id, ReportedRefillStatus.COMPLETED, "Completed")

    def refill_statuses(self, *, refill_ids: Sequence[str]) -> Mapping[str, RefillStatus | ItemError]:  # type: ignore[override]
        return {one: self.refill_status(refill_id=one) for one in refill_ids}

    def cancels(self, *, order_ids: Sequence[str]) -> dict[str, Accepted | ItemError]:
        self._upstream.is_requested("cancel", order_ids)
        is_refused = self._upstream.requests == "refused"
        return {one: Accepted() if int(one) % 2 and not is_refused else ItemError("Too late") for one in order_ids}

    def balance(self) -> Balance:
        self._upstream.is_called()
        spent = sum((one.status.charge or Decimal(0) for one in self._upstream.orders.values()), Decimal(0))
        return Balance(Decimal(1000) - spent, "USD")

    def close(self) -> None:
        pass


def _row(external_id: str, rate: Decimal) -> ServiceRow:
    return ServiceRow(
        external_id=external_id,
        name=f"Service {external_id}",
        type="Default",
        raw_type="Default",
        category="All",
        rate=rate,
        min=1,
        max=10_000,
        refill=True,
        cancel=external_id == "1",
        dripfeed=False,
        description="",
        average_time="",
    )
