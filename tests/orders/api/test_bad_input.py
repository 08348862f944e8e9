"""Whatever is sent: JSON comes back, never a 5xx; where it is an error nothing has moved, else exactly its charge."""

import json
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django.live_server_helper import LiveServer

from orders.models import Order
from tests.fixtures_orders import LINK, Store
from tests.orders.api.conftest import ADDRESS, Api

FORM = "application/x-www-form-urlencoded"
FEW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
TEXTS = st.one_of(
    st.text(max_size=30),
    st.integers(-(10**20), 10**20).map(str),
    st.sampled_from(
        ["\x00", "NaN", "1e3", "１２", "1_000", " 50 ", "\ud800", "null", LINK, "javascript:alert(1)", "a\nb\n" * 50]
    ),
)


def send(api: Api, body: str | bytes, kind: str = FORM) -> Any:
    raw = body.encode(errors="surrogatepass") if isinstance(body, str) else body
    return api.client.generic("POST", ADDRESS, raw, content_type=kind)


@pytest.mark.parametrize("size", [2_000_000, 10_000_000])
@pytest.mark.parametrize("kind", [FORM, "application/json", "multipart/form-data; boundary=x", "text/plain", ""])
def test_bodies_of_megabytes(api: Api, store: Store, live_server: LiveServer, size: int, kind: str) -> None:
    before = store.everything()
    answer = requests.post(
        f"{live_server.url}{ADDRESS}", data=b"key=x&comments=" + b"x" * size, headers={"Content-Type": kind}, timeout=60
    )
    assert answer.status_code in {200, 400, 413}
    assert set(answer.json()) == {"error"}
    assert store.everything() == before


@pytest.mark.parametrize("ending", ["[]", "[0]", "[a]", ""])
def test_arrays_for_scalars(api: Api, store: Store, ending: str) -> None:
    before = store.everything()
    words = {
        "key": api.key,
        "action": "add",
        f"service{ending}": "1",
        f"link{ending}": [LINK],
        f"quantity{ending}": [1, 2],
    }
    answer = send(api, json.dumps(words), "application/json")
    assert (answer.status_code, set(answer.json())) == (200, {"error"})
    if ending:
        assert set(send(api, urlencode(words, doseq=True)).json()) == {"error"}
    assert store.everything() == before


def test_of_duplicates_the_last_counts(api: Api, store: Store) -> None:
    words = [("key", "nonsense"), ("key", api.key), ("action", "balance"), ("action", "add"), ("link", LINK)]
    words += [("service", "0"), ("service", str(store.service().pk)), ("quantity", "7"), ("quantity", "1000")]
    order = send(api, urlencode(words)).json()["order"]
    assert Order.objects.get(pk=order).quantity == 1000


@pytest.mark.parametrize("missing", ["service", "link", "quantity", "action", "key"])
def test_missing_parameters(api: Api, store: Store, missing: str) -> None:
    before = store.everything()
    words = {"key": api.key, "action": "add", "service": store.service().pk, "link": LINK, "quantity": 1000}
    del words[missing]
    said = {"service": "Incorrect service ID", "link": "Bad link", "key": "Invalid API key"}
    answer = send(api, urlencode(words))
    assert (answer.status_code, answer.json()) == (200, {"error": said.get(missing, "Incorrect request")})
    assert store.everything() == before


@pytest.mark.parametrize(
    "link", ["https://example.com/%ff%fe", "https://example.com/%00", "%ed%a0%80https://example.com/"]
)
def test_broken_utf8(api: Api, store: Store, link: str) -> None:
    before = store.everything()
    body = f"key={api.key}&action=add&service={store.service().pk}&quantity=1000&link={link}"
    assert send(api, body).json() == {"error": "Bad link"}
    assert store.everything() == before


@FEW
@given(
    words=st.fixed_dictionaries(
        {"quantity": st.one_of(st.sampled_from(["50", "1000"]), TEXTS), "link": st.one_of(st.just(LINK), TEXTS)},
        optional=dict.fromkeys(("runs", "interval", "comments", "username", "idempotency_key", "min"), TEXTS),
    ),
    external_id=st.sampled_from(["1", "2", "3", "4"]),
    as_json=st.booleans(),
)
def test_an_order_is_charged_exactly_or_nothing_moves(
    api: Api, store: Store, words: dict[str, str], external_id: str, as_json: bool
) -> None:
    before, orders = store.everything(), set(Order.objects.values_list("pk", flat=True))
    call = {"key": api.key, "action": "add", "service": store.service(external_id).pk, **words}
    if as_json:
        answer = send(api, json.dumps(call), "application/json")
    else:
        answer = send(api, urlencode(call, errors="replace"))
    assert answer.status_code in {200, 429}
    said = answer.json()
    if set(said) == {"error"}:
        assert store.everything() == before
        return
    assert set(said) == {"order"}
    new = Order.objects.exclude(pk__in=orders)
    spent = sum((order.charge for order in new), Decimal(0))
    assert store.wallet() == before["money"]["wallet"] - spent
    assert said["order"] in orders | {order.pk for order in new}
