"""How much the machine sees: planted bugs, of which none may survive. A few here, all of them by `make mutants`.

Each is met by the walk that knows it, or by another one, or by the machine's own guesses; or by a test of its own.
"""

import logging
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.machine.machine import OneExample
from tests.machine.mutants import MUTANTS, Mutant
from tests.machine.mutate import planted
from tests.machine.planting import ROOT, fails_its_test
from tests.machine.troubled import TroubledMachine
from tests.machine.walks import WALKS, Walker

SAMPLE = 25
ALL = os.environ.get("MUTANTS") == "all"
FOR_WALKS = [mutant for mutant in MUTANTS if not mutant.is_met_by_a_test]
FOR_TESTS = [mutant for mutant in MUTANTS if mutant.is_met_by_a_test]
CHOSEN = MUTANTS if ALL else (*FOR_WALKS[::SAMPLE], FOR_TESTS[0])
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


@pytest.mark.parametrize("mutant", [one for one in CHOSEN if not one.is_met_by_a_test], ids=lambda one: one.name)
def test_a_planted_bug_is_caught(mutant: Mutant, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    with planted(mutant):
        assert _catches(mutant), f"nobody saw that {mutant.name}"


@pytest.mark.parametrize("mutant", [one for one in CHOSEN if one.is_met_by_a_test], ids=lambda one: one.name)
def test_a_planted_bug_is_caught_by_its_test(mutant: Mutant, tmp_path: Path) -> None:
    assert fails_its_test(mutant, data_dir=tmp_path), f"nobody saw that {mutant.name}"


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_bug_can_be_planted(mutant: Mutant) -> None:
    with planted(mutant):
        pass


@pytest.mark.parametrize("mutant", FOR_TESTS, ids=lambda mutant: mutant.name)
def test_the_test_that_is_to_catch_it_exists(mutant: Mutant) -> None:
    path, _, name = mutant.met_by.partition("::")
    assert f"\ndef {name.partition('[')[0]}(" in (ROOT / path).read_text()


@pytest.mark.parametrize("mutant", FOR_WALKS, ids=lambda mutant: mutant.name)
def test_the_walk_that_is_to_catch_it_exists(mutant: Mutant) -> None:
    assert mutant.met_by in WALKS


def _catches(mutant: Mutant) -> bool:
    others = [name for name in WALKS if name != mutant.met_by]
    return any(_fails(name) for name in (mutant.met_by, *others)) or _is_guessed()


def _fails(name: str) -> bool:
    try:
        with OneExample() as world:
            WALKS[name](Walker(world))
    except Exception:  # noqa: BLE001 (whatever the bug brings about)
        return True
    return False


def _is_guessed() -> bool:
    try:
        run_state_machine_as_test(TroubledMachine, settings=GUESSES)
    except Exception:  # noqa: BLE001 (the same)
        return True
    return False


def test_every_mutant_has_a_name_of_its_own() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 30
