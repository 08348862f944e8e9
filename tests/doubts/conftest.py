"""The figures of the trials, told at the end of a run of many doubts."""

from typing import Any

from tests.doubts.test_doubts import ASKED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    reports = [report for state in ("passed", "failed") for report in terminalreporter.stats.get(state, [])]
    for report in reports:
        for name, score in getattr(report, "user_properties", []):
            if name == "score" and ASKED:
                terminalreporter.write_line(f"{report.nodeid.partition('[')[2].rstrip(']')}: {score}")
