"""The simulator checks the panel, so it shares nothing with it: it imports the standard library and itself alone."""

import ast
import sys
from pathlib import Path

import pytest

import providers.simulator

FILES = sorted(Path(providers.simulator.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_only_the_standard_library_and_itself_are_imported(path: Path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add(node.module or "")
    foreign = {name for name in imported if name.partition(".")[0] not in sys.stdlib_module_names}

    assert {name for name in foreign if not name.startswith("providers.simulator")} == set()
