"""How much the machine sees: planted bugs, of which none may survive. A few here, all of them by `make mutants`.

Each is met by the walk that knows it, or by another one, or by the machine's own guesses.
"""

import logging
import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.machine.machine import OneExample, OrdersMachine
from tests.machine.mutants import MUTANTS, Mutant
from tests.machine.mutate import planted
from tests.machine.walks import WALKS, Walker

SAMPLE = 15
CHOSEN = MUTANTS if os.environ.get("MUTANTS") == "all" else MUTANTS[::SAMPLE]
GUESSES = settings(
    max_examples=10,
    stateful_step_count=30,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("mutant", CHOSEN, ids=lambda mutant: mutant.name)
def test_a_planted_bug_is_caught(mutant: Mutant, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    with planted(mutant):
        assert _catches(mutant), f"nobody saw that {mutant.name}"


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_bug_can_be_planted(mutant: Mutant) -> None:
    with planted(mutant):
        pass


def _catches(mutant: Mutant) -> bool:
    others = [name for name in WALKS if name != mutant.walk]
    return any(_fails(name) for name in (mutant.walk, *others)) or _is_guessed()


def _fails(name: str) -> bool:
    try:
        with OneExample() as world:
            WALKS[name](Walker(world))
    except Exception:  # noqa: BLE001 (whatever the bug brings about)
        return True
    return False


def _is_guessed() -> bool:
    try:
        run_state_machine_as_test(OrdersMachine, settings=GUESSES)
    except Exception:  # noqa: BLE001 (the same)
        return True
    return False


def test_every_mutant_has_a_name_of_its_own() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 30
