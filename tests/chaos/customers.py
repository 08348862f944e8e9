"""Customers who order all the time, on the website's form and through the API, and who insist until they are answered.

What they saw is their book: which orders were confirmed to them, and how often they had to ask.
"""

import random
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.chaos.shop import Person, Shop

PATIENCE = 240
"""So many seconds a customer repeats a request that got no answer."""
ANSWER_SECONDS = 15
WARM_UP = 16
DOORS = ("page", "api", "api", "page", "once", "twice")
"""`once` is a program without idempotency keys, which does not ask again; `twice` sends all two times at once."""
HIDDEN = re.compile(r'<input type="hidden" name="(csrfmiddlewaretoken|token|seen_rate)" value="([^"]*)"')
REQUESTED = (("cancel", 0.04), ("refill", 0.04), ("status", 0.1))
"""What customers ask for of an order of theirs beside ordering, and how often."""


@dataclass(slots=True)
class Wish:
    """One order that a customer wants; its tag stands in the link, and is so known to the provider too."""

    tag: str
    customer: int
    door: str
    order: int | None = None
    refused: str = ""
    asked: int = 0
    seconds: float = 0


@dataclass(slots=True)
class Book:
    """What customers wished and saw."""

    wishes: list[Wish] = field(default_factory=list)
    requests: dict[str, int] = field(default_factory=dict)
    strange: list[str] = field(default_factory=list)
    """Answers that a customer must never see."""

    @property
    def confirmed(self) -> int:
        return sum(wish.order is not None for wish in self.wishes)


class Customers:
    """All of them: a thread each, sharing one row of wishes that begins with `rate` of them a second."""

    def __init__(self, *, shop: Shop, site: str, orders: int, rate: float, seed: int, may_order: Callable[[], bool]):
        self.book = Book()
        self.shop, self.site, self.orders, self.rate, self.seed = shop, site, orders, rate, seed
        self._may_order = may_order
        self._lock = threading.Lock()
        self._next = 0
        self._begun_at = time.monotonic()
        self._clients = [Client(person, site) for person in shop.customers]
        self._threads: list[threading.Thread] = []

    def sign_in(self) -> None:
        for client in self._clients:
            client.sign_in()

    def warm_up(self) -> None:
        """First orders, while nothing fails: of every provider one, whose id is surely known, is among them."""
        for number in range(WARM_UP):
            self._fulfil(self._clients[number % len(self._clients)], number, door="api")
        self._next = WARM_UP

    def start(self) -> None:
        self._begun_at = time.monotonic()
        self._threads = [
            threading.Thread(target=self._live, args=(client,), name=client.person.email, daemon=True)
            for client in self._clients
        ]
        for thread in self._threads:
            thread.start()

    @property
    def progress(self) -> float:
        """The part of the wishes that have begun."""
        return self._next / self.orders

    @property
    def are_done(self) -> bool:
        return not any(thread.is_alive() for thread in self._threads)

    def _live(self, client: "Client") -> None:
        while (number := self._take()) is not None:
            wish = self._fulfil(client, number)
            dice = random.Random(f"{self.seed}:asks:{number}")
            for action, share in REQUESTED:
                if wish.order and dice.random() < share:
                    client.call(action, order=wish.order)
                    with self._lock:
                        self.book.requests[action] = self.book.requests.get(action, 0) + 1

    def _take(self) -> int | None:
        with self._lock:
            if self._next >= self.orders:
                return None
            self._next += 1
            number = self._next - 1
        while time.monotonic() < self._begun_at + number / self.rate or not self._may_order():
            time.sleep(0.05)
        return number

    def _fulfil(self, client: "Client", number: int, door: str = "") -> Wish:
        dice = random.Random(f"{self.seed}:wish:{number}")
        service = dice.choice(self.shop.services)
        door = door or dice.choice(DOORS)
        wish = Wish(tag=f"tag-{self.seed}-{number}-end", customer=client.person.pk, door=door)
        with self._lock:
            self.book.wishes.append(wish)
        words = {"link": f"https://example.com/{wish.tag}", **_amount(service, dice)}
        begun = time.monotonic()
        strange = client.order_by_page(wish, service, words) if door == "page" else client.add(wish, service, words)
        wish.seconds = time.monotonic() - begun
        if strange:
            with self._lock:
                self.book.strange.append(f"{wish.tag}: {strange}")
        return wish


