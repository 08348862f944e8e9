"""The restore drill: a backup, more orders, the backup put back. Nothing is sent twice, all that was bought is found.

By the panel's own commands `backup` and `restore`, on both databases; its jobs are run by its commands, too.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.process.conftest import SIMULATOR_KEY
from tests.process.processes import environment, manage, managed, migrate

pytestmark = pytest.mark.process


def drill(env: dict[str, str], simulator_url: str, backup: Path) -> None:
    """Two orders before the backup; after it one of them is sent, and a third is made and sent; then the restore."""
    run: Callable[..., dict[str, Any]] = lambda *argv: managed(*argv, env=env)  # noqa: E731
    migrate(env=env)
    run("add_provider", "Upstream", "--url", simulator_url, "--key", SIMULATOR_KEY)
    run("sync_services", "Upstream")
    run("set_markup", "--percent", "50")
    run("add_customer", "anna@example.com", "--credit", "100")
    service = next(s for s in run("list_services")["services"] if s["type"] == "Default" and s["max"] > s["min"] + 9)

    def place(more: int) -> int:
        link, quantity = f"https://example.com/{more}", str(service["min"] + more)
        words = ("--link", link, "--quantity", quantity)
        order: int = run("place_order", "anna@example.com", str(service["id"]), *words)["order"]
        return order

    for more in (1, 2):
        place(more)
    assert run("submit_orders")["submitted"] == 2
    queued = place(3)
    assert run("backup", str(backup))["secrets"] is False
    place(4)
    assert run("submit_orders")["submitted"] == 2
    assert run("safe_mode") == {"on": False, "why": ""}

    assert manage("restore", str(backup), env=env).returncode == 2  # not without --yes
    assert run("show_order", str(queued))["state"] == "ACTIVE"
    assert run("restore", str(backup), "--yes")["database"] in {"sqlite", "postgresql"}
    assert run("safe_mode")["on"] is True
    assert run("show_order", str(queued))["state"] == "QUEUED"
    assert run("submit_orders") == {"doubtful": 0, "expired": 0, "canceled": 0, "submitted": 0}
    assert run("submit_orders", "--all")["submitted"] == 0
    refused = manage("place_order", "anna@example.com", str(service["id"]), "--link", "https://x.example", env=env)
    assert (refused.returncode, "We're doing maintenance" in refused.stderr) == (2, True)
    assert run("find_orphans", "Upstream", "--quiet", "200")["found"] == 2
    assert run("find_orphans", "Upstream", "--quiet", "200")["found"] == 0
    early = manage("safe_mode", "--off", "compared", env=env)
    assert (early.returncode, "2 unknown provider orders" in early.stderr) == (2, True)
    decide = (
        "from orders.models import UnmatchedOrder; from orders.unconfirmed.restore_search import *\n"
        f"mine = [o for o in open_orphans() if [c.pk for c in candidates(orphan=o)] == [{queued}]]\n"
        f"adopt_orphan(orphan_id=mine[0].pk, order_id={queued}, actor='drill', reason='same cost')\n"
        "write_off_orphan(orphan_id=open_orphans().get().pk, actor='drill', reason='made after the backup')\n"
    )
    assert manage("shell", "--command", decide, env=env).returncode == 0
    assert run("safe_mode", "--off", "compared")["on"] is False
    assert run("show_order", str(queued))["state"] == "ACTIVE"
    assert run("submit_orders")["submitted"] == 0
    place(5)
    assert run("submit_orders")["submitted"] == 1
    assert run("check_ledger")["differences"] == []
    assert run("read_balances")["drifting"] == 0


@pytest.mark.trial
def test_on_sqlite(data_dir: Path, simulator_url: str) -> None:
    env = environment(data_dir=data_dir, ALLOWED_PRIVATE_HOSTS="127.0.0.1")
    drill(env, simulator_url, data_dir / "backup.tar.gz")
    assert len(list(data_dir.glob("before-restore-*/panel.sqlite3"))) == 1


@pytest.mark.postgres
def test_on_postgresql(data_dir: Path, simulator_url: str, postgres_url: str, tmp_path: Path) -> None:
    env = environment(data_dir=data_dir, DATABASE_URL=postgres_url, ALLOWED_PRIVATE_HOSTS="127.0.0.1")
    drill(env, simulator_url, tmp_path / "backup.tar.gz")
    assert next(data_dir.glob("before-restore-*/database.dump")).read_bytes()[:5] == b"PGDMP"
