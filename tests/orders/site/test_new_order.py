"""The order page: choosing, the live price, placing once, and coming back as it was typed."""

import re
from decimal import Decimal

import pytest
from django.test import Client

from orders.aftercare.cancels import request_cancel
from orders.models import Order
from orders.placing.reorder import reorder
from panel.wallet.models import Account
from providers.admin.edit import save_provider
from providers.catalog.models import Service
from providers.catalog.publishing.unpublish import unpublish_service
from tests.fixtures_orders import LINK, Store
from tests.fixtures_simulator import COMMENTS_SERVICE, DEFAULT_SERVICE, PACKAGE_SERVICE, PLAIN_SERVICE
from tests.orders.conftest import Write, hidden_value
from tests.orders.site.catalog import add_services

HTMX = {"HX-Request": "true"}
D = Decimal


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_home_leads_to_the_order_page_or_says_what_this_is(ada: Client) -> None:
    answer = ada.get("/")
    assert (answer.status_code, answer["Location"]) == (302, "/order/")
    front = Client().get("/")
    assert front.status_code == 200
    assert f"{Service.objects.filter(is_available=True).count()} services for Instagram" in text_of(
        front.content.decode()
    )


@pytest.mark.parametrize("path", ["/order/", "/orders/", "/orders/1/", "/orders/live/", "/order/form/1/", "/wallet/"])
def test_the_pages_are_behind_the_sign_in(db: None, path: str) -> None:
    answer = Client().get(path)
    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={path}")


def test_a_service_is_chosen_by_its_address_alone(store: Store, ada: Client) -> None:
    service = store.service()
    page = ada.get("/order/", {"service": service.pk}).content.decode()
    assert f'href="?service={service.pk}#order-form" aria-current="true"' in page
    for field in ("link", "quantity", "runs", "interval"):
        assert f'name="{field}"' in page
    assert '<input type="hidden" name="seen_rate" value="1.35"' in page
    assert len(hidden_value(page, "token")) == 43
    assert "50 to 10,000" in page


def test_each_page_has_a_token_of_its_own(write: Write) -> None:
    assert write()["token"] != write()["token"]


@pytest.mark.parametrize("number", ["0", "999999", "nonsense", "9" * 30])
def test_a_service_that_is_not_sold_says_so(ada: Client, number: str) -> None:
    answer = ada.get("/order/", {"service": number})
    assert answer.status_code == 200
    assert 'name="token"' not in answer.content.decode()


def test_the_fields_are_those_of_the_type(store: Store, ada: Client) -> None:
    package = ada.get(f"/order/form/{store.service(PACKAGE_SERVICE).pk}/", headers=HTMX).content.decode()
    comments = ada.get(f"/order/form/{store.service(COMMENTS_SERVICE).pk}/", headers=HTMX).content.decode()
    assert 'name="quantity"' not in package
    assert '<dd id="order-charge"><span class="money" title="7.500000 USD">$7.50</span></dd>' in package
    assert '<textarea name="comments"' in comments
    assert "data-lines" in comments


def test_a_form_opened_by_itself_leads_to_the_page(store: Store, ada: Client) -> None:
    answer = ada.get("/order/form/7/")
    assert (answer.status_code, answer["Location"]) == (302, "/order/?service=7")


def test_a_link_that_was_typed_is_kept_when_the_service_changes(store: Store, ada: Client) -> None:
    form = ada.get(f"/order/form/{store.service().pk}/", {"link": LINK}, headers=HTMX).content.decode()
    assert f'name="link" value="{LINK}"' in form


def test_placing_takes_the_charge_and_leads_to_the_order(store: Store, ada: Client, write: Write) -> None:
    answer = ada.post("/order/", write())
    order = Order.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/orders/{order.pk}/")
    assert (order.customer, order.link, order.quantity, order.charge) == (store.customer, LINK, 1000, D("1.35"))
    assert store.wallet() == D("98.65")
    assert f"Order #{order.pk} placed." in ada.get(answer["Location"]).content.decode()


