"""Short chaos runs: the product's books agree with the providers' own, and a naive placer's do not.

`make chaos` runs long ones. Each of these prints its seed; a failure shows the whole of what it said.
"""

import re
import subprocess
import sys

import pytest

from tests.extent import IS_SMALL
from tests.process.processes import ROOT

PATIENCE = 600
SCALED = ("--orders", "40", "--kills", "3") if IS_SMALL else ("--orders", "120", "--kills", "8")
EMBEDDED = ("--orders", "30", "--kills", "2") if IS_SMALL else ("--orders", "80", "--kills", "5")
pytestmark = pytest.mark.process


def chaos(*arguments: str) -> tuple[int, str]:
    """The exit status of a run, and what it said."""
    command = [sys.executable, "-m", "scripts.chaos", "--seed", "7", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.postgres
@pytest.mark.redis
@pytest.mark.usefixtures("postgres_url", "redis_url")
def test_nothing_is_lost_doubled_or_swapped_on_postgres_and_redis() -> None:
    status, said = chaos(*SCALED)
    assert status == 0, said
    assert "FAULTS 0" in said
    assert re.search(r"recounts [1-9]", said), said


def test_nothing_is_lost_doubled_or_swapped_in_one_process_on_sqlite() -> None:
    status, said = chaos(*EMBEDDED, "--sqlite")
    assert status == 0, said
    assert "FAULTS 0" in said
    assert re.search(r"recounts [1-9]", said), said


def test_a_naive_placer_is_caught() -> None:
    status, said = chaos("--orders", "40", "--kills", "0", "--faults", "0.6", "--sqlite", "--naive")
    assert status == 1, said
    for fault in ("bought twice", "refunded though bought", "money unexplained"):
        assert re.search(rf"^{fault}: [1-9]", said, re.MULTILINE), said
