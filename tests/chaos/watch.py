"""The run's view of the recounting process: what it has found so far, and how many orders wait."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.process.processes import running

TAIL = 8192


@dataclass(frozen=True, slots=True)
class Watch:
    log: Path

    def lines(self) -> list[dict[str, Any]]:
        return _lines(self.log.read_text(errors="replace").splitlines())

    def latest_states(self) -> dict[str, int]:
        """Orders by state, as of the last check; asked for often, so only the log's end is read."""
        with self.log.open("rb") as log:
            start = max(0, log.seek(0, os.SEEK_END) - TAIL)
            log.seek(start)
            said = log.read().decode(errors="replace").splitlines()[bool(start) :]
        states = [line["states"] for line in _lines(said) if "states" in line]
        return states[-1] if states else {}

    def recounts(self) -> int:
        return sum("states" in line for line in self.lines())

    def differences(self) -> list[str]:
        return [text for line in self.lines() for text in line.get("differences", [])]

    def problems(self) -> list[str]:
        """What the recounting process itself broke with."""
        return [line for line in self.log.read_text(errors="replace").splitlines() if line.startswith("Traceback")]


def _lines(said: list[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said if line.startswith("{") and line.endswith("}")]


@contextmanager
def watching(env: dict[str, str], log: Path) -> Iterator[Watch]:
    """Recount from here on."""
    with running(["python", "-m", "tests.chaos.checker"], env={**env, "LOG_LEVEL": "ERROR"}, log=log):
        yield Watch(log)
