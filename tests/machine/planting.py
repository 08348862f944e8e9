"""A pytest plugin that plants one bug for a whole run: `pytest -p tests.machine.planting --plant NAME NODE`.

Called by test_mutants for the bugs that a test of its own has to catch.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machine.mutants import MUTANTS, Mutant
from tests.machine.mutate import planted
from tests.template import copy_sqlite

ROOT = Path(__file__).parents[2]
NOT_HANDED_ON = ("DATABASE_URL", "DATA_DIR_OF", "PYTEST_XDIST_WORKER", "PYTEST_ADDOPTS", "MUTANTS", "TEST_EXTENT")
SECONDS = 240


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--plant", help="The name of the bug that is planted for this run.")


@pytest.fixture(scope="session", autouse=True)
def _planted(request: pytest.FixtureRequest) -> Iterator[None]:
    (mutant,) = [one for one in MUTANTS if one.name == request.config.getoption("--plant")]
    with planted(mutant):
        yield


def fails_its_test(mutant: Mutant, *, data_dir: Path) -> bool:
    """Whether the mutant's test fails with the bug, in a process of its own on a database of its own.

    Raises RuntimeError where the test did not run.
    """
    copy_sqlite(data_dir / "tests.sqlite3")
    plugin = ["-p", "tests.machine.planting", "--plant", mutant.name]
    run = _run(["-m", "pytest", "-q", "-x", "--reuse-db", *plugin, mutant.met_by], DATA_DIR=str(data_dir))
    if run.returncode not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED} or " skipped" in run.stdout:
        raise RuntimeError(f"{mutant.met_by} did not run:\n{run.stdout}{run.stderr}")
    return run.returncode == pytest.ExitCode.TESTS_FAILED


def _run(command: list[str], **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {name: text for name, text in os.environ.items() if name not in NOT_HANDED_ON} | settings
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
