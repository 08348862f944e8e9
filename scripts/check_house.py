"""Signals that the code stays easy to read: sizes of files and functions, and names of modules. Called by `make lint`.

A signal that turns is a place to look at: a file that does two jobs, a function that hides a second one, a module that
nobody would search for under its name.
"""

import ast
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ("panel", "providers", "orders")
MAX_MEDIAN_FILE, MAX_FILE = 90, 300
MAX_MEDIAN_FUNCTION, MAX_FUNCTION = 8, 40
EMPTY_NAMES = {"utils", "helpers", "common", "manager", "managers", "misc"}
OLD_NAMES = {
    *("alike", "apart", "batches", "books", "chosen", "doubts", "explain", "figures", "freezing", "funds", "gate"),
    *("give_back", "guard", "held", "kept", "kinds", "landmarks", "marks", "measured", "opened", "order_again"),
    *("orphans", "pace", "places", "rail", "rehearse", "settled", "shelf_log", "shelve", "sieve", "standing"),
    *("strays", "topups", "trail", "turns", "unanswered", "unwanted", "wanted", "withdraw", "words"),
}
"""Names that nobody outside of this project would search for; docs/glossary.md has the standard terms."""


def main() -> None:
    """Exit status 1 with a line for each signal that turned."""
    paths = [path for layer in LAYERS for path in sorted((ROOT / layer).rglob("*.py"))]
    paths = [path for path in paths if "migrations" not in path.parts and path.read_text()]
    problems = [*sizes(paths), *names(paths)]
    print(*problems, sep="\n")
    sys.exit(1 if problems else 0)


def sizes(paths: list[Path]) -> Iterator[str]:
    """What is too long, file by file and function by function."""
    lengths = {path: len(path.read_text().splitlines()) for path in paths}
    yield from (
        f"{_name(path)}: {length} lines, at most {MAX_FILE}" for path, length in lengths.items() if length > MAX_FILE
    )
    yield from _median("file", list(lengths.values()), MAX_MEDIAN_FILE)
    functions = [(path, node) for path in paths for node in ast.walk(ast.parse(path.read_text())) if _is_function(node)]
    for path, node in functions:
        if _length(node) > MAX_FUNCTION:
            yield f"{_name(path)}: {node.name} has {_length(node)} lines, at most {MAX_FUNCTION}"  # type: ignore[attr-defined]
    yield from _median("function", [_length(node) for _, node in functions], MAX_MEDIAN_FUNCTION)


def names(paths: list[Path]) -> Iterator[str]:
    """Modules and packages with a name that nobody would search for."""
    for path in paths:
        name = path.parent.name if path.stem == "__init__" else path.stem
        if name in OLD_NAMES or name in EMPTY_NAMES:
            yield f"{_name(path)}: name it after its job, in a word that others use"


def _median(what: str, lengths: list[int], most: int) -> Iterator[str]:
    median = statistics.median(lengths)
    if median > most:
        yield f"The median {what} has {median} lines, at most {most}"


def _is_function(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def _length(node: ast.AST) -> int:
    return node.end_lineno - node.lineno + 1  # type: ignore[attr-defined, no-any-return]


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