def test_with_htmx_the_page_stays_ready_for_the_next(store: Store, ada: Client, write: Write) -> None:
    sent = write()
    answer = ada.post("/order/", sent, headers=HTMX)
    page = answer.content.decode()
    order = Order.objects.get()
    assert answer.status_code == 200
    assert f"Order #{order.pk} placed for $1.35 ." in text_of(page)
    assert hidden_value(page, "token") != sent["token"]
    assert f'value="{LINK}"' not in page
    assert f'<tr id="order-{order.pk}" class="is-new">' in page
    assert '<span hx-swap-oob="innerHTML:.balance">' in page
    assert "$98.65" in page


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_form_sent_twice_is_one_order(store: Store, ada: Client, write: Write, headers: dict[str, str]) -> None:
    sent = write()
    ada.post("/order/", sent, headers=headers)
    before = store.everything()
    answer = ada.post("/order/", sent, headers=headers)
    page = ada.get(answer["Location"]) if answer.status_code == 302 else answer
    assert store.everything() == before
    assert Order.objects.count() == 1
    assert store.wallet() == D("98.65")
    assert f"You already placed this order (#{Order.objects.get().pk})." in page.content.decode()


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_form_sent_again_leads_to_its_order_even_when_the_service_is_gone(
    store: Store, ada: Client, write: Write, headers: dict[str, str]
) -> None:
    sent = write()
    ada.post("/order/", sent)
    unpublish_service(provider_id=store.provider.pk, external_id=DEFAULT_SERVICE)
    before = store.everything()
    answer = ada.post("/order/", sent, headers=headers)
    order = Order.objects.get()
    assert answer["HX-Redirect" if headers else "Location"] == f"/orders/{order.pk}/"
    page = ada.get(f"/orders/{order.pk}/").content.decode()
    assert f"You already placed this order (#{order.pk})." in page
    assert store.everything() == before


@pytest.mark.parametrize("token", ["ordered again:{}", "api:" + "a" * 48, "one-page-of-the-form:{}"])
def test_a_form_writes_no_token_of_another_entry_point(store: Store, ada: Client, write: Write, token: str) -> None:
    """A customer must not take the token under which staff reorder."""
    order = store.place()
    request_cancel(order_id=order.pk, actor="ada@example.com")
    before = store.everything()
    answer = ada.post("/order/", write(quantity="50", token=token.format(order.pk)))
    assert answer.status_code == 422
    assert "This page was out of date. Review your order, then place it again." in answer.content.decode()
    assert store.everything() == before

    again = reorder(order_id=order.pk, agreed=Decimal("1.35"), actor="staff@example.com", reason="a typo")
    assert (again.is_new, again.order.quantity, again.order.charge) == (True, 1000, Decimal("1.35"))


def test_a_token_of_somebody_else_is_no_way_to_their_order(store: Store, ada: Client, bo: Client, write: Write) -> None:
    sent = write()
    ada.post("/order/", sent)
    answer = bo.post("/order/", sent)
    assert answer.status_code == 422
    assert Order.objects.count() == 1


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ({"link": "nonsense"}, "Link: enter a full link, for example https://instagram.com/name."),
        ({"link": ""}, "Link is required."),
        ({"quantity": ""}, "Quantity is required."),
        ({"quantity": "49"}, "The minimum quantity is 50."),
        ({"quantity": "10001"}, "The maximum quantity is 10,000."),
        ({"quantity": "1e3"}, "Quantity: enter a whole number of at least 1."),
        ({"runs": "3"}, "For drip-feed, enter both the runs and the interval."),
        ({"token": ""}, "This page was out of date. Review your order, then place it again."),
        ({"token": "a" * 65}, "Ensure this value has at most 64 characters"),
        ({"seen_rate": "NaN"}, "Enter a number."),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_wrong_form_comes_back_as_it_was_typed(
    store: Store, ada: Client, write: Write, words: dict[str, str], text: str, headers: dict[str, str]
) -> None:
    before = store.everything()
    sent = write(**{"link": f"{LINK}?typed=1", **words})
    answer = ada.post("/order/", sent, headers=headers)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert text in page
    assert store.everything() == before
    for name in ("link", "quantity"):
        assert not sent[name] or f'name="{name}" value="{sent[name]}"' in page
    assert 0 < len(hidden_value(page, "token")) <= 64
    assert hidden_value(page, "seen_rate") == "1.35"
    assert ("<html" in page) is (headers == {})


