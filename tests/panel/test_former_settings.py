"""A setting that was renamed is still read under its former name."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRINT_IT = "from panel import settings; print(settings.UNMATCHED_SECONDS)"


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({}, "300"),
        ({"STRAYS_SECONDS": "60"}, "60"),
        ({"UNMATCHED_SECONDS": "90"}, "90"),
        ({"STRAYS_SECONDS": "60", "UNMATCHED_SECONDS": "90"}, "90"),
    ],
)
def test_the_new_name_counts_and_the_former_one_where_it_is_missing(
    tmp_path: Path, given: dict[str, str], seconds: str
) -> None:
    names = ("STRAYS_SECONDS", "UNMATCHED_SECONDS")
    environment = {name: value for name, value in os.environ.items() if name not in names}
    environment |= {"DATA_DIR": str(tmp_path), **given}
    done = subprocess.run([sys.executable, "-c", PRINT_IT], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.stdout.split() == [seconds], done.stderr
