"""Providers who change their minds: orders that were Completed become Partial or Canceled, with the money following."""

import threading

from django.db.models import F

from orders.models import Order
from orders.rules.states import State
from tests.chaos.asking import asked
from tests.chaos.services import World

ONE_IN = 25


class Whims:
    """`start` changes orders' fates until `stop`."""

    def __init__(self, world: World) -> None:
        self.changed: set[int] = set()
        self._world = world
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="whims", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(120)

    def _work(self) -> None:
        while not self._stopping.wait(2):
            for order in asked(self._chosen):
                self._change(order)

    def _chosen(self) -> list[Order]:
        done = Order.objects.filter(state=State.COMPLETED, quantity__gt=3).select_related("provider").order_by("pk")
        chosen = done.annotate(rest=F("pk") % ONE_IN).filter(rest=0)
        return [order for order in chosen if order.pk not in self.changed]

    def _change(self, order: Order) -> None:
        partial = {"status": "Partial", "remains": str(order.quantity // 3)}
        fields = {"status": "Canceled"} if order.pk % (2 * ONE_IN) == 0 else partial
        simulator = self._world.simulators[order.provider.name]
        simulator.call("set_order", order=order.provider_order_id, fields=fields)
        self.changed.add(order.pk)