def test_an_empty_wallet_orders_nothing_and_says_what_is_missing(store: Store, ada: Client, write: Write) -> None:
    for _ in range(7):
        store.place(quantity="10000")
    before = store.everything()
    answer = ada.post("/order/", write(quantity="10000"))
    page = text_of(answer.content.decode())
    assert answer.status_code == 422
    assert store.wallet() == D("5.5")
    assert "The order wasn't placed. You need $8.00 more: add funds or lower the quantity. Add funds" in page
    assert store.everything() == before


def test_a_price_that_rose_is_agreed_to_first(store: Store, ada: Client, write: Write) -> None:
    sent = write()
    Service.objects.filter(pk=store.service().pk).update(rate=D("2.5"))
    before = store.everything()
    answer = ada.post("/order/", sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "from $1.35 to $2.50 per 1,000. You haven't been charged." in text_of(page)
    assert store.everything() == before
    again = sent | {"seen_rate": hidden_value(page, "seen_rate"), "token": hidden_value(page, "token")}
    assert again["seen_rate"] == "2.5"
    assert ada.post("/order/", again).status_code == 302
    assert Order.objects.get().charge == D("2.5")


def test_a_price_that_fell_is_simply_taken(store: Store, ada: Client, write: Write) -> None:
    sent = write()
    Service.objects.filter(pk=store.service().pk).update(rate=D("1.2"))
    assert ada.post("/order/", sent).status_code == 302
    assert Order.objects.get().charge == D("1.2")


def test_more_than_was_typed_at_first_is_no_price_that_rose(store: Store, ada: Client, write: Write) -> None:
    assert ada.post("/order/", write(quantity="2000")).status_code == 302
    assert Order.objects.get().charge == D("2.7")


def test_a_service_taken_off_meanwhile_orders_nothing(store: Store, ada: Client, write: Write) -> None:
    sent = write()
    Service.objects.filter(pk=store.service().pk).update(is_enabled=False)
    before = store.everything()
    answer = ada.post("/order/", sent)
    assert answer.status_code == 422
    assert "This service isn't available" in answer.content.decode()
    assert store.everything() == before


def test_a_provider_switched_off_orders_nothing(store: Store, ada: Client, write: Write) -> None:
    sent = write()
    store.provider.is_active = False
    save_provider(provider=store.provider, changed=["is_active"], key=None)
    answer = ada.post("/order/", sent)
    assert answer.status_code == 422
    assert "This service isn't available" in answer.content.decode()
    assert Order.objects.count() == 0


def test_no_order_without_the_csrf_token(store: Store, write: Write) -> None:
    sent = write()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(store.customer)
    assert strict.post("/order/", sent).status_code == 403
    assert Order.objects.count() == 0


@pytest.mark.parametrize(
    ("words", "charge", "after", "problems"),
    [
        ({}, "$1.35", "$98.65", "{}"),
        ({"link": ""}, "$1.35", "$98.65", "{}"),
        ({"quantity": ""}, "–", "–", "{}"),
        ({"runs": "3", "interval": "10"}, "$4.05", "$95.95", "{}"),
        ({"quantity": "1"}, "–", "–", '{"quantity": "The minimum quantity is 50."}'),
        (
            {"link": "x"},
            "$1.35",
            "$98.65",
            '{"link": "Link: enter a full link, for example https://instagram.com/name."}',
        ),
    ],
)
def test_the_charge_is_told_while_typing(
    store: Store, ada: Client, write: Write, words: dict[str, str], charge: str, after: str, problems: str
) -> None:
    sent = write(**words)
    before = store.everything()
    answer = ada.post("/order/charge/", sent, headers=HTMX)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert re.search(r'id="order-charge">(?:<[^>]+>)?([^<]+)', page)[1] == charge  # type: ignore[index]
    assert re.search(r'id="order-after">(?:<[^>]+>)?([^<]+)', page)[1] == after  # type: ignore[index]
    assert answer["HX-Trigger-After-Settle"] == f'{{"order-problems": {{"problems": {problems}}}}}'
    assert store.everything() == before


def test_the_charge_of_something_that_is_gone(ada: Client) -> None:
    page = ada.post("/order/charge/", {"service": "99999"}, headers=HTMX).content.decode()
    assert "This service is no longer available." in page


def test_the_charge_says_when_the_wallet_is_short(store: Store, ada: Client, write: Write) -> None:
    Account.objects.filter(customer=store.customer).update(balance=D(1))
    page = ada.post("/order/charge/", write(), headers=HTMX).content.decode()
    assert "You need $0.35 more to place this order" in text_of(page)


def test_the_charge_is_asked_for_by_post(ada: Client) -> None:
    assert ada.get("/order/charge/").status_code == 405


def test_comments_are_ordered_by_their_lines(store: Store, ada: Client, write: Write) -> None:
    sent = write(COMMENTS_SERVICE, comments="Nice\r\n\r\nGreat <b>shot</b>\r\n")
    assert ada.post("/order/", sent).status_code == 302
    order = Order.objects.get()
    assert (order.quantity, order.charge) == (2, D("0.024"))
    page = ada.get(f"/orders/{order.pk}/").content.decode()
    assert "<pre>Nice\nGreat &lt;b&gt;shot&lt;/b&gt;</pre>" in page


def test_an_order_again_is_written_already(store: Store, ada: Client) -> None:
    order = store.place(PLAIN_SERVICE, quantity="700")
    page = ada.get("/order/", {"again": order.pk}).content.decode()
    assert f'name="link" value="{LINK}"' in page
    assert 'name="quantity" value="700"' in page
    assert '<span class="money" title="0.262500 USD">$0.2625</span>' in page


def test_the_picker_shows_the_chosen_platform_and_category(store: Store, ada: Client) -> None:
    headers = HTMX | {"HX-Target": "picker"}
    page = ada.get("/order/", {"platform": "TikTok"}, headers=headers).content.decode()
    assert "<html" not in page
    assert "TikTok Views" in page
    assert f'id="pick-{store.service().pk}"' not in page
    category = store.service(PLAIN_SERVICE).category_id
    page = ada.get("/order/", {"category": category}, headers=headers).content.decode()
    assert f'href="/order/?category={category}" aria-current="true"' in page
    assert f'id="pick-{store.service(PLAIN_SERVICE).pk}"' in page


def test_the_picker_finds_by_words_and_by_number(store: Store, ada: Client) -> None:
    service = store.service()
    for search in ("real followers", str(service.pk)):
        page = ada.get("/order/", {"q": search}).content.decode()
        assert f'id="pick-{service.pk}"' in page
        assert f'id="pick-{store.service(PLAIN_SERVICE).pk}"' not in page
    assert "No matching services" in ada.get("/order/", {"q": "nothing like it"}).content.decode()


def test_a_long_shelf_is_fifty_rows_and_as_many_queries(
    store: Store, ada: Client, django_assert_num_queries: object
) -> None:
    ada.get("/order/")
    # session, user, terms, shelf (3), stars, last orders, balance
    with django_assert_num_queries(9):  # type: ignore[operator]
        page = ada.get("/order/")
    store_rows = page.content.decode().count('class="pick"')
    assert store_rows == Service.objects.filter(is_enabled=True, is_available=True).count()
    add_services(like=store.service(), count=200)
    with django_assert_num_queries(9):  # type: ignore[operator]
        page = ada.get("/order/")
    assert page.content.decode().count('class="pick"') == 50


def test_nobody_reads_whom_we_buy_from(store: Store, ada: Client) -> None:
    service = store.service()
    page = ada.get("/order/", {"service": service.pk}).content.decode()
    assert store.provider.name not in page
    assert "0.90" not in page
