"""A rule of the tree that import-linter cannot say: who writes the ledger. scripts/check_house.py has the others."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import check_house

ROOT = Path(__file__).resolve().parent.parent
BOOKS = {"Account", "Transfer"}
WRITES = {"create", "bulk_create", "update", "bulk_update", "delete", "get_or_create", "update_or_create", "save"}


def product_files() -> Iterator[Path]:
    for floor in ("panel", "providers", "orders"):
        yield from (path for path in sorted((ROOT / floor).rglob("*.py")) if "migrations" not in path.parts)


def writes_the_books(source: str) -> bool:
    """Whether the code makes, changes or deletes an Account or a Transfer."""
    return any(_writes(node) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))


def _writes(call: ast.Call) -> bool:
    function = call.func
    if isinstance(function, ast.Name):
        hands_over = function.id == "update_rows" and bool(call.args) and _root(call.args[0]) in BOOKS
        return function.id in BOOKS or hands_over
    return isinstance(function, ast.Attribute) and function.attr in WRITES and _root(function) in BOOKS


def _root(node: ast.AST) -> str:
    """The name at the left end of `name.attribute(...).attribute`."""
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def test_only_the_ledger_writes_the_books() -> None:
    writers = {str(path.relative_to(ROOT)) for path in product_files() if writes_the_books(path.read_text())}
    assert writers == {"panel/wallet/ledger.py"}


def test_the_rule_sees_every_way_of_writing() -> None:
    for line in (
        "Transfer(key='a')",
        "Account.objects.create()",
        "Account.objects.filter(pk=1).update(balance=0)",
        "Transfer.objects.bulk_create([])",
        "update_rows(Account, rows)",
    ):
        assert writes_the_books(line), line
    assert not writes_the_books("Account.objects.filter(pk=1).first(); Order.objects.create()")


def test_the_checks_of_the_house_see_what_they_look_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_house, "ROOT", tmp_path)
    long_function = "def f() -> None:\n" + "    pass\n" * check_house.MAX_FUNCTION
    for name, text in {"sieve.py": "A = 1\n", "good.py": long_function, "long.py": "A = 1\n" * 301}.items():
        (tmp_path / name).write_text(text)
    paths = sorted(tmp_path.iterdir())
    assert list(check_house.names(paths)) == ["sieve.py: name it after its job, in a word that others use"]
    assert list(check_house.sizes(paths)) == [
        "long.py: 301 lines, at most 300",
        "good.py: f has 41 lines, at most 40",
        "The median function has 41 lines, at most 8",
    ]
