"""The bundled provider for tests: in memory, behind a real port, with time that stands still until it is moved.

`simulator` gives a fresh one; `make_simulator(...)` as many as wanted, with other settings (see SimulatorServer).
"""

import json
import urllib.request
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from providers.simulator.catalogue import Service, make_services
from providers.simulator.control import Control
from providers.simulator.rules import Rules
from providers.simulator.server import SimulatorServer

SIMULATOR_KEY = "simulator-key-for-tests-0123456789"
SIMULATOR_BALANCE = Decimal(1000)
ORDER_SECONDS = 100
"""An order is Pending for the first 10 of them, then delivered evenly, and Completed at the end."""
DEFAULT_SERVICE = "1"
"""Default, rate 0.90, 50 to 10000, refill, cancel, drip-feed."""
PACKAGE_SERVICE = "2"
"""Package, rate 5 (the price of one)."""
COMMENTS_SERVICE = "3"
"""Custom Comments, rate 8, 1 to 1500 lines, cancel."""
PLAIN_SERVICE = "4"
"""Default, rate 0.25, 10 to 100000, neither refill nor cancel nor drip-feed."""

KNOWN_SERVICES = (
    Service(
        id="1",
        name="Instagram Followers | Real | 30 days refill",
        type="Default",
        category="Instagram Followers",
        rate="0.90",
        min="50",
        max="10000",
        refill=True,
        cancel=True,
        dripfeed=True,
        description="Link: the profile\nStart: 0-1 hour",
        average_time="1 hour 12 minutes",
    ),
    Service(id="2", name="Instagram Starter pack", type="Package", category="Packages", rate="5", min="1", max="1"),
    Service(
        id="3",
        name="Instagram Custom Comments",
        type="Custom Comments",
        category="Instagram Comments",
        rate="8",
        min="1",
        max="1500",
        cancel=True,
    ),
    Service(id="4", name="TikTok Views", type="Default", category="TikTok Views", rate="0.25", min="10", max="100000"),
)


class Simulator(Control):
    """The provider's back office (`next`, `set_order`, `created`, `requests`, `advance`, …), its address and key."""

    def __init__(self, server: SimulatorServer) -> None:
        self.__dict__ = server.control.__dict__  # the server and the test look at one and the same state
        self.server = server

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def key(self) -> str:
        return SIMULATOR_KEY


class RemoteSimulator:
    """The back office of a provider in another process, started with --control."""

    def __init__(self, *, url: str, key: str) -> None:
        """`url` is the API's address, as the command prints it."""
        self.url, self.key = url, key

    def call(self, verb: str, **given: Any) -> Any:
        """The verb's result; see providers/simulator/remote.py. Raises HTTPError where it is refused."""
        address = self.url.removesuffix("/api/v2") + f"/_control/{verb}"
        headers = {"X-Simulator-Key": self.key, "Content-Type": "application/json"}
        request = urllib.request.Request(address, data=json.dumps(given).encode(), headers=headers)  # noqa: S310
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return json.load(answer)["result"]


@pytest.fixture
def make_simulator() -> Iterator[Callable[..., Simulator]]:
    """Starts providers and stops them after the test.

    Settings are those of SimulatorServer, with those of Rules beside them: services=10000, order_seconds=0, …
    """
    started: list[SimulatorServer] = []

    def make(*, services: int = 20, rules: Rules | None = None, **settings: Any) -> Simulator:
        of_rules = {name: settings.pop(name) for name in list(settings) if name in Rules.__dataclass_fields__}
        rules = rules or Rules(**{"order_seconds": ORDER_SECONDS, **of_rules})
        others = [service for service in make_services(count=services, seed=rules.seed) if int(service.id) > 4]
        known = [Service(**{name: getattr(service, name) for name in Service.__slots__}) for service in KNOWN_SERVICES]
        defaults = {"key": SIMULATOR_KEY, "is_manual": True, "hang_seconds": 1, "balance": SIMULATOR_BALANCE}
        listed = [*known, *others][:services]
        server = SimulatorServer(**{**defaults, "rules": rules, "services": listed, **settings})
        started.append(server.start())
        return Simulator(server)

    yield make
    for server in started:
        server.stop()


@pytest.fixture
def simulator(make_simulator: Callable[..., Simulator]) -> Simulator:
    """A fresh provider with 20 services and a balance of 1000 USD; see the constants for the first four."""
    return make_simulator()
