"""The customers' API on gunicorn and PostgreSQL, each action against an empty page of the same server.

The callers and the database share the two cores with the server, for the empty page as for the others. Wake-ups go to
the in-process broker of each worker, as where there is no Redis.
"""

from decimal import Decimal
from itertools import cycle, islice

from django.test import Client
from django.utils import timezone

from bench.figures import ROUNDS, Figures
from bench.seed import seed_orders
from bench.web import get, post, rate, serving
from bench.world import counted, stub_url, tidy_tables
from orders.accounting.audit import audit_all
from orders.models import Order
from panel.customers.keys import issue_key
from panel.customers.models import User
from providers.catalog.models import Service
from providers.catalog.publishing.staff_choices import set_enabled
from providers.models import UpstreamService

API = "/api/v2"
ORDERS = 50_000
SERVICES = 10_000
BUYERS = 300
EMPTY_CALLS, STATUS_CALLS, SERVICES_CALLS, ADD_CALLS = 2000, 500, 800, 600
LIMITS = {"status": 0.15, "services": 0.25, "add": 0.08}


def main() -> None:
    """Every figure of this part; exit status 1 when a limit is missed."""
    seed()
    service = Service.objects.order_by("pk")[0]
    reader, buyers = User.objects.order_by("pk")[0], list(User.objects.order_by("pk")[:BUYERS])
    keys = {user.pk: _key(user) for user in buyers}
    mine = list(Order.objects.filter(customer=reader).order_by("-pk").values_list("pk", flat=True)[:100])
    status = {"key": keys[reader.pk], "action": "status", "orders": ",".join(map(str, mine))}
    order = {"action": "add", "service": service.pk, "link": "https://www.example.com/page", "quantity": 100}
    adds = [post(API, {**order, "key": keys[user.pk]}) for user in buyers]
    calls = {
        "status": ([post(API, dict(status))] * STATUS_CALLS, b'"status"'),
        "services": ([post(API, {"key": keys[reader.pk], "action": "services"})] * SERVICES_CALLS, b"gzip"),
        "add": (list(islice(cycle(adds), ADD_CALLS)), b'"order"'),
    }
    figures = Figures()
    before = Order.objects.count()
    _measure(figures, calls)
    figures.holds("orders written", found=Order.objects.count() - before, wanted=(ROUNDS + 1) * ADD_CALLS)
    figures.holds("differences in the books", found=len(audit_all()), wanted=0)
    for name in ("status", "services"):
        words = dict(status) if name == "status" else {"key": keys[reader.pk], "action": "services"}
        figures.holds(f"queries of {name}", found=_queries(words) <= 3, wanted=True)
    figures.close()


def seed() -> None:
    """A shelf of SERVICES, customers with money, and a hundred orders and more for each of them."""
    provider = seed_orders(count=ORDERS, url=stub_url(variant="same"))
    first = Service.objects.get()
    upstream = [
        UpstreamService(
            provider=provider, external_id=str(number), name=f"Followers {number}", type="Default", raw_type="Default",
            category="Instagram", rate=Decimal(1), min=10, max=1_000_000,
        )
        for number in range(2, SERVICES + 1)
    ]  # fmt: skip
    UpstreamService.objects.bulk_create(upstream)
    Service.objects.bulk_create(
        Service(
            upstream=row, provider=provider, category_id=first.category_id, name=row.name, type=row.type,
            min=row.min, max=row.max, cost=first.cost, rate=first.rate,
            description="Link: the profile. Starts within the hour, a thousand a day, refilled for 30 days.",
        )
        for row in upstream
    )  # fmt: skip
    set_enabled(service_ids=[first.pk], is_enabled=False)
    set_enabled(service_ids=[first.pk], is_enabled=True)  # by the shelf's own door, so that it has a version
    tidy_tables()


def _measure(figures: Figures, calls: dict[str, tuple[list[bytes], bytes]]) -> None:
    floor: list[float] = []
    ours: dict[str, list[float]] = {name: [] for name in calls}
    bare: list[float] = []
    with serving("bench.api_site:application") as port, serving("bench.api_site:bare") as bare_port:
        for number in range(ROUNDS + 1):
            measured = rate(port, [get("/empty")] * EMPTY_CALLS)
            plain = rate(bare_port, [get("/empty")] * EMPTY_CALLS)
            found = {name: rate(port, requests, holds=holds) for name, (requests, holds) in calls.items()}
            if number:  # the first round warms both workers up
                floor.append(measured)
                bare.append(plain)
                for name in calls:
                    ours[name].append(found[name])
    for name, rates in ours.items():
        figures.rates(name, floor=floor, ours=rates, limit=LIMITS[name])
    figures.rates("(the empty page without any middleware)", floor=floor, ours=bare, limit=None)


def _key(user: User) -> str:
    return issue_key(customer=user, name="bench", actor="bench", now=timezone.now()).secret.reveal()


def _queries(words: dict[str, object]) -> int:
    client = Client(HTTP_HOST="127.0.0.1")
    client.post(API, words)
    with counted() as executed:
        client.post(API, words)
    found: int = executed.count
    return found
