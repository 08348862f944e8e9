"""The run's view of the recounting process: what it has found so far, and how many orders wait."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.process.processes import running


@dataclass(frozen=True, slots=True)
class Watch:
    log: Path

    def lines(self) -> list[dict[str, Any]]:
        said = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return [json.loads(line) for line in said if line.startswith("{") and line.endswith("}")]

    def latest_states(self) -> dict[str, int]:
        """Orders by state, as of the last recount."""
        for line in reversed(self.lines()[-50:]):
            if "states" in line:
                found: dict[str, int] = line["states"]
                return found
        return {}

    def recounts(self) -> int:
        return sum("states" in line for line in self.lines())

    def differences(self) -> list[str]:
        return [text for line in self.lines() for text in line.get("differences", [])]

    def problems(self) -> list[str]:
        """What the recounting process itself broke with."""
        return [line for line in self.log.read_text(errors="replace").splitlines() if line.startswith("Traceback")]


@contextmanager
def watching(env: dict[str, str], log: Path) -> Iterator[Watch]:
    """Recount from here on."""
    argv = [sys.executable, "-m", "tests.chaos.checker"]
    with running(["python", *argv[1:]], env={**env, "LOG_LEVEL": "ERROR"}, log=log):
        yield Watch(log)
