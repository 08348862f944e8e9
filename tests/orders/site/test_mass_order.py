"""The mass order page: nothing is charged before it was shown, and nothing twice."""

import html
import re

import pytest
from django.test import Client

from orders.models import Order
from tests.fixtures_orders import LINK, Store

URL = "/mass-order/"


def hidden_fields(page: str) -> dict[str, str]:
    """The hidden fields of the lines that were checked, as a browser would send them."""
    form = next(part for part in page.split("<form") if 'name="token"' in part)
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    return {name: html.unescape(value) for name, value in found}


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_check_then_place(store: Store, ada: Client, headers: dict[str, str]) -> None:
    text = f"{store.service().pk} | {LINK} | 1000\nnonsense\n{store.service().pk} | {LINK} | 49"
    checked = ada.post(URL, {"text": text}, headers=headers).content.decode()
    assert "1 of 3 lines are valid" in checked
    assert "$98.65" in checked
    assert not Order.objects.exists()

    answers = [ada.post(URL, {**hidden_fields(checked), "place": "1"}, headers=headers) for _ in range(2)]
    for answer in answers:
        page = html.unescape(answer.content.decode())
        assert "1 order placed" in page
        assert "2 lines failed" in page
        assert "nonsense\n" in page
    assert Order.objects.count() == 1
    assert str(store.wallet()) == "98.650000"


@pytest.mark.parametrize(
    "words", [{"text": ""}, {}, {"text": "1\n" * 101}, {"text": "1", "place": "1"}, {"place": "1"}]
)
def test_what_cannot_be_taken_comes_back(store: Store, ada: Client, words: dict[str, str]) -> None:
    before = store.everything()
    answer = ada.post(URL, words)
    assert answer.status_code == 422
    assert "field-error" in answer.content.decode()
    assert store.everything() == before


@pytest.mark.parametrize(
    "token", ["ordered again:1 and more", "api:aaaaaaaaaaaaaaaaaaaa", "a" * 51, "a" * 15, "ä" * 20]
)
def test_only_a_page_of_ours_places_lines(store: Store, ada: Client, token: str) -> None:
    checked = ada.post(URL, {"text": f"{store.service().pk} | {LINK} | 1000"}).content.decode()
    before = store.everything()
    answer = ada.post(URL, {**hidden_fields(checked), "token": token, "place": "1"})
    assert answer.status_code == 422
    assert "This page was out of date." in answer.content.decode()
    assert store.everything() == before


def test_what_was_written_is_text(store: Store, ada: Client) -> None:
    page = ada.post(URL, {"text": "<script>alert(1)</script> | </textarea>"}).content.decode()
    assert "<script>alert" not in page
    assert "| </textarea>" not in page


def test_it_asks_for_a_sign_in(store: Store) -> None:
    assert Client().get(URL).status_code == 302
    assert Client().post(URL, {"text": "1"}).status_code == 302


def test_money_that_does_not_reach_is_said_before(store: Store, ada: Client) -> None:
    text = f"{store.service().pk} | {LINK} | 10000\n" * 8
    page = ada.post(URL, {"text": text}).content.decode()
    assert "You need" in page
    assert "$8.00" in page
