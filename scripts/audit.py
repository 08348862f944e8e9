"""`make audit`: whether a locked part is known to be vulnerable.

pip-audit asks the package index where that is reachable. Otherwise a local copy of the advisories is read: a folder or
zip file of OSV records (ADVISORIES), such as https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip. Where
there is neither, nothing was checked, and it says so.
"""

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

from scripts.locked import DEV, ROOT, RUNTIME, Pin, pins

PIP_AUDIT = "pip-audit==2.10.1"
LOCKS = (RUNTIME, DEV)
SECONDS = 300
NOTHING = "NOTHING WAS CHECKED: no advisory source is reachable, and ADVISORIES names no local copy."


class UnreachableError(Exception):
    """pip-audit could not be had, or could not ask."""


@dataclass(frozen=True, slots=True, order=True)
class Hole:
    """An advisory that holds for a locked version."""

    name: str
    version: str
    advisory: str
    fixed: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.version}: {self.advisory}" + (f", fixed in {self.fixed}" if self.fixed else "")


def by_pip_audit() -> list[Hole]:
    """What pip-audit finds. Raises UnreachableError."""
    locks = [word for lock in LOCKS for word in ("--requirement", lock)]
    asked = ["--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json", "--timeout", "15"]
    command = [str(Path(sys.executable).with_name("uv")), "tool", "run", "--from", PIP_AUDIT, "pip-audit"]
    try:
        done = subprocess.run(
            [*command, *asked, *locks], cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        parts = json.loads(done.stdout)["dependencies"]
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError) as problem:
        raise UnreachableError(f"pip-audit could not ask ({type(problem).__name__}).") from None
    if skipped := sorted(part["name"] for part in parts if "skip_reason" in part):
        raise UnreachableError(f"pip-audit has no answer for {', '.join(skipped)}.")
    return sorted(
        {
            Hole(part["name"], part["version"], found["id"], ", ".join(found["fix_versions"]))
            for part in parts
            for found in part["vulns"]
        }
    )


def by_local_copy(source: Path, locked: list[Pin]) -> list[Hole]:
    """What the OSV records in a folder or zip file say of the locked versions."""
    by_name = {_canonical(pin.name): pin for pin in locked}
    found = set()
    for record in _records(source):
        for affected in [] if "withdrawn" in record else record.get("affected", []):
            package = affected.get("package", {})
            pin = by_name.get(_canonical(package.get("name", "")))
            if pin and package.get("ecosystem") == "PyPI" and _holds_for(affected, pin.version):
                found.add(Hole(pin.name, pin.version, record["id"], _fixed(affected)))
    return sorted(found)


def _records(source: Path) -> Iterator[dict[str, Any]]:
    if source.is_dir():
        for path in sorted(source.rglob("*.json")):
            yield json.loads(path.read_text())
        return
    with zipfile.ZipFile(source) as archive:
        for name in archive.namelist():
            if name.endswith(".json"):
                yield json.loads(archive.read(name))


def _holds_for(affected: dict[str, Any], version: str) -> bool:
    """Whether the record lists the version, or has it in one of its ranges."""
    if version in affected.get("versions", []):
        return True
    ranges = [one["events"] for one in affected.get("ranges", []) if one.get("type") == "ECOSYSTEM"]
    return any(_is_in(events, Version(version)) for events in ranges)


def _is_in(events: list[dict[str, str]], version: Version) -> bool:
    """OSV's own rule: the events up to the version, in their order, say whether it is affected."""
    is_affected = False
    for kind, at in sorted(((kind, at) for event in events for kind, at in event.items()), key=_place):
        if kind == "introduced" and (at == "0" or version >= Version(at)):
            is_affected = True
        elif (kind == "fixed" and version >= Version(at)) or (kind == "last_affected" and version > Version(at)):
            is_affected = False
    return is_affected


def _place(event: tuple[str, str]) -> Version:
    try:
        return Version(event[1])
    except InvalidVersion:
        return Version("0")


def _fixed(affected: dict[str, Any]) -> str:
    events = [event for one in affected.get("ranges", []) for event in one.get("events", [])]
    return ", ".join(event["fixed"] for event in events if "fixed" in event)


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def audit(*, source: str) -> tuple[str, list[Hole]]:
    """Where it was looked up, empty where it was not, and what was found."""
    try:
        return "the package index, by pip-audit", by_pip_audit()
    except UnreachableError as problem:
        print(problem)
    if source:
        locked = sorted({pin for lock in LOCKS for pin in pins(lock)})
        return f"the local copy {source}", by_local_copy(Path(source), locked)
    return "", []


def main() -> None:
    """Exit status 1 where a locked part is known to be vulnerable; 0 where none is, and where nothing was checked."""
    where, holes = audit(source=os.environ.get("ADVISORIES", ""))
    if not where:
        print(NOTHING)
        return
    for hole in holes:
        print(hole)
    print(f"Looked up in {where}: {len(holes)} known to be vulnerable.")
    sys.exit(1 if holes else 0)


if __name__ == "__main__":
    main()
