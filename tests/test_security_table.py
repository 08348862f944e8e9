"""docs/security.md: what it names exists, each requirement stands in it once, and its sums are right."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "security.md").read_text()
REQUIREMENTS = 257
"""Of OWASP ASVS 5.0: 70 of level 1, 183 of level 2, and four of level 3."""


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading, without its head."""
    part = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]


def ids() -> dict[str, list[str]]:
    """The requirements by the heading under which they stand."""
    found = {heading: [row[0] for row in rows(heading)] for heading in ("Met", "Not met", "For whoever runs it")}
    found["Does not apply"] = [one for row in rows("Does not apply") for one in row[1].split(", ")]
    return found


@cache
def functions(path: Path) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}


def missing(reference: str) -> bool:
    """Whether `tests/path.py::test_name`, or a path alone, is not there."""
    name, _, function = reference.partition("::")
    path = ROOT / name
    return not path.exists() or (bool(function) and function not in functions(path))


def test_what_it_names_exists() -> None:
    named = re.findall(r"\btests/[\w/]+\.py(?:::\w+)?", PAGE)
    assert len(named) > 100
    assert [one for one in named if missing(one)] == []
    paths = re.findall(r"(?<![\w/])(?:panel|orders|providers|scripts|static|templates|requirements)/[\w./]*\w", PAGE)
    assert len(paths) > 60
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_what_is_not_there_is_noticed() -> None:
    assert missing("tests/test_nothing.py")
    assert missing("tests/test_security_table.py::test_nothing")
    assert not missing("tests/test_security_table.py::test_what_is_not_there_is_noticed")


def test_each_requirement_stands_once() -> None:
    found = [one for group in ids().values() for one in group]
    assert [one for one in found if not re.fullmatch(r"\d+\.\d+\.\d+", one)] == []
    assert sorted(found) == sorted(set(found))
    assert len(found) == REQUIREMENTS
    assert {"1.2.10", "2.3.5", "7.5.3", "15.4.2"} <= set(found)


def test_every_row_says_how_and_its_sums_are_right() -> None:
    assert [row[0] for row in rows("Met") if len(row) != 4 or not all(row)] == []
    assert [row[0] for row in rows("Not met") if len(row) != 4 or not all(row)] == []
    sums = dict(re.findall(r"^\| (met|does not apply|not met|for whoever runs it) \| (\d+) \|$", PAGE, re.MULTILINE))
    counted = {heading.lower(): str(len(found)) for heading, found in ids().items()}
    assert sums == counted
