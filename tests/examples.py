"""How many examples a test by Hypothesis tries: a few, always the same, unless more are asked for (`make fuzz`)."""

import os

from hypothesis import HealthCheck, Phase, settings

ASKED = int(os.environ.get("FUZZ_EXAMPLES", "0"))
"""How many examples all tests of one subject together try; 0 for the few of `make test`."""


def examples(few: int, *, share: float = 1) -> settings:
    """Settings for a test that tries `few`, or its `share` of those asked for, drawn anew each time."""
    return settings(
        max_examples=max(1, round(ASKED * share)) if ASKED else few,
        derandomize=not ASKED,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
    )
