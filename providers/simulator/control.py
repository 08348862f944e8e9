"""The provider's back office: what tests, the demo and chaos runs do behind the protocol's back.

Used as an object in the same process, and through `remote` from another one.
"""

import threading
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Any

from providers.simulator import actions, amounts
from providers.simulator.catalogue import Service
from providers.simulator.clock import Clock
from providers.simulator.engine import Engine
from providers.simulator.faults import Faults
from providers.simulator.forcing import force_order
from providers.simulator.orders import Order


class ControlError(ValueError):
    """What was asked makes no sense; nothing was done."""


class Control:
    """Acts on one running provider. Amounts are Decimals, times are seconds, ids may be text or numbers."""

    def __init__(self, *, engine: Engine, clock: Clock, faults: Faults, latency: float = 0) -> None:
        """`latency` is what every answer waits before it goes out; it may be set later on."""
        self._engine = engine
        self._clock = clock
        self._faults = faults
        self._requests: list[tuple[str, int]] = []
        self._lock = threading.Lock()
        self.latency = latency

    # --- Faults and time ----------------------------------------------------------------------------------------------
    def next(self, action: str, fault: str, times: int = 1) -> None:
        """The next `times` requests of `action` meet `fault`; "ok" lets one pass. Raises UnknownFaultError."""
        self._faults.queue(action=action, name=fault, times=times)

    def set_faults(self, shares: Mapping[str, float]) -> None:
        """Faults by probability from now on; an empty mapping ends them, and what was queued."""
        self._faults.set_shares(shares)
        if not shares:
            self._faults.clear()

    @property
    def played(self) -> dict[str, int]:
        """How often each fault was played, as `action.name`."""
        return dict(self._faults.played)

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass for every order at once."""
        self._clock.advance(seconds)
        with self._at_work():
            self._engine.saved.clock_offset = self._clock.offset

    # --- What really happened -----------------------------------------------------------------------------------------
    def orders(self) -> list[dict[str, Any]]:
        """Every order that exists: what a status call says of it now, with id, service, link, quantity and more."""
        with self._at_work():
            return self._views(self._engine.orders)

    def created(self, link: str) -> list[dict[str, Any]]:
        """The orders really created for `link`, in order, without the runs of a drip-feed."""
        with self._at_work():
            return self._views(self._engine.by_link.get(link, ()))

    def note_request(self, action: str, size: int) -> None:
        """The server tells of every request that came."""
        with self._lock:
            self._requests.append((action, size))

    def requests(self, action: str) -> list[int]:
        """For each request of `action` that came, in order, how many ids it held (1 where it holds none)."""
        with self._lock:
            return [size for asked, size in self._requests if asked == action]

    def forget_requests(self) -> None:
        """Start counting requests anew."""
        with self._lock:
            self._requests.clear()

    # --- Orders -------------------------------------------------------------------------------------------------------
    def set_order(self, order_id: str | int, **fields: Any) -> None:
        """Make the order's answers say `fields` (status, remains, charge, start_count, …); see `force_order`."""
        self.set_orders([order_id], **fields)

    def set_orders(self, order_ids: Iterable[str | int], **fields: Any) -> None:
        """The same for many at once."""
        numbers = [int(order_id) for order_id in order_ids]
        said = {name: f"{value:f}" if isinstance(value, Decimal) else value for name, value in fields.items()}
        now = self._clock.now()
        with self._at_work():
            missing = [number for number in numbers if number not in self._engine.orders]
            if missing:
                raise ControlError(f"There is no order {missing[0]}.")
            for number in numbers:
                force_order(self._engine, self._engine.orders[number], fields=said, now=now)

    def set_refill(self, refill_id: str | int, status: str) -> None:
        """Make the refill answer `status`, whatever word that is; not kept over a restart."""
        with self._at_work():
            if int(refill_id) not in self._engine.refills:
                raise ControlError(f"There is no refill {refill_id}.")
            self._engine.refills[int(refill_id)].forced = status

    def fill(self, *, count: int, service: str | int = "1", quantity: int = 1000, **fields: Any) -> list[int]:
        """Create `count` orders at once, each paid for by a top-up of its own, with `fields` forced. Their ids."""
        with self._at_work():
            listed = self._engine.prices.find(str(service))
            made = self._engine.fill(service=listed, count=count, quantity=quantity, now=self._clock.now())
            for order in made if fields else ():
                force_order(self._engine, order, fields=fields, now=self._clock.now())
            return [order.id for order in made]

    # --- The price list: see `PriceList` ------------------------------------------------------------------------------
    def service(self, service_id: str | int) -> Service:
        """The service as it is listed now. Raises PriceListError where it is not."""
        return self._engine.prices.find(str(service_id))

    def set_service(self, service_id: str | int, **fields: Any) -> None:
        """Change a listed service: rate, name, type, category, min, max, refill, cancel, dripfeed, …"""
        with self._at_work():
            self._engine.prices.change(str(service_id), fields)

    def add_service(self, service_id: str | int, **fields: Any) -> None:
        """List one more service; what is not given is that of a plain Default service."""
        with self._at_work():
            self._engine.prices.add(str(service_id), fields)

    def remove_service(self, service_id: str | int) -> None:
        """Take a service off the list; adding to it is then refused, its orders go on."""
        with self._at_work():
            self._engine.prices.remove(str(service_id))

    def restore_service(self, service_id: str | int) -> None:
        """Put a removed service back, at the end of the list."""
        with self._at_work():
            self._engine.prices.restore(str(service_id))

    # --- Money --------------------------------------------------------------------------------------------------------
    @property
    def balance(self) -> Decimal:
        """Our money there, now."""
        with self._at_work():
            return Decimal(self._engine.saved.balance).scaleb(-6)

    @balance.setter
    def balance(self, amount: Decimal | int | str) -> None:
        self.set_balance(amount)

    def set_balance(self, amount: Decimal | int | str) -> None:
        """Set it outright, as a top-up or a correction would. Raises ControlError for what is no amount."""
        millionths = amounts.to_millionths(amount)
        if millionths is None:
            raise ControlError(f"{amount} is not an amount.")
        with self._at_work():
            self._engine.saved.balance = millionths

    @property
    def spent(self) -> Decimal:
        """What all orders cost, less what came back."""
        with self._at_work():
            return Decimal(self._engine.saved.gross - self._engine.saved.returned).scaleb(-6)

    def _at_work(self) -> AbstractContextManager[None]:
        return self._engine.at_work(now=self._clock.now())

    def _views(self, numbers: Iterable[int]) -> list[dict[str, Any]]:
        now = self._clock.now()
        return [self._view(self._engine.orders[number], now) for number in numbers]

    def _view(self, order: Order, now: float) -> dict[str, Any]:
        return {
            **order.fields,
            "id": str(order.id),
            "service": order.service,
            "link": order.link,
            "quantity": order.quantity,
            "parent": str(order.parent) if order.parent else "",
            "created_at": order.created_at,
            "taken": amounts.to_text(order.charge),
            "kept": amounts.to_text(order.kept),
            **actions.render_order(self._engine, order, now=now),
        }
