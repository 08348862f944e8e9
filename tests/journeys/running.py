"""What a command came to."""

import json
from collections.abc import Callable
from typing import Any

Run = Callable[..., Any]


class Ran(tuple[int, str, str]):
    """Exit status, what was printed, and what went to standard error."""

    @property
    def json(self) -> Any:
        return json.loads(self[1].splitlines()[-1])
