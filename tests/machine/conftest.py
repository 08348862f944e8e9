"""The score of the mutants, told at the end of the run."""

from typing import Any

PLANTED = ("test_a_planted_bug_is_caught[", "test_a_planted_bug_is_caught_by_its_test[")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    def names(outcome: str) -> list[str]:
        ids = [report.nodeid for report in terminalreporter.stats.get(outcome, [])]
        return [nodeid.partition("[")[2].rstrip("]") for nodeid in ids if any(name in nodeid for name in PLANTED)]

    caught, survivors = names("passed"), names("failed")
    if caught or survivors:
        terminalreporter.write_line(f"Mutants: {len(caught)} of {len(caught) + len(survivors)} caught")
    for name in survivors:
        terminalreporter.write_line(f"  survived: {name}")
