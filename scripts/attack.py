"""`make attack`: every attack of tests/attack/catalog.py, and a table of what was tried, what held and how it measured.

The tests run on SQLite, those of attacks on the database on a throwaway PostgreSQL too. Exit status 1 where one does
not hold, or was not tried.
"""

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests import throwaway
from tests.attack.catalog import ATTACKS, Attack

ROOT = Path(__file__).resolve().parent.parent
OPTIONS = ("-q", "-p", "no:xdist", "-o", "junit_family=xunit1")  # figures are properties, which xunit2 has no place for
WIDTH = 66


@dataclass(slots=True)
class Tried:
    """What became of an attack: how many tests ran, which did not hold, which were left out, and what was measured."""

    tests: int = 0
    broken: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    figures: list[str] = field(default_factory=list)

    @property
    def held(self) -> str:
        if self.broken:
            return "NO"
        return "yes" if self.tests and not self.left_out else "NOT TRIED"


@dataclass(frozen=True, slots=True)
class Ran:
    """A test that ran: its file and function, and what came of it."""

    name: str
    is_broken: bool
    is_left_out: bool
    figures: tuple[str, ...]


def run(tests: Iterable[str], *, database_url: str = "") -> list[Ran]:
    """Run these tests on one database."""
    with tempfile.TemporaryDirectory(prefix="panel-attack.") as folder:
        report = Path(folder) / "report.xml"
        environment = os.environ | {"DATABASE_URL": database_url, "DATA_DIR": folder}
        command = [sys.executable, "-m", "pytest", *OPTIONS, f"--junitxml={report}", *tests, *sys.argv[1:]]
        subprocess.run(command, cwd=ROOT, env=environment, check=False)
        if not report.exists():
            sys.exit("pytest did not run.")
        return [_ran(case) for case in ET.parse(report).iter("testcase")]  # noqa: S314 (pytest wrote it)


def _ran(case: ET.Element) -> Ran:
    function = case.get("name", "").partition("[")[0]
    figures = [one.get("value", "") for one in case.iter("property") if one.get("name") == "figure"]
    outcome = {child.tag for child in case}
    file = case.get("classname", "").replace(".", "/") + ".py"
    return Ran(f"{file}::{function}", bool(outcome & {"failure", "error"}), "skipped" in outcome, tuple(figures))


def judge(attack: Attack, ran: Iterable[Ran]) -> Tried:
    """What became of the attack, of all that ran; a test of it that did not run is left out."""
    tried = Tried()
    mine = [one for one in ran if any(one.name == test or one.name.startswith(f"{test}::") for test in attack.tests)]
    for one in mine:
        tried.tests += not one.is_left_out
        tried.figures += one.figures
        if one.is_broken:
            tried.broken.append(one.name)
    names = {one.name for one in mine if not one.is_left_out}
    tried.left_out = [t for t in attack.tests if not any(n == t or n.startswith(f"{t}::") for n in names)]
    return tried


def table(judged: Iterable[tuple[Attack, Tried]]) -> str:
    """A line for each attack, and one for each test of it that did not hold or was left out."""
    lines = [f"{'attack':{WIDTH}}{'tried':>6}  {'held':9}  figure"]
    for attack, tried in judged:
        figure = "; ".join(dict.fromkeys(tried.figures))
        lines.append(f"{attack.what:{WIDTH}}{tried.tests:>6}  {tried.held:9}  {figure}".rstrip())
        lines += [f"    did not hold: {name}" for name in dict.fromkeys(tried.broken)]
        lines += [f"    not tried: {name}" for name in tried.left_out]
    return "\n".join(lines)


def main() -> None:
    """Run all of it and print the table."""
    ran = run(dict.fromkeys(test for attack in ATTACKS for test in attack.tests))
    if "postgres" not in throwaway.missing():
        both = dict.fromkeys(test for attack in ATTACKS if attack.on_postgres for test in attack.tests)
        with throwaway.postgres() as url:
            ran += run([test for test in both if not test.startswith("tests/attack/")], database_url=url)
    judged = [(attack, judge(attack, ran)) for attack in ATTACKS]
    print(f"\n{table(judged)}")
    sys.exit(0 if all(tried.held == "yes" for _, tried in judged) else 1)


if __name__ == "__main__":
    main()
