"""`upstream`: what the adapter's contract is held against, the simulator and our own API, each over a real port."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.utils import timezone

from orders.accounting.audit import audit_all
from panel.customers.keys import issue_key
from tests.contract.upstreams import PanelUpstream, Upstream


@pytest.fixture(params=["simulator", "panel"])
def upstream(request: pytest.FixtureRequest) -> Iterator[Upstream]:
    simulator = request.getfixturevalue("simulator")
    found = Upstream(simulator, simulator.url, simulator.key)
    if request.param == "panel":
        store, server = request.getfixturevalue("store"), request.getfixturevalue("live_server")
        key = issue_key(customer=store.customer, name="B", actor="test", now=timezone.now()).secret.reveal()
        found = PanelUpstream(simulator, f"{server.url}/api/v2", key, store.wallet(), Decimal("1.5"), store=store)
    yield found
    found.adapter.close()
    assert audit_all() == []
