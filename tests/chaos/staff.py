"""A member of staff who decides a part of the doubtful orders on the staff's page, by what is true at the providers.

The others stay in REVIEW: there the run's end asks whether the evidence is kept. Where placing is paused since money is
missing they have it go on: whether the books are right is asked at the end.
"""

import threading
from collections import Counter
from datetime import timedelta

import requests
from django.db.models import F, QuerySet
from django.utils import timezone

from orders.models import Attempt, Order
from orders.rules.states import State
from providers.models import PROBES_TO_TRUST, Provider
from tests.chaos.asking import asked
from tests.chaos.customers import ANSWER_SECONDS, Client
from tests.chaos.services import World
from tests.chaos.shop import Person

DECIDED = 8
"""Of ten orders; and of all until the evidence is trusted."""
A_LOOK = 50


class Staff:
    """`start` has them look every second until `stop`."""

    def __init__(self, person: Person, world: World) -> None:
        self.verdicts: Counter[str] = Counter()
        self._client = Client(person, world.site)
        self._world = world
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="staff", daemon=True)

    def sign_in(self) -> None:
        self._client.sign_in()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(120)

    def has_work(self) -> bool:
        """Whether anything is ripe for a decision, or will be."""
        return asked(lambda: self._theirs().exists())

    def _work(self) -> None:
        while not self._stopping.wait(1):
            for provider in asked(lambda: list(Provider.objects.filter(pauses__reason="drift"))):
                self._post(f"balances/{provider.pk}/resume/", "go on")
            for order in asked(self._doubtful):
                if self._stopping.is_set():
                    return
                self._decide(order)

    def _doubtful(self) -> list[Order]:
        """What is ripe: in REVIEW, and so old that nothing of it can still appear."""
        plan = self._world.plan
        ripe = timezone.now() - timedelta(seconds=plan.settle + plan.lease)
        young = Attempt.objects.filter(started_at__gt=ripe)
        return list(self._theirs().exclude(attempts__in=young).select_related("provider").order_by("pk")[:A_LOOK])

    def _theirs(self) -> QuerySet[Order]:
        """The doubtful orders that this person decides: the others must not stand in their way."""
        orders = Order.objects.filter(state=State.REVIEW)
        if Provider.objects.filter(probes_right__gte=PROBES_TO_TRUST).exists():
            orders = orders.annotate(digit=F("pk") % 10).filter(digit__lt=DECIDED)
        return orders

    def _decide(self, order: Order) -> None:
        created = self._world.simulators[order.provider.name].call("created", link=order.link)
        if len(created) > 1:
            return  # bought twice: no verdict mends that
        if created:
            self._say(order, "placed", provider_order_id=created[0]["id"])
        else:
            self._say(order, "back" if order.pk % 3 == 0 else "again")

    def _say(self, order: Order, verdict: str, **words: str) -> None:
        self._post(f"doubtful/{order.pk}/{verdict}/", verdict, **words)

    def _post(self, path: str, verdict: str, **words: str) -> None:
        form = {"reason": "looked it up at the provider", **words}
        form["csrfmiddlewaretoken"] = self._client.browser.cookies["csrf"]
        address = f"{self._world.site}/staff/{path}"
        try:
            said = self._client.browser.post(address, data=form, timeout=ANSWER_SECONDS, allow_redirects=False)
        except requests.RequestException:
            return  # looked at again in a second
        if said.status_code == 302:
            self.verdicts[verdict] += 1
