"""A planted bug for the length of a block: the module's source is changed, and its functions run the changed code.

The functions stay the same objects, so that whoever has imported one runs the bug as well.
"""

import importlib
import inspect
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FunctionType, ModuleType
from typing import Any
from unittest import mock

from tests.machine.mutants import Mutant

FLOORS = ("orders", "providers", "panel")


@contextmanager
def planted(mutant: Mutant) -> Iterator[None]:
    """Inside, the product has the bug. Raises ValueError where the source is not as the mutant knows it."""
    module = importlib.import_module(mutant.module)
    changed: dict[str, Any] = {"__name__": module.__name__, "__file__": module.__file__}
    with mock.patch("celery.shared_task", _plain):
        exec(compile(_changed_source(module, mutant), f"<{mutant.name}>", "exec"), changed)  # noqa: S102
    with ExitStack() as stack:
        for name, old in list(vars(module).items()):
            new = changed.get(name)
            if getattr(old, "__module__", None) == module.__name__ and not isinstance(old, type):
                _swap_code(stack, inspect.unwrap(old), inspect.unwrap(new))
            elif isinstance(old, type) and old.__module__ == module.__name__:
                for method, function in vars(old).items():
                    _swap_code(stack, function, vars(new).get(method))
            elif isinstance(old, str | frozenset | dict) and not name.startswith("__") and old != new:
                _swap_value(stack, name, old, new)
        yield


def _changed_source(module: ModuleType, mutant: Mutant) -> str:
    source = inspect.getsource(module)
    for old, new in ((mutant.old, mutant.new), *mutant.more):
        if source.count(old) != 1:
            raise ValueError(f"“{mutant.name}”: “{old}” stands {source.count(old)} times in {mutant.module}.")
        source = source.replace(old, new)
    return source


def _plain(*function: Any, **_: Any) -> Any:
    """In the place of `shared_task`: the changed code runs inside the tasks that are registered already."""
    return function[0] if function else lambda function: function


def _swap_code(stack: ExitStack, old: Any, new: Any) -> None:
    if isinstance(old, FunctionType) and isinstance(new, FunctionType):
        stack.callback(setattr, old, "__code__", old.__code__)
        old.__code__ = new.__code__


def _swap_value(stack: ExitStack, name: str, old: Any, new: Any) -> None:
    """A constant, wherever it was imported."""
    for module_name, module in list(sys.modules.items()):
        if module_name.partition(".")[0] in FLOORS and vars(module).get(name) is old:
            stack.enter_context(mock.patch.object(module, name, new))
