"""The whole way with real processes: a customer in a browser signs up, orders, and gets the undelivered share back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.fixtures_simulator import RemoteSimulator
from tests.process.conftest import SIMULATOR_KEY
from tests.process.processes import Running, ask, environment, manage, managed, migrate, running, wait_until
from tests.throwaway import chromium_binary, free_port

pytestmark = [pytest.mark.process, pytest.mark.browser]

EMAIL, PASSWORD = "new@example.com", "correct horse battery staple"
CREDIT = (
    "from panel.customers.models import User; from panel.wallet import ledger; from decimal import Decimal; "
    f"ledger.credit_wallet(user=User.objects.get(email='{EMAIL}'), amount=Decimal(20), key='credit:first')"
)


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[RemoteSimulator]:
    """A provider in a process of its own, that does what it is told."""
    env = environment(data_dir=tmp_path / "simulator", SIMULATOR_KEY=SIMULATOR_KEY)
    argv = ["python", "manage.py", "run_simulator", "--bind", "127.0.0.1:0", "--state", "memory", "--services", "10"]
    argv += ["--order-seconds", "3600", "--partial-share", "0", "--canceled-share", "0", "--control"]
    with running(argv, env=env, log=tmp_path / "simulator.log") as started:
        wait_until(lambda: "listens at " in started.said, of=started)
        url = started.said.partition("listens at ")[2].split()[0]
        yield RemoteSimulator(url=url, key=SIMULATOR_KEY)


@pytest.fixture
def env(data_dir: Path, provider: RemoteSimulator) -> dict[str, str]:
    """A shop that sells what the provider lists, at a markup of half; its jobs look every second."""
    quick = {f"{job}_SECONDS": "1" for job in ("POLL", "SWEEP", "BALANCE")}
    found = environment(data_dir=data_dir, PORT=str(free_port()), ALLOWED_PRIVATE_HOSTS="127.0.0.1", **quick)
    migrate(env=found)
    managed("add_provider", "North", "--url", provider.url, "--key", SIMULATOR_KEY, env=found)
    managed("sync_services", env=found)
    managed("set_markup", "--percent", "50", env=found)
    return found


@pytest.fixture
def panel(env: dict[str, str], tmp_path: Path) -> Iterator[Running]:
    argv = ["python", "manage.py", "run_panel", "--bind", f"127.0.0.1:{env['PORT']}"]
    with running(argv, env=env, log=tmp_path / "panel.log") as started:
        wait_until(lambda: ask(f"http://127.0.0.1:{env['PORT']}/healthz/web")[0] == 200, of=started)
        yield started


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=chromium_binary(), args=flags)
        yield browser.new_page()
        browser.close()


def state(order: int, env: dict[str, str]) -> str:
    return str(managed("show_order", str(order), env=env)["state"])


def order(page: Page, site: str, service: int, link: str) -> None:
    page.goto(f"{site}/order/?service={service}")
    page.fill("#order-form [name=link]", link)
    page.fill("#order-form [name=quantity]", "1000")
    page.click("#order-form button[type=submit]")
    page.wait_for_selector(f"a[href*='{link}'], :text('{link.removeprefix('https://')}')", state="attached")


@pytest.mark.usefixtures("panel")
def test_a_customer_signs_up_orders_and_is_refunded_what_was_not_delivered(
    page: Page, env: dict[str, str], provider: RemoteSimulator
) -> None:
    site = f"http://127.0.0.1:{env['PORT']}"
    page.goto(f"{site}/accounts/signup/")
    page.fill("[name=email]", EMAIL)
    page.fill("[name=password1]", PASSWORD)
    page.click("form[action*=signup] button[type=submit]")
    page.wait_for_url("**/order/**")
    assert manage("shell", "-c", CREDIT, env=env).returncode == 0

    services = managed("list_services", env=env)["services"]
    service = min(row["id"] for row in services if row["type"] == "Default" and row["min"] <= 1000 <= row["max"])
    for number, link in enumerate(("https://example.com/whole", "https://example.com/part"), start=1):
        order(page, site, service, link)
        wait_until(lambda number=number: state(number, env) == "ACTIVE")
    ids = [managed("show_order", str(number), env=env)["provider_order_id"] for number in (1, 2)]
    provider.call("set_order", order=ids[0], fields={"status": "Completed", "remains": 0})
    provider.call("set_order", order=ids[1], fields={"status": "Partial", "remains": 250})
    managed("poll_orders", "--all", env=env)

    whole, part = (managed("show_order", str(number), env=env) for number in (1, 2))
    assert (whole["state"], whole["refunded"]) == ("COMPLETED", "0")
    assert part["state"] == "PARTIAL"
    page.goto(f"{site}/orders/1/")
    assert page.get_by_text("Completed").first.is_visible()
    page.goto(f"{site}/orders/2/")
    assert page.get_by_text("Partial").first.is_visible()
    assert page.get_by_text(str(part["refunded"])[:5]).first.is_visible()
    assert managed("check_ledger", env=env) == {"ok": True, "differences": []}
    assert managed("read_balances", env=env) == {"read": 1, "failed": 0, "drifting": 0}
