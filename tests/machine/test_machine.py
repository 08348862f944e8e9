"""Lives of orders as nobody would write them down, on whichever database the tests run; `make fuzz` tries many more."""

import logging

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.examples import examples
from tests.extent import IS_SMALL
from tests.machine.machine import OneExample
from tests.machine.troubled import TroubledMachine
from tests.machine.walks import WALKS, Walker

STEPS = 30
LIVES_OF_EACH_THOUSAND = 10

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)


@pytest.mark.parametrize("name", WALKS)
def test_walks(name: str) -> None:
    with OneExample() as world:
        WALKS[name](Walker(world))


def test_whatever_happens() -> None:
    chosen = examples(3 if IS_SMALL else 10, share=LIVES_OF_EACH_THOUSAND / 1000)
    run_state_machine_as_test(TroubledMachine, settings=settings(chosen, stateful_step_count=STEPS))
