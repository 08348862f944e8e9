"""Whatever is written where a number belongs, in a form or an address: no page breaks, and nothing moves."""

import pytest
from django.test import Client

from tests.extent import few
from tests.fixtures_orders import LINK, Store
from tests.orders.conftest import Write

NUMBERS = ["-1", "1e999999", "0e99999999", "9" * 40, "1.5", "²", "\x00", "NaN", "Infinity", "9" * 5000]
LISTS = (
    "/staff/orders/",
    "/staff/requests/",
    "/staff/reports/",
    "/staff/doubtful/",
    "/orders/",
    "/refills/",
    "/order/",
)


@pytest.mark.parametrize("number", few(NUMBERS))
def test_no_form_breaks_and_nothing_moves(store: Store, ada: Client, owner: Client, write: Write, number: str) -> None:
    order = store.active()
    line = f"{store.service().pk} | {LINK} | {number}"
    posts = [(ada, url, write(**{name: number})) for url in ("/order/", "/order/charge/")
             for name in ("quantity", "runs", "interval", "service")]  # fmt: skip
    posts += [(ada, "/order/charge/", write(seen_rate=number))]
    posts += [(ada, "/mass-order/", {"text": line, "token": "a" * 20, "place": "1", "charge-1": number})]
    posts += [(ada, "/orders/selected/cancel/", {"order": number})]
    for name in ("remains", "agreed"):
        given = {"reason": "x", "remains": "5", name: number}
        posts += [(owner, f"/staff/orders/{order.pk}/{act}/", given) for act in ("partial", "back")]
    posts += [
        (owner, f"/staff/balances/{store.provider.pk}/explain/", {"reading": number, "as": "bonus", "reason": "x"})
    ]
    before = store.everything()
    for client, url, words in posts:
        assert client.post(url, words).status_code < 500, (url, words)
    assert store.everything() == before


@pytest.mark.parametrize("number", few(NUMBERS, offset=1))
def test_no_list_breaks(store: Store, ada: Client, owner: Client, number: str) -> None:
    for url in LISTS:
        for name in ("before", "after", "page", "service", "provider", "customer", "order", "again"):
            client = owner if url.startswith("/staff") else ada
            assert client.get(url, {name: number}).status_code < 500, (url, name)
