"""`make screenshots`: the README's pictures, taken in Chromium from a demo of its own, thrown away afterwards."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from scripts.offspring import die_with_parent
from tests.throwaway import chromium_binary, free_port

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "screenshots"
WIDE, PHONE = (1280, 800), (390, 844)
DELIVERY_SECONDS = 70  # about half of what the simulator takes for an order
QUANTITIES = (2000, 500, 1000, 750, 1500, 300, 1200, 900)


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: of which page, as whom, how large, and light or dark."""

    name: str
    path: str
    who: str
    size: tuple[int, int] = WIDE
    scheme: str = "light"


SHOTS = (
    Shot("new-order", "/order/?service=3", "customer"),
    Shot("new-order-dark", "/order/?service=3", "customer", scheme="dark"),
    Shot("orders", "/orders/", "customer"),
    Shot("order", "/orders/1/", "customer"),
    Shot("services", "/services/", "customer"),
    Shot("wallet", "/wallet/", "customer"),
    Shot("phone", "/orders/", "customer", size=PHONE),
    Shot("staff", "/staff/", "staff"),
    Shot("balance", "/staff/balances/1/", "staff"),
    Shot("staff-order", "/staff/orders/1/", "staff"),
    Shot("reports", "/staff/reports/", "staff"),
    Shot("admin", "/admin/", "staff"),
)


def main() -> None:
    """Take every picture, or those named."""
    chromium = chromium_binary()
    if chromium is None:
        sys.exit("Chromium is not installed (Debian: chromium fonts-dejavu-core fonts-noto-color-emoji).")
    wanted = [shot for shot in SHOTS if not sys.argv[1:] or shot.name in sys.argv[1:]]
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="panel-screenshots.") as folder, sync_playwright() as playwright:
        port = free_port()
        environment = os.environ | {"DATA_DIR": folder, "PORT": str(port), "ALLOWED_PRIVATE_HOSTS": "127.0.0.1"}
        manage("migrate", "--no-input", "--verbosity", "0", environment=environment)
        with demo(environment):
            fill(environment)
            lines = (Path(folder) / "sign-ins.txt").read_text().splitlines()
            sign_ins = {line.split()[2].strip("()"): (line.split()[0], line.split()[1]) for line in lines}
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            for shot in wanted:
                take(browser, shot, site=f"http://127.0.0.1:{port}", sign_in=sign_ins[shot.who])
                print(f"docs/screenshots/{shot.name}.png", flush=True)
            browser.close()


@contextmanager
def demo(environment: dict[str, str]) -> Iterator[None]:
    """What `make run` starts, once it answers."""
    supervisor = subprocess.Popen(
        [sys.executable, "-m", "scripts.start"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 (it only calls prctl)
    )
    try:
        if not any("Ctrl-C" in line for line in supervisor.stdout or []):
            sys.exit("The demo did not start.")
        yield
    finally:
        supervisor.terminate()
        supervisor.wait()


def fill(environment: dict[str, str]) -> None:
    """Some orders of the demo's customer, half delivered."""
    listed = manage("list_services", "--json", environment=environment)
    services = [s for s in json.loads(listed)["services"] if s["type"] == "Default" and s["for_sale"]]
    fitting = (s for s in services if s["min"] <= min(QUANTITIES) and s["max"] >= max(QUANTITIES))
    for number, (service, quantity) in enumerate(zip(fitting, QUANTITIES, strict=False)):
        where = ("--link", f"https://www.instagram.com/p/{4217 + 831 * number}/", "--quantity", str(quantity))
        manage("place_order", "customer@demo.example", str(service["id"]), *where, environment=environment)
    time.sleep(DELIVERY_SECONDS)
    manage("poll_orders", "--all", environment=environment)
    manage("read_balances", environment=environment)


def manage(*argv: str, environment: dict[str, str]) -> str:
    """The last line of what one of the panel's commands prints."""
    command = [sys.executable, "manage.py", *argv]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return (done.stdout.splitlines() or [""])[-1]


def take(browser: Browser, shot: Shot, *, site: str, sign_in: tuple[str, str]) -> None:
    """Sign in afresh, open the page and keep its picture."""
    width, height = shot.size
    scheme: dict[str, str] = {"color_scheme": shot.scheme}
    context = browser.new_context(viewport={"width": width, "height": height}, **scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{site}/accounts/login/")
    page.fill("input[name=login]", sign_in[0])
    page.fill("input[name=password]", sign_in[1])
    page.click("form button[type=submit]")
    page.wait_for_url(lambda url: "/accounts/login/" not in url)
    answer = page.goto(f"{site}{shot.path}")
    if answer is None or not answer.ok:
        sys.exit(f"{shot.path} is not in order: {answer and answer.status}")
    page.wait_for_load_state("networkidle")
    page.screenshot(path=TARGET / f"{shot.name}.png")
    context.close()


if __name__ == "__main__":
    main()
