"""What the lock files in requirements/ pin: for `make audit` and `make sbom`."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNTIME, DEV = "requirements/runtime.txt", "requirements/dev.txt"

_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)(?:\s*;\s*([^\\\n]*[^\\\s]))?", re.MULTILINE)


@dataclass(frozen=True, slots=True, order=True)
class Pin:
    """One part at one version; `marker` says where it is installed, empty: everywhere."""

    name: str
    version: str
    marker: str = ""


def pins(lock: str) -> list[Pin]:
    """The parts of a lock file, by name."""
    return sorted(Pin(*(group or "" for group in found)) for found in _PIN.findall((ROOT / lock).read_text()))
