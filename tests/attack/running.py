"""A shop in real processes, and people who use its pages and its API over HTTP."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import requests

from tests.process.conftest import SIMULATOR_KEY
from tests.process.processes import Running, ask, manage, managed, migrate, running, wait_until
from tests.throwaway import free_port

CUSTOMER, PASSWORD = "ana@example.com", "correct horse battery"
TOTP_SECRET = "JBSWY3DPEHPK3PXP"
SECONDS = 30
COUNT = "SELECT COUNT(*) FROM orders_order"
_PEOPLE = """
from panel.customers.models import User
from allauth.mfa.models import Authenticator
for name in ("ana", "bob", "cid"):
    user, _ = User.objects.get_or_create(email=f"{{name}}@example.com")
    user.set_password("{password}")
    user.save()
Authenticator.objects.create(user=User.objects.get(email="cid@example.com"), type="totp", data={{"secret": "{secret}"}})
"""


@dataclass(frozen=True, slots=True)
class Shop:
    """A running panel with something to sell, and a key of its customer's."""

    url: str
    env: dict[str, str]
    process: Running
    key: str
    service: int
    quantity: int

    def add(self, *, link: str, **more: Any) -> dict[str, Any]:
        """The parameters of an order by the API."""
        words = {"key": self.key, "action": "add", "service": self.service, "quantity": self.quantity}
        return {**words, "link": f"https://example.com/{link}", **more}

    def call(self, **words: Any) -> Any:
        return requests.post(f"{self.url}/api/v2", data={"key": self.key, **words}, timeout=SECONDS).json()

    def orders(self) -> int:
        """How many orders there are."""
        if url := self.env.get("DATABASE_URL"):
            with psycopg.connect(url) as database:
                return int(database.execute(COUNT).fetchone()[0])  # type: ignore[index] # a count has a row
        with closing(sqlite3.connect(Path(self.env["DATA_DIR"]) / "panel.sqlite3")) as file:
            return int(file.execute(COUNT).fetchone()[0])

    def balance(self) -> str:
        return str(self.call(action="balance")["balance"])


@contextmanager
def serving(argv: list[str], *, env: dict[str, str], simulator_url: str, log: Path) -> Iterator[Shop]:
    """The panel on a database of its own, stocked, with three customers of whom the third has a second factor."""
    migrate(env=env)
    managed("add_provider", "Upstream", "--url", simulator_url, "--key", SIMULATOR_KEY, env=env)
    managed("sync_services", "Upstream", env=env)
    managed("set_markup", "--percent", "50", env=env)
    managed("add_customer", CUSTOMER, "--credit", "1000", env=env)
    made = manage("shell", "-c", _PEOPLE.format(password=PASSWORD, secret=TOTP_SECRET), env=env)
    assert made.returncode == 0, made.stderr
    key = managed("issue_api_key", CUSTOMER, env=env)["key"]
    port = free_port()
    with running([*argv, "--bind", f"127.0.0.1:{port}"], env=env, log=log) as process:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: ask(f"{url}/healthz/web")[0] == 200, of=process)
        listed = requests.post(f"{url}/api/v2", data={"key": key, "action": "services"}, timeout=SECONDS).json()
        service = next(row for row in listed if row["type"] == "Default" and row["dripfeed"])
        yield Shop(url, env, process, key, service["service"], int(service["min"]))


class Browser:
    """Somebody at the pages, with cookies and the forms' token."""

    def __init__(self, url: str) -> None:
        self.url, self.session = url, requests.Session()

    def get(self, path: str) -> requests.Response:
        return self.session.get(f"{self.url}{path}", timeout=SECONDS, allow_redirects=False)

    def post(self, path: str, **fields: str) -> requests.Response:
        """Send the form of that page."""
        page = self.get(path).text
        token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
        data = {"csrfmiddlewaretoken": token, **fields}
        headers = {"Referer": f"{self.url}{path}"}
        return self.session.post(
            f"{self.url}{path}", data=data, headers=headers, timeout=SECONDS, allow_redirects=False
        )

    def sign_in(self, email: str, password: str = PASSWORD) -> requests.Response:
        return self.post("/accounts/login/", login=email, password=password)

    @property
    def is_in(self) -> bool:
        return self.get("/account/").status_code == 200


def secrets_of(env: dict[str, str]) -> list[str]:
    """What only the panel's own processes may know."""
    kept = json.loads((Path(env["DATA_DIR"]) / "secrets.json").read_text())
    return [text for value in kept.values() for text in (value if isinstance(value, list) else [value])]
