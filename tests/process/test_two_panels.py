"""A customer orders at panel B, which buys from panel A, which buys upstream: all of it real processes.

B is a customer of A like any other: with a key that A issued, at A's `/api/v2`. The service costs 0.765431 upstream,
1.148147 at A (half more) and 1.377777 at B (a fifth more); each price is rounded up, so each of the three has a charge
of its own, and refunds and costs have to be exact to the millionth.
"""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.process.chain import QUANTITY, Chain, started_panel, started_simulator
from tests.process.conftest import SIMULATOR_KEY
from tests.process.processes import managed, wait_until

pytestmark = pytest.mark.process

LINK = "https://example.com"
AT_B, AT_A, UPSTREAM = "1.379155", "1.149296", "0.766196"
"""What an order costs the customer of B, B, and A. Our own charges are rounded up, the simulator's to the nearest."""
NOTHING = ("0.000000",) * 3
READING = "SELECT balance, expected, at_risk, drift FROM providers_balancereading ORDER BY id DESC LIMIT 1"
"""What is there by the provider's word and by our books, in millionths; the latest."""


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    folder = tmp_path_factory.mktemp("chain")
    with (
        started_simulator(folder / "simulator") as simulator,
        started_panel(folder / "a", upstream=simulator.url, key=simulator.key, markup="50") as a,
        started_panel(folder / "b", upstream=a.url, key=a.key, markup="20") as b,
    ):
        yield Chain(b, a, simulator)


def test_each_panel_sells_what_it_buys_at_its_own_markup(chain: Chain) -> None:
    (at_a,), (at_b,) = chain.a.call("services"), chain.b.call("services")
    assert (at_a["rate"], at_b["rate"]) == ("1.148147", "1.377777")
    same = {"type": "Default", "min": "100", "max": "5000", "refill": True, "cancel": True, "dripfeed": False}
    assert at_a.items() >= same.items()
    assert at_b.items() >= same.items()


def test_an_order_completes_all_the_way(chain: Chain) -> None:
    before = chain.money()
    order, bought = chain.order(f"{LINK}/whole")
    waiting = {"charge": AT_B, "status": "Pending", "remains": "1001", "currency": "USD"}
    assert chain.b.call("status", order=order).items() >= waiting.items()
    chain.end(bought, status="In progress", remains=600)
    going = {"charge": AT_B, "start_count": "12", "status": "In progress", "remains": "600", "currency": "USD"}
    assert chain.follow("In progress", order=order) == going
    chain.end(bought, status="Completed", remains=0)
    assert chain.follow("Completed", order=order) == going | {"status": "Completed", "remains": "0"}
    assert chain.spent(before) == (AT_B, AT_A, UPSTREAM)
    assert chain.books(order) == [("COMPLETED", AT_B, "0", AT_A), ("COMPLETED", AT_A, "0", UPSTREAM)]


def test_a_partial_is_refunded_by_each_panel_to_the_millionth(chain: Chain) -> None:
    before = chain.money()
    order, bought = chain.order(f"{LINK}/part")
    chain.end(bought, status="Partial", remains=250)
    partial = {"charge": "1.034711", "start_count": "12", "status": "Partial", "remains": "250", "currency": "USD"}
    assert chain.follow("Partial", order=order) == partial
    assert chain.spent(before) == ("1.034711", "0.862260", "0.574839")
    back = [f"{Decimal(int(Decimal(charge) * 10**6) * 250 // QUANTITY).scaleb(-6)}" for charge in (AT_B, AT_A)]
    assert back == ["0.344444", "0.287036"]
    assert chain.books(order) == [("PARTIAL", AT_B, back[0], "0.86226"), ("PARTIAL", AT_A, back[1], "0.574839")]


def test_a_refill_is_passed_on_and_its_word_comes_back(chain: Chain) -> None:
    order, bought = chain.order(f"{LINK}/refilled")
    chain.end(bought, status="Completed", remains=0)
    chain.follow("Completed", order=order)
    before = chain.money()
    refill = chain.b.call("refill", order=order)["refill"]
    assert chain.b.call("refill_status", refill=refill) == {"status": "Pending"}
    at_a = "SELECT provider_refill_id FROM orders_refill WHERE provider_refill_id != ''"
    ((upstream,),) = wait_until(lambda: chain.a.sql(at_a), of=chain.a.process)
    for word in ("In progress", "Completed"):
        chain.simulator.call("set_refill", refill=upstream, status=word)
        assert chain.follow(word, refill=refill) == {"status": word}
    assert chain.simulator.call("requests", action="refill") == [1]
    assert chain.spent(before) == NOTHING


def test_a_cancel_is_passed_on_and_all_money_comes_back(chain: Chain) -> None:
    before = chain.money()
    order, bought = chain.order(f"{LINK}/canceled")
    wait_until(lambda: chain.b.shown(order)["state"] == "ACTIVE", of=chain.b.process)
    assert chain.spent(before) == (AT_B, AT_A, UPSTREAM)
    assert chain.b.call("cancel", orders=order) == [{"order": order, "cancel": 1}]
    said = chain.follow("Canceled", order=order)
    assert (said["charge"], said["remains"]) == ("0", "1001")
    assert chain.spent(before) == NOTHING
    assert chain.books(order) == [("CANCELED", AT_B, AT_B, "0"), ("CANCELED", AT_A, AT_A, "0")]
    (there,) = chain.simulator.call("created", link=f"{LINK}/canceled")
    assert (there["id"], there["status"], there["kept"]) == (bought, "Canceled", "0")


def test_what_upstream_refuses_is_given_back_by_both(chain: Chain) -> None:
    before = chain.money()
    chain.simulator.call("next", action="add", fault="refused")
    order = chain.place(f"{LINK}/refused")
    said = chain.follow("Canceled", order=order)
    assert (said["charge"], said["remains"]) == ("0", "1001")
    assert chain.spent(before) == NOTHING
    assert chain.books(order) == [("CANCELED", AT_B, AT_B, "0"), ("REJECTED", AT_A, AT_A, "0")]
    assert chain.simulator.call("created", link=f"{LINK}/refused") == []


def test_all_books_agree_and_nothing_was_bought_twice(chain: Chain) -> None:
    order, bought = chain.order(f"{LINK}/last")
    chain.end(bought, status="Completed", remains=0)
    chain.follow("Completed", order=order)
    _, at_a, upstream = chain.money()
    for panel, there in ((chain.b, at_a), (chain.a, upstream)):
        assert managed("check_ledger", env=panel.env) == {"ok": True, "differences": []}
        assert managed("read_balances", env=panel.env) == {"read": 1, "failed": 0, "drifting": 0}
        assert panel.sql(READING) == [(there.scaleb(6), there.scaleb(6), 0, 0)]
    assert chain.a.sql("SELECT balance FROM wallet_account WHERE customer_id IS NOT NULL") == [(at_a.scaleb(6),)]
    links = Counter(made["link"] for made in chain.simulator.call("orders"))
    assert links[f"{LINK}/last"] == 1
    assert set(links.values()) == {1}
    ids = [panel.sql("SELECT count(*) FROM orders_order")[0][0] for panel in (chain.a, chain.b)]
    assert ids == [len(chain.simulator.call("requests", action="add"))] * 2
    logs = chain.a.process.said + chain.b.process.said
    assert [word for word in ("Traceback", chain.a.key, chain.b.key, SIMULATOR_KEY) if word in logs] == []
