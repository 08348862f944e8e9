"""The environment of a test run: what the machine needs to find things, and none of the settings of whoever runs it.

Called by the settings of the tests, so that `make test`, `pytest` by hand and an editor see the same. A panel's own
SITE_URL, make's flags and a proxy for the web would change what tests see.
"""

from collections.abc import MutableMapping

KEPT = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "TMPDIR", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV"),
        *("DATABASE_URL", "DATA_DIR", "DATA_DIR_OF", "DJANGO_SETTINGS_MODULE", "DJANGO_ALLOW_ASYNC_UNSAFE"),
        *("CI", "REQUIRE_ALL", "CHROMIUM", "FUZZ_EXAMPLES", "DOUBTS", "MUTANTS", "FAIRNESS", "TEST_EXTENT"),
    }
)
KEPT_FAMILIES = ("PYTEST_", "PYTHON", "COVERAGE_", "HYPOTHESIS_", "LD_")


def cleanse(environment: MutableMapping[str, str]) -> None:
    """Remove every variable that is neither kept by name nor of a kept family."""
    for name in [name for name in environment if name not in KEPT and not name.startswith(KEPT_FAMILIES)]:
        del environment[name]
