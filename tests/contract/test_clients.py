"""Programs that customers really use, unchanged, over a real port: every method that each of them has."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import safesmm
import smm
import smmpy
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from orders.models import Order, Refill
from panel.customers.keys import issue_key
from tests.fixtures_orders import LINK, Store
from tests.fixtures_simulator import COMMENTS_SERVICE

pytestmark = pytest.mark.django_db(transaction=True)

BAD_ORDER = {"error": "Incorrect order ID"}
PARTIAL = {"charge": "0.675", "start_count": "3572", "status": "Partial", "remains": "500", "currency": "USD"}


@dataclass
class Door:
    """The API over a port, with an order that ended, and a refill of another one."""

    url: str
    key: str
    store: Store
    order: Order
    refill: Refill

    @property
    def service(self) -> int:
        return self.store.service().pk


@pytest.fixture
def door(live_server: LiveServer, store: Store) -> Door:
    issued = issue_key(customer=store.customer, name="Program", actor="test", now=timezone.now())
    partial, other = store.active(), store.active()
    for order in (partial, other):
        store.simulator.set_order(order.provider_order_id, status="Partial", remains=500, start_count=3572)
    store.poll()
    refill = Refill.objects.create(order=other)
    return Door(f"{live_server.url}/api/v2", issued.secret.reveal(), store, partial, refill)


def check_refill_of(door: Door, answer: Any) -> None:
    assert answer == {"refill": str(door.order.refills.get().pk)}


def test_smmpy(door: Door) -> None:
    api = smmpy.smm(door.url, door.key)
    assert api.get_balance() == {"balance": "98.65", "currency": "USD"}
    assert door.service in {row["service"] for row in api.get_services()}
    placed = api.add_order(door.service, LINK, 100, runs=2, interval=5)
    assert placed == {"order": Order.objects.latest("pk").pk}
    comments = api.add_order(door.store.service(COMMENTS_SERVICE).pk, LINK, 0, comments="one\ntwo")
    assert Order.objects.get(pk=comments["order"]).quantity == 2
    check_the_rest(door, api, placed["order"])


def test_babismm(door: Door) -> None:
    with smm.SMM(door.url, door.key) as api:
        assert api.get_balance() == {"balance": "98.65", "currency": "USD"}
        assert door.service in {row["service"] for row in api.get_services()}
        placed = api.add_order(door.service, link=LINK, quantity=100, runs=2, interval=5)
        assert placed == {"order": Order.objects.latest("pk").pk}
        check_the_rest(door, api, placed["order"])
        with pytest.raises(smm.client.SMMAPIError, match="Incorrect order ID"):
            api.get_status(999999)


def check_the_rest(door: Door, api: Any, placed: int) -> None:
    """smmpy and babismm have the same names for the other methods."""
    assert api.get_status(door.order.pk) == PARTIAL
    assert api.get_multi_status([door.order.pk, 999999]) == {str(door.order.pk): PARTIAL, "999999": BAD_ORDER}
    check_refill_of(door, api.create_refill(door.order.pk))
    assert api.create_multi_refill([999999]) == [{"order": 999999, "refill": BAD_ORDER}]
    assert api.get_refill_status(door.refill.pk) == {"status": "Pending"}
    assert api.get_multi_refill_status([door.refill.pk, 999999]) == [
        {"refill": door.refill.pk, "status": "Pending"},
        {"refill": 999999, "status": {"error": "Refill not found"}},
    ]
    assert api.cancel_orders([placed, 999999]) == [
        {"order": placed, "cancel": 1},
        {"order": 999999, "cancel": BAD_ORDER},
    ]


def test_safesmm(door: Door) -> None:
    api = safesmm.SafeSMM(door.key, api_url=door.url)
    assert api.balance() == {"balance": "98.65", "currency": "USD"}
    assert door.service in {row["service"] for row in api.services()}
    placed = api.add_order(door.service, LINK, 100, runs=2, interval=5)
    assert placed == {"order": Order.objects.latest("pk").pk}
    assert api.status(door.order.pk) == PARTIAL
    assert api.multi_status([door.order.pk, 999999]) == {str(door.order.pk): PARTIAL, "999999": BAD_ORDER}
    check_refill_of(door, api.refill(door.order.pk))
    assert api.cancel(placed["order"]) == [{"order": placed["order"], "cancel": 1}]
    with pytest.raises(safesmm.SafeSMMError, match="Incorrect order ID"):
        api.status(999999)


def test_the_printed_php_class(door: Door) -> None:
    script = Path(__file__).with_name("smm_api.php")
    given = [door.url, door.key, door.order.pk, door.refill.pk, door.service]
    done = subprocess.run(["php", script, *map(str, given)], capture_output=True, text=True, timeout=60, check=True)
    said = json.loads(done.stdout)
    placed = list(Order.objects.order_by("-pk").values_list("pk", flat=True)[:2])
    assert door.service in {row["service"] for row in said.pop("services")}
    assert said == {
        "order": {"order": placed[1]},
        "comments": {"order": placed[0]},
        "status": PARTIAL,
        "multiStatus": {str(door.order.pk): PARTIAL, "999999": BAD_ORDER},
        "refill": {"refill": str(door.order.refills.get().pk)},
        "multiRefill": said["multiRefill"],
        "refillStatus": {"status": "Pending"},
        "multiRefillStatus": [
            {"refill": door.refill.pk, "status": "Pending"},
            {"refill": 999999, "status": {"error": "Refill not found"}},
        ],
        "cancel": [
            {"order": door.order.pk, "cancel": said["cancel"][0]["cancel"]},
            {"order": 999999, "cancel": BAD_ORDER},
        ],
        "balance": {"balance": "98.245", "currency": "USD"},
    }
    assert set(said["multiRefill"][0]["refill"]) == {"error"}  # one is under way already
    assert set(said["cancel"][0]["cancel"]) == {"error"}  # it has ended
    assert said["cancel"][1] == {"order": 999999, "cancel": BAD_ORDER}
