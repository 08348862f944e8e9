"""An operator at the command line: `manage` runs a command as a shell would, `shop` is one made by commands alone."""

import pytest
from django.core.management import ManagementUtility

from tests.fixtures_simulator import Simulator
from tests.journeys.running import Ran, Run


@pytest.fixture
def manage(db: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr("django.db.connections.close_all", lambda: None)

    def run(*arguments: object) -> Ran:
        status = 0
        try:
            ManagementUtility(["manage.py", *map(str, arguments)]).execute()
        except SystemExit as exit_:
            status = int(exit_.code or 0)
        printed = capsys.readouterr()
        log_lines = [line for line in printed.err.splitlines(keepends=True) if not line.startswith("timestamp=")]
        return Ran((status, printed.out, "".join(log_lines)))

    return run


@pytest.fixture
def shop(manage: Run, simulator: Simulator) -> None:
    manage("add_provider", "North", "--url", simulator.url, "--key", simulator.key)
    manage("sync_services")
    manage("set_markup", "--percent", 50)
    manage("add_customer", "ada@example.com", "--credit", "100")
    manage("read_balances")