class Client:
    """One customer's browser and program."""

    def __init__(self, person: Person, site: str) -> None:
        self.person, self.site = person, site
        self.browser, self.program = requests.Session(), requests.Session()

    def sign_in(self) -> None:
        address = f"{self.site}/accounts/login/"
        self.browser.get(address, timeout=60).raise_for_status()
        form = {"login": self.person.email, "password": self.person.password}
        form["csrfmiddlewaretoken"] = self.browser.cookies["csrf"]
        said = self.browser.post(address, data=form, timeout=60, allow_redirects=False)
        if said.status_code != 302:
            raise RuntimeError(f"{self.person.email} could not sign in: {said.status_code}")

    def add(self, wish: Wish, service: dict[str, Any], words: dict[str, str]) -> str:
        """Order through the API; without an idempotency key once and no more. What was strange about the answer."""
        key = {} if wish.door == "once" else {"idempotency_key": wish.tag}
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            wish.asked += 1
            said, strange = self._add(wish, {"service": service["pk"], **words, **key})
            if strange:
                return strange
            if said is not None:
                wish.order, wish.refused = said.get("order"), said.get("error", "")
                return "" if wish.order or wish.refused else f"an answer without sense: {said}"
            if not key:
                return ""
            _wait(wish)
        return "never answered"

    def _add(self, wish: Wish, words: dict[str, Any]) -> tuple[dict[str, Any] | None, str]:
        """What the API says, and what is strange about it: two requests with one key are one order."""
        if wish.door != "twice":
            return self.call("add", **words), ""
        with ThreadPoolExecutor(1) as pool:
            rival = pool.submit(Client(self.person, self.site).call, "add", **words)
            mine = self.call("add", **words)
            other = rival.result()
        named = {said["order"] for said in (mine, other) if said and "order" in said}
        return mine or other, f"one key was answered as {named}" if len(named) > 1 else ""

    def call(self, action: str, **words: Any) -> dict[str, Any] | None:
        """What the API says; None where it was not to be had, or said so itself."""
        form = {"key": self.person.key, "action": action, **words}
        try:
            answer = self.program.post(f"{self.site}/api/v2", data=form, timeout=ANSWER_SECONDS)
            if answer.status_code >= 500:
                return None
            said = answer.json()
        except requests.RequestException:
            return None
        return said if isinstance(said, dict) else {"said": said}

    def order_by_page(self, wish: Wish, service: dict[str, Any], words: dict[str, str]) -> str:
        """Fill the form in and send it until a page answers. What was strange about the answer."""
        until = time.monotonic() + PATIENCE
        form: dict[str, str] = {}
        while time.monotonic() < until:
            wish.asked += 1
            try:
                form = form or self._form(service)
                if not form:
                    wish.refused = "not for sale"
                    return ""
                sent = {**form, **words, "service": str(service["pk"])}
                page = self.browser.post(
                    f"{self.site}/order/", data=sent, timeout=ANSWER_SECONDS, allow_redirects=False
                )
            except requests.RequestException:
                _wait(wish)
                continue
            if page.status_code < 500:
                return self._read(wish, page)
            _wait(wish)
        return "never answered"

    def _form(self, service: dict[str, Any]) -> dict[str, str]:
        """The form's hidden fields; none where the service is not for sale. Raises RequestException."""
        page = self.browser.get(f"{self.site}/order/", params={"service": service["pk"]}, timeout=ANSWER_SECONDS)
        page.raise_for_status()
        fields = dict(HIDDEN.findall(page.text))
        return fields if "token" in fields else {}

    def _read(self, wish: Wish, page: requests.Response) -> str:
        place = re.fullmatch(r"/orders/([0-9]+)/", page.headers.get("Location", ""))
        if page.status_code == 302 and place:
            wish.order = int(place.group(1))
            return ""
        wish.refused = f"page {page.status_code}"
        return "" if page.status_code == 422 else f"page {page.status_code} {page.headers.get('Location', '')}"


def _wait(wish: Wish) -> None:
    """Before asking again: the longer, the more often it was asked."""
    time.sleep(min(0.2 * wish.asked, 2))


def _amount(service: dict[str, Any], dice: random.Random) -> dict[str, str]:
    if service["type"] == "Package":
        return {}
    least, most = service["min"], min(service["max"], service["min"] * 20)
    units = dice.randint(least, most)
    if service["type"] == "Custom Comments":
        return {"comments": "\n".join(f"comment {number}" for number in range(min(units, 40, most)))}
    return {"quantity": str(units)}
