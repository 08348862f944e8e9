"""The provider's rules: what an order costs, how it goes on with time, what comes back. Time is always passed in.

`actions` turns requests into calls of this; each comes inside `at_work`, one at a time.
"""

import heapq
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from providers.simulator import amounts, chance, orders, service_types
from providers.simulator.catalogue import Service
from providers.simulator.orders import Order, Refill
from providers.simulator.pricelist import PriceList
from providers.simulator.rules import LINK_BUSY, Rules
from providers.simulator.service_types import OrderError
from providers.simulator.store import Saved, Store


class Engine:
    """All that the provider knows: its price list, our orders and refills there, our balance."""

    def __init__(self, *, rules: Rules, services: Iterable[Service], balance: int, store: Store) -> None:
        """`balance` is in millionths, and counts only where the store holds none yet."""
        self.lock = threading.RLock()
        self.rules = rules
        self.prices = PriceList(services)
        self.orders: dict[int, Order] = {}
        self.refills: dict[int, Refill] = {}
        self.by_link: dict[str, list[int]] = {}
        self.open_refills: dict[int, int] = {}
        self.saved = Saved(balance=balance, next_order=rules.first_order)
        self._store = store
        self._events: list[tuple[float, int, str, int, Mapping[str, str]]] = []
        self._event_count = 0
        self._changed: set[int] = set()
        self._changed_refills: set[int] = set()
        self._load()

    # --- Time and the store -------------------------------------------------------------------------------------------
    def settle(self, *, now: float) -> None:
        """Let happen all that was due by `now`: money comes back, drip-feed runs begin, late orders appear."""
        while self._events and self._events[0][0] <= now:
            at, _, what, number, fields = heapq.heappop(self._events)
            if what == "end":
                self._return_money(self.orders[number])
            elif what == "run":
                self._begin_run(self.orders[number], at)
            else:
                try:
                    self.add(fields=fields, now=at)
                except OrderError:
                    continue  # like any order, a late one may be refused: then it never appears

    def save(self) -> None:
        """Write what changed since the last call to the store, in one transaction."""
        self.saved.services = self.prices.changes
        if self._changed or self._changed_refills or self.saved.is_changed:
            self._store.save(
                saved=self.saved,
                orders=[self.orders[number] for number in self._changed],
                refills=[self.refills[number] for number in self._changed_refills],
            )
            self._changed.clear()
            self._changed_refills.clear()

    @contextmanager
    def at_work(self, *, now: float) -> Iterator[None]:
        """One thing at a time: what is due by `now` has happened before it, and it is saved after it."""
        with self.lock:
            self.settle(now=now)
            try:
                yield
            finally:
                self.save()

    def touch(self, order: Order) -> None:
        """The order was changed from outside and is to be saved."""
        self._changed.add(order.id)

    def _load(self) -> None:
        found = self._store.load()
        if found is None:
            return
        self.saved, loaded, refills = found
        self.prices.replay(self.saved.services)
        for order in loaded:
            self._know(order)
            if order.ending != orders.COMPLETED and not order.returned and not order.parent:
                self._plan(order.ends_at, "end", order.id)
            if len(order.children) < order.runs:
                self._plan(self._run_time(order), "run", order.id)
        for refill in refills:
            self.refills[refill.id] = refill
            self.open_refills[refill.order] = refill.id

    def _plan(self, at: float, what: str, number: int, fields: Mapping[str, str] | None = None) -> None:
        self._event_count += 1
        heapq.heappush(self._events, (at, self._event_count, what, number, fields or {}))

    # --- Orders -------------------------------------------------------------------------------------------------------
    def add(self, *, fields: Mapping[str, str], now: float) -> Order:
        """Create the order and take its charge. Raises OrderError, with nothing changed, where it is refused."""
        service = self.prices.listed.get(fields.get("service", ""))
        rate = amounts.to_millionths(service.rate) if service else None
        kind = service_types.kind_of(service.type) if service else None
        if service is None or rate is None or kind is None:
            raise OrderError("Incorrect service ID")
        service_types.check_fields(kind, fields)
        units = kind.count(fields)
        if kind.limited:
            _check_limits(service, units)
        runs = self._runs(service, kind, fields)
        link = fields.get("link") or fields.get("username", "")
        if self.rules.one_order_per_link and self._link_is_busy(link, now):
            raise OrderError(LINK_BUSY)
        quantity = units * (runs or 1)
        charge = amounts.price(rate=rate, units=quantity, per_package=kind.per_package)
        if charge > self.saved.balance:
            raise OrderError("Not enough funds on balance")
        order = self._create(service, link, quantity=quantity, charge=charge, runs=runs, now=now, fields=fields)
        self.saved.balance -= charge
        self.saved.gross += charge
        return order

    def add_late(self, *, fields: Mapping[str, str], now: float) -> None:
        """The order appears `late_seconds` from now, if it is in order then."""
        self._plan(now + self.rules.late_seconds, "late", 0, dict(fields))

    def fill(self, *, service: Service, count: int, quantity: int, now: float) -> list[Order]:
        """`count` alike orders at once, for benchmarks; the balance is topped up by what they cost first."""
        charge = amounts.price(rate=amounts.to_millionths(service.rate) or 0, units=quantity, per_package=False)
        self.saved.gross += charge * count
        links = (f"https://example.com/{number}" for number in range(count))
        return [self._create(service, link, quantity=quantity, charge=charge, now=now) for link in links]

    def find_order(self, text: str, *, now: float) -> Order | None:
        """The order of that id, once it is indexed."""
        order = self.orders.get(int(text)) if text.isascii() and text.isdigit() and len(text) < 19 else None
        if order is None or now < order.created_at + self.rules.index_seconds:
            return None
        return order

    def cancel(self, order: Order, *, now: float) -> None:
        """Take in a wish to cancel: the order ends `cancel_seconds` from now. Raises OrderError where it cannot."""
        service = self.prices.known(order.service)
        if service is None or not service.cancel or order.canceling or orders.word_of(order, now) in orders.FINAL:
            raise OrderError("Cancel is not available for this order")
        order.canceling = True
        orders.end_early(order, at=min(now + self.rules.cancel_seconds, order.ends_at))
        self._plan(order.ends_at, "end", order.id)
        self._changed.add(order.id)
        self.settle(now=now)

    def refill(self, order: Order, *, now: float) -> Refill:
        """Take in a refill. Raises OrderError where the service or the order's state has none, or one is open."""
        service = self.prices.known(order.service)
        finished = orders.word_of(order, now) in (orders.COMPLETED, orders.PARTIAL)
        if service is None or not service.refill or not finished or self._has_open_refill(order, now):
            raise OrderError("Refill is not available for this order")
        number, self.saved.next_refill = self.saved.next_refill, self.saved.next_refill + 1
        is_rejected = chance.unit(self.rules.seed, "refill", number) < self.rules.rejected_refill_share
        ending = "Rejected" if is_rejected else orders.COMPLETED
        refill = Refill(id=number, order=order.id, created_at=now, duration=self.rules.order_seconds, ending=ending)
        self.refills[number] = refill
        self.open_refills[order.id] = number
        self._changed_refills.add(number)
        return refill

    def keep(self, order: Order, kept: int) -> None:
        """The provider keeps `kept` millionths of the order's charge; the balance gets or loses the difference."""
        back = order.kept - kept
        if back and not order.parent:
            self.saved.balance += back
            self.saved.returned += back
        order.kept = kept
        self._changed.add(order.id)

    # --- Parts --------------------------------------------------------------------------------------------------------
    def _create(
        self,
        service: Service,
        link: str,
        *,
        quantity: int,
        charge: int,
        now: float,
        runs: int = 0,
        fields: Mapping[str, str] | None = None,
        parent: int = 0,
    ) -> Order:
        number = self.saved.next_order
        skipped = chance.number(self.rules.seed, "foreign", number) % (self.rules.foreign_orders + 1)
        self.saved.next_order = number + 1 + skipped
        duration = self.rules.order_seconds * (runs or 1)
        order = Order(
            id=number,
            service=service.id,
            type=service.type,
            link=link,
            quantity=quantity,
            charge=charge,
            kept=charge,
            created_at=now,
            duration=duration,
            planned=quantity,
            ends_at=now + duration,
            start_count=chance.number(self.rules.seed, "start", link) % 20_000,
            runs=runs,
            parent=parent,
            fields={name: text for name, text in (fields or {}).items() if name not in ("key", "action")},
        )
        if not parent:
            self._draw_ending(order)
        self._know(order)
        self._changed.add(number)
        if runs:
            self._plan(now, "run", number)
        return order

    def _draw_ending(self, order: Order) -> None:
        throw = chance.unit(self.rules.seed, "ending", order.id)
        if throw < self.rules.canceled_share:
            orders.plan_ending(order, word=orders.CANCELED, left=order.quantity)
        elif throw < self.rules.canceled_share + self.rules.partial_share and order.quantity > 1:
            part = 1 + chance.number(self.rules.seed, "left", order.id) % 60
            left = min(max(order.quantity * part // 100, 1), order.quantity - 1)
            orders.plan_ending(order, word=orders.PARTIAL, left=left)
        else:
            return
        self._plan(order.ends_at, "end", order.id)

    def _know(self, order: Order) -> None:
        self.orders[order.id] = order
        if not order.parent:
            self.by_link.setdefault(order.link, []).append(order.id)

    def _return_money(self, order: Order) -> None:
        if not order.returned:
            order.returned = True
            self.keep(order, orders.kept_of(order))

    def _run_time(self, order: Order) -> float:
        return order.created_at + len(order.children) * self.rules.order_seconds

    def _begin_run(self, order: Order, at: float) -> None:
        service = self.prices.known(order.service)
        if service is None or (at >= order.ends_at and order.duration):
            return
        share = order.quantity // order.runs
        child = self._create(
            service, order.link, quantity=share, charge=order.charge // order.runs, now=at, parent=order.id
        )
        order.children.append(child.id)
        self._changed.add(order.id)
        if len(order.children) < order.runs:
            self._plan(self._run_time(order), "run", order.id)

    def _link_is_busy(self, link: str, now: float) -> bool:
        numbers = self.by_link.get(link, ())
        return any(orders.word_of(self.orders[number], now) not in orders.FINAL for number in numbers)

    def _has_open_refill(self, order: Order, now: float) -> bool:
        number = self.open_refills.get(order.id)
        return number is not None and orders.parse_refill_status(self.refills[number], now) in (
            orders.PENDING,
            orders.RUNNING,
        )

    def _runs(self, service: Service, kind: service_types.Kind, fields: Mapping[str, str]) -> int:
        text = fields.get("runs", "")
        if not text or not kind.takes_runs:
            return 0
        runs = service_types.whole_number(text)
        interval = service_types.whole_number(fields.get("interval", "") or "0")
        if not service.dripfeed or not 1 <= runs <= 1000 or interval < 1:
            raise OrderError("Incorrect request")
        return runs


def _check_limits(service: Service, units: int) -> None:
    if units < service_types.whole_number(str(service.min)):
        raise OrderError(f"Quantity less than minimal {service.min}")
    if units > service_types.whole_number(str(service.max)):
        raise OrderError(f"Quantity more than maximum {service.max}")
