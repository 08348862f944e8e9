"""Other customers order at the provider as well: between two ids of ours lie up to three that are not."""

from collections.abc import Callable

import pytest

from tests.fixtures_simulator import Simulator


@pytest.fixture
def simulator(make_simulator: Callable[..., Simulator]) -> Simulator:
    return make_simulator(foreign_orders=3)
