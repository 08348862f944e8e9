"""How much of the suite a run takes, by TEST_EXTENT; `make quick`, `make test` and `make trials` set it.

`quick`: a well chosen part, on SQLite. `daily`: everything in small, each test on the databases that it says something
about. `full`, and what pytest runs by hand: everything as it is written.
"""

import os
from collections.abc import Sequence
from typing import TypeVar

import pytest

EXTENT = os.environ.get("TEST_EXTENT", "full")
IS_SMALL = EXTENT in {"quick", "daily"}
SAMPLE = 4
"""Of long walks, every so many-th is taken where the run is small."""
SETS_ON_POSTGRESQL = 2
"""Of a test's parameters, so many sets are tried on PostgreSQL where the run is small: the first and the last."""

ONLY_ON_SQLITE = (
    # no database, or one that the test does not look at
    "tests/providers/adapters", "tests/providers/simulator", "tests/orders/rules", "tests/panel/web",
    "tests/panel/server", "tests/panel/lib/outbound", "tests/panel/test_", "tests/chaos", "tests/contract",
    "tests/journeys", "tests/test_", "tests/machine/test_mutants.py",
    # pages: what they ask the database is asked by the tests of what they show
    "tests/browser", "tests/orders/site", "tests/orders/staff", "tests/orders/test_admin.py",
    "tests/panel/customers", "tests/providers/admin", "tests/providers/catalog/admin", "tests/providers/catalog/review",
    # bodies, texts and parameters: what becomes of them in the database is asked by placing, races and the ledger
    "tests/orders/api", "tests/orders/placing/test_validation.py", "tests/orders/placing/test_service_types.py",
    "tests/orders/webhooks/test_page.py", "tests/orders/webhooks/test_public_only.py", "tests/providers/connection",
    "tests/orders/test_job_commands.py", "tests/orders/test_seed_demo.py", "tests/providers/test_catalog_commands.py",
    "tests/panel/lib/test_",
    # seconds of arithmetic over what both databases give alike
    "tests/doubts", "tests/orders/tracking/test_every_answer.py", "tests/orders/tracking/test_subscription.py",
    "tests/orders/unconfirmed/probing/test_evidence.py", "tests/orders/unconfirmed/probing/test_probe_undecided.py",
    "tests/orders/unconfirmed/probing/test_probe_calls.py", "tests/orders/webhooks/test_fairness.py",
)  # fmt: skip
BOTH = (
    "tests/test_migrations.py",
    "tests/panel/customers/test_keys.py",
    "tests/panel/customers/test_sessions.py",
    "tests/panel/customers/sign_in/test_recovery_codes.py",
    "tests/orders/api/test_repeats.py",
    "tests/orders/site/test_list_query.py",
    "tests/orders/site/test_refill_list.py",
    "tests/orders/staff/test_approvals.py",
    "tests/orders/staff/test_reports.py",
)
"""Exceptions: these write or search in ways of their own."""
NOT_QUICK = (
    "tests/browser", "tests/process", "tests/chaos", "tests/attack", "tests/doubts", "tests/fairness", "tests/races",
    "tests/machine", "tests/tasks", "tests/contract", "tests/journeys", "tests/orders/site", "tests/orders/staff",
    "tests/orders/test_", "tests/panel/customers", "tests/panel/test_", "tests/providers/admin",
    "tests/providers/catalog", "tests/test_every_", "tests/test_hostile_", "tests/test_stale_forms.py",
    "tests/test_shipping.py",
)  # fmt: skip
"""Processes, browsers, threads, walks and pages."""

One = TypeVar("One")


def few(items: Sequence[One], *, offset: int = 0) -> list[One]:
    """All of them, or a sample, always the same, where the run is small."""
    return list(items)[offset % SAMPLE :: SAMPLE] if IS_SMALL else list(items)


def is_chosen(item: pytest.Item, *, is_sqlite: bool) -> bool:
    """Whether this run takes the test, apart from its parameters."""
    path = item.nodeid.partition("::")[0]
    if EXTENT == "quick":
        return not path.startswith(NOT_QUICK) and not _is_marked(item, "process", "browser", "trial")
    if EXTENT == "daily":
        if _is_marked(item, "trial") or (_is_marked(item, "once") and not is_sqlite):
            return False
        return is_sqlite or path.startswith(BOTH) or not path.startswith(ONLY_ON_SQLITE)
    return True


def choose(items: list[pytest.Item], *, is_sqlite: bool) -> tuple[list[pytest.Item], list[pytest.Item]]:
    """The tests to run and those to leave out."""
    chosen = [item for item in items if is_chosen(item, is_sqlite=is_sqlite)]
    if IS_SMALL and (EXTENT == "quick" or not is_sqlite):
        chosen = _first_and_last(chosen)
    taken = {id(item) for item in chosen}
    return chosen, [item for item in items if id(item) not in taken]


def waits_first(items: list[pytest.Item]) -> list[pytest.Item]:
    """What mostly waits for processes and browsers comes first, so that no worker is left alone with it at the end."""
    return sorted(items, key=lambda item: not _is_marked(item, "process", "browser"))


def _is_marked(item: pytest.Item, *marks: str) -> bool:
    return any(item.get_closest_marker(mark) for mark in marks)


def _first_and_last(items: list[pytest.Item]) -> list[pytest.Item]:
    """Of each test with parameters its first and last set; of those marked `every_set` all."""
    groups: dict[str, list[pytest.Item]] = {}
    for item in items:
        groups.setdefault(item.nodeid.partition("[")[0], []).append(item)
    dropped: set[int] = set()
    for sets in groups.values():
        if len(sets) > SETS_ON_POSTGRESQL and not sets[0].get_closest_marker("every_set"):
            dropped |= {id(item) for item in sets[1:-1]}
    return [item for item in items if id(item) not in dropped]
